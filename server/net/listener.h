// Accepts connections on one port, holds their numbers within bounds and hands them to the shards in turn.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "schema/units/result.h"
#include "server/net/config.h"
#include "server/net/loop.h"
#include "server/net/peer.h"
#include "server/net/shard.h"

namespace vedette::net {

/// A bound and listening socket; the error names address and port and what to do.
[[nodiscard]] units::Result<Descriptor> listen_on(const Config& config);
[[nodiscard]] std::uint16_t local_port(const Descriptor& socket);

/// Lives on `loop`'s thread; the Admission calls come from any.
class Listener final : public Watcher, public Admission {
 public:
  /// Takes a connection over; with `full`, some unproven one that came before it has to go.
  using Take = std::function<void(Descriptor, PeerAddress, Standing, bool full)>;
  /// What may be open at once, whatever the config says.
  struct Most {
    std::size_t connections = 0, unproven = 0;
  };
  Listener(Loop& loop, const Config& config, Most most, Refusals& refusals, Descriptor socket, Take take);

  void start();
  void stop();  ///< accepts nothing more and closes the port
  void on_ready(std::uint32_t events) override;

  void on_proven(const std::string& network) override;
  void on_gone(const std::string& network, Standing standing) override;

  [[nodiscard]] std::size_t connections() const noexcept { return connections_; }  ///< any thread
  /// Any thread: how often accepting had to rest because the system had no descriptor or memory left.
  [[nodiscard]] std::uint64_t rests() const noexcept { return rests_; }

 private:
  void admit(Descriptor fd, PeerAddress address);
  [[nodiscard]] Standing judge(const PeerAddress& address);
  [[nodiscard]] bool is_stranger(const PeerAddress& address);
  void rest();
  void release(const std::string& network);

  Loop& loop_;
  const Config& config_;
  const Most most_;
  Refusals& refusals_;
  Descriptor socket_;
  Take take_;
  Loop::Key key_ = 0;
  bool watching_ = false;
  bool exhausted_ = false;  ///< the last accept found the system out of descriptors: told once
  std::optional<units::Steady> told_of_strangers_;
  std::unordered_map<std::string, std::size_t> unproven_;  ///< by network
  std::size_t unproven_in_all_ = 0;
  std::size_t turned_away_ = 0;  ///< those over a limit that are being told so
  std::atomic<std::size_t> connections_ = 0;
  std::atomic<std::uint64_t> rests_ = 0;
};

}  // namespace vedette::net
