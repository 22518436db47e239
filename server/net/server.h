// The collector's one port: TLS, HTTP/1.1 and WebSocket on event loops. Knows nothing of hosts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"
#include "server/domain/connection.h"
#include "server/domain/http.h"
#include "server/net/config.h"
#include "server/net/refusals.h"

namespace vedette::net {

/// Made, started and stopped on one thread; with() may be called from any. `service` is called on the loops and has to
/// outlive this.
class Server final : public domain::ConnectionRouter {
 public:
  Server(Config config, domain::HttpService& service);
  ~Server() override;  ///< stops, if nobody did
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Loads certificate and key, binds the port and starts the loops. Errors say what to do. Ignores SIGPIPE in the
  /// whole process: a TLS write to a peer that has gone must be an error, not a signal.
  [[nodiscard]] units::Result<void> start();
  /// The port that is listened on; after start().
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Reads certificate and key again (renewed, say): new connections get them, old ones keep theirs.
  [[nodiscard]] units::Result<void> reload_certificate();

  /// Closes the port, tells WebSockets `code` and `reason`, lets answers in the making leave, and waits for it all up
  /// to drain_deadline. Every handler's on_end() has been called when it returns.
  void stop(std::uint16_t code = 1012, std::string_view reason = "collector restarting");

  void with(domain::ConnectionId id, std::function<void(domain::Connection&)> task) override;

  struct Counts {
    std::size_t connections = 0;  ///< now
    std::uint64_t refused = 0;    ///< over a limit of connections, since start
    std::uint64_t rests = 0;      ///< of accepting, out of descriptors, since start
  };
  [[nodiscard]] Counts counts() const noexcept;  ///< any thread, after start()

  [[nodiscard]] const Refusals& refusals() const noexcept { return refusals_; }
  /// Connections that may be open at once: Config's, or what the open-files limit allows. After start().
  [[nodiscard]] std::size_t most_connections() const noexcept;

  /// When each loop last answered, and asks each to answer again: call every few seconds to see whether they turn.
  /// After start(), on its thread.
  [[nodiscard]] std::vector<units::Steady> pulses();

 private:
  struct Running;
  Config config_;
  domain::HttpService& service_;
  Refusals refusals_;
  std::unique_ptr<Running> running_;
};

}  // namespace vedette::net
