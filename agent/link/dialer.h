// One way to a collector, up to a trusted TLS stream: resolver, addresses racing, a proxy's tunnel, TLS.
//
// Driven by poll(2) like Link: ask `interests()` and `deadline()`, then call `step()`. Never blocks. One owner thread.
#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/link/address.h"
#include "agent/link/proxy.h"
#include "agent/link/race.h"
#include "agent/link/resolver.h"
#include "agent/link/tls.h"
#include "agent/link/tunnel.h"

namespace vedette::link {

/// A socket and the TLS on it. The socket is closed with it.
struct Connection {
  explicit Connection(int fd) : socket(fd) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket;
  std::unique_ptr<TlsStream> tls;
  std::string address{};  ///< of who is at the other end of the socket: the proxy's, if there is one
};

struct DialLimits {
  units::Milliseconds resolve{30'000};
  units::Milliseconds connect{5'000};     ///< one address
  units::Milliseconds head_start{250};    ///< of an address before the next one is tried too
  units::Milliseconds handshake{10'000};  ///< the tunnel and TLS, each
};

class Dialer {
 public:
  struct Target {
    CollectorAddress collector;
    std::optional<Proxy> proxy;
  };

  /// `trust` must outlive it.
  Dialer(Target target, const TlsContext& trust, const Lookup& lookup, DialLimits limits, units::Steady now);

  void interests(std::vector<pollfd>& list) const;
  [[nodiscard]] units::Steady deadline() const;
  /// Nothing while it goes on, then one answer. `forbidden` for a certificate that isn't to be trusted, else as
  /// check_tunnel says, `unavailable` and `timeout`.
  [[nodiscard]] std::optional<units::Result<std::unique_ptr<Connection>>> step(units::Steady now);

 private:
  enum class State { resolving, racing, tunnelling, tls };
  using Answer = std::optional<units::Result<std::unique_ptr<Connection>>>;

  [[nodiscard]] CollectorAddress next_hop() const;
  Answer resolved(units::Steady now);
  Answer race(units::Steady now);
  Answer dig(units::Steady now);
  Answer shake_hands(units::Steady now);
  Answer begin_tls(units::Steady now);
  [[nodiscard]] units::Error refusal(const units::Error& error) const;

  Target target_;
  const TlsContext& trust_;
  DialLimits limits_;
  Resolver resolver_;
  State state_ = State::resolving;
  units::Steady until_{};
  std::optional<Race> race_;
  std::optional<Tunnel> tunnel_;
  std::unique_ptr<Connection> connection_;
  short waits_for_ = 0;  ///< poll events of the connection
};

/// What to poll for before the next try.
[[nodiscard]] short events_of(Io io) noexcept;

}  // namespace vedette::link
