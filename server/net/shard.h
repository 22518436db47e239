// The peers of one event loop. Everything but loop(), pulse() and responder()'s result belongs to the loop's thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "schema/wire/deflate.h"
#include "server/domain/http.h"
#include "server/net/config.h"
#include "server/net/loop.h"
#include "server/net/peer.h"
#include "server/net/refusals.h"

namespace vedette::net {

/// Who counts connections. Called on any loop's thread, with PeerAddress::network.
class Admission {
 public:
  virtual ~Admission() = default;
  virtual void on_proven(const std::string& network) = 0;
  virtual void on_gone(const std::string& network, Standing standing) = 0;
};

class Shard {
 public:
  Shard(const Config& config, Poco::Net::Context::Ptr context, domain::HttpService& service, Admission& admission,
        Refusals& refusals, std::uint64_t index, std::uint64_t shards);

  [[nodiscard]] Loop& loop() noexcept { return *loop_; }
  [[nodiscard]] const Config& config() const noexcept { return config_; }
  [[nodiscard]] const Poco::Net::Context::Ptr& context() const noexcept { return context_; }
  [[nodiscard]] domain::HttpService& service() noexcept { return service_; }
  /// Compression of all this loop's peers.
  [[nodiscard]] wire::Deflate& deflate() noexcept { return deflate_; }
  /// Where a peer reads into; its bytes are worthless after the next read of any peer.
  [[nodiscard]] std::span<std::uint8_t> scratch() noexcept { return scratch_; }

  /// When the loop last ran the task that an earlier call posted (at first: when this was made); posts the next one
  /// unless one waits still. One thread, any.
  [[nodiscard]] units::Steady pulse();

  void adopt(Descriptor fd, PeerAddress address, Standing standing);
  void use(Poco::Net::Context::Ptr context) { context_ = std::move(context); }
  [[nodiscard]] Peer* find(domain::ConnectionId id);
  [[nodiscard]] Refusals& refusals() noexcept { return refusals_; }
  void on_proven(const Peer& peer);
  /// Drops the unproven peer that came first; false if there is none.
  bool drop_oldest_unproven();
  void remove(Peer& peer);
  /// Answers a request from any thread, also after the peer or the server has gone.
  [[nodiscard]] domain::Responder responder(domain::ConnectionId id, std::uint64_t serial);

  /// Brings every peer to its end; calls `empty` once, when the last one has gone.
  void stop(std::uint16_t code, const std::string& reason, std::function<void()> empty);
  /// What stop() couldn't bring to its end in time.
  void drop_all();

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Peer>> all_peers() const;
  void trim_soon();

  const Config& config_;
  Poco::Net::Context::Ptr context_;
  domain::HttpService& service_;
  Admission& admission_;
  Refusals& refusals_;
  std::shared_ptr<Loop> loop_ = std::make_shared<Loop>();
  std::uint64_t index_;
  std::uint64_t shards_;
  std::uint64_t next_serial_ = 1;
  wire::Deflate deflate_;  ///< outlives the peers
  std::unordered_map<domain::ConnectionId, std::shared_ptr<Peer>> peers_;
  std::set<domain::ConnectionId> unproven_;  ///< in the order in which they came
  std::function<void()> empty_;
  std::size_t gone_ = 0;  ///< peers since memory was last given back
  bool trimming_ = false;
  std::atomic<units::Steady::rep> pulse_;
  std::atomic<bool> pulse_due_ = false;
  std::array<std::uint8_t, 64 * 1024> scratch_{};
};

}  // namespace vedette::net
