// A non-blocking TLS connection to the collector on the swarm's loop; the agent's own TLS (agent/link) does the work.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/link/address.h"
#include "agent/link/resolver.h"
#include "agent/link/tls.h"
#include "schema/units/result.h"
#include "tests/load/swarm/loop.h"

namespace vedette::swarm {

/// Where the collector is and whom to trust; shared by all connections.
struct Target {
  link::CollectorAddress address;
  link::SocketAddress socket;  ///< resolved
  link::TlsContext tls;
  /// Each connection comes from an address of its own (127.x.y.z), as real agents do; only towards 127.0.0.0/8.
  bool spread = false;
};

/// Resolves, and reads the pin. Without a pin the authority that the collector shows now is trusted from here on.
[[nodiscard]] units::Result<Target> make_target(const std::string& url, const std::string& pin);

/// A connected or connecting descriptor to `target`, non-blocking, from the `number`th source address if it spreads.
[[nodiscard]] units::Result<int> connect_to(const Target& target, std::size_t number);

class Channel {
 public:
  /// `number` picks the source address. Everything outlives the channel.
  Channel(Loop& loop, Source& owner, const Target& target, std::size_t number)
      : loop_(loop), owner_(owner), target_(target), number_(number) {}
  ~Channel() { close(); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Begins to connect. Then call shake_hands() whenever the owner is ready, until it says true.
  [[nodiscard]] units::Result<void> open();
  [[nodiscard]] units::Result<bool> shake_hands();
  /// Bytes read; 0: nothing now. The connection's end is `unavailable`.
  [[nodiscard]] units::Result<std::size_t> read(std::span<std::uint8_t> into);
  /// Bytes written; 0: not now, and the loop tells when.
  [[nodiscard]] units::Result<std::size_t> write(std::span<const std::uint8_t> bytes);
  /// Writes all of `text` that goes now and drops it from it.
  [[nodiscard]] units::Result<void> flush(std::string& text);
  void close();
  [[nodiscard]] bool connected() const noexcept { return connected_; }  ///< TCP

 private:
  void want(std::uint32_t events);

  Loop& loop_;
  Source& owner_;
  const Target& target_;
  std::size_t number_;
  int fd_ = -1;
  std::uint32_t watched_ = 0;
  bool connected_ = false;
  std::unique_ptr<link::TlsStream> tls_;
};

}  // namespace vedette::swarm
