// A WebSocket connection as roles see it; server/net implements it. Everything here happens on the connection's loop
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schema/units/time.h"
#include "schema/wire/shared_frame.h"
#include "server/domain/executor.h"
#include "server/domain/ids.h"
#include "server/domain/network_path.h"

namespace vedette::domain {

/// A frame encoded, and compressed, once for many viewers (schema/wire/session.h make_frame). Immutable.
using wire::SharedFrame;

/// How a connection came to its end.
struct Ending {
  enum class How : std::uint8_t {
    closed,         ///< close frames were exchanged, or ours was answered by the end of the connection
    without_close,  ///< FIN, RST or TLS end with no close frame
    we_gave_up,     ///< a deadline of ours, or abort()
  };
  How how = How::without_close;
  std::uint16_t code = 1006;  ///< the close code; 1006 when none came
  std::string words;          ///< the close reason, or "RST", "FIN", "TLS eof"
  bool by_us = false;         ///< we sent the first close frame
};
/// Who ended it, as logs say it.
[[nodiscard]] constexpr std::string_view closed_by(const Ending& ending) noexcept {
  if (ending.by_us) return "collector";
  return ending.how == Ending::How::closed ? "peer" : "nobody";
}

/// TCP_INFO, what tells a stopped agent from a vanished machine.
struct TcpState {
  std::uint32_t unacked = 0;             ///< bytes written and not acknowledged by the peer's kernel, sent or not
  units::Milliseconds since_last_ack{};  ///< tcpi_last_ack_recv
};

class Connection {
 public:
  virtual ~Connection() = default;
  [[nodiscard]] virtual ConnectionId id() const noexcept = 0;
  [[nodiscard]] virtual std::string_view peer()
      const noexcept = 0;  ///< "192.0.2.7:53124", behind a trusted proxy the forwarded address
  [[nodiscard]] virtual const NetworkPath& path() const noexcept = 0;
  [[nodiscard]] virtual Executor& loop() noexcept = 0;

  /// Queue; false when closing already.
  virtual bool send_text(std::string_view payload) = 0;
  virtual bool send_binary(std::string_view payload) = 0;
  virtual bool send_frame(SharedFrame frame) = 0;
  virtual bool ping(std::string_view payload) = 0;  ///< ≤ 125 bytes
  /// Starts the closing handshake (5 s deadline). Reason ≤ 123 bytes of UTF-8; longer ones are cut.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  virtual void abort() = 0;  ///< drops the socket at once
  /// close() was called: what still comes until the peer answers was sent too late.
  [[nodiscard]] virtual bool closing() const noexcept { return false; }
  /// Stops or resumes reading from the socket; paused time isn't silence.
  virtual void pause_reading(bool paused) = 0;
  [[nodiscard]] virtual bool reading_paused() const noexcept = 0;
  [[nodiscard]] virtual std::size_t queued_bytes() const noexcept = 0;     ///< not yet written to the socket
  [[nodiscard]] virtual units::Steady last_received() const noexcept = 0;  ///< when the last byte came
  [[nodiscard]] virtual std::optional<TcpState> tcp_state() const = 0;
};

/// What a role does with a connection. Made by an Upgrade, owned by the connection, called on its loop thread.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  virtual void on_open(Connection& connection) = 0;    ///< after the 101 was queued; the reference lives until on_end
  virtual void on_text(std::string_view payload) = 0;  ///< valid UTF-8
  virtual void on_binary(std::span<const std::uint8_t> payload) = 0;
  virtual void on_pong(std::span<const std::uint8_t> payload) = 0;
  virtual void on_drained() {}                    ///< queued_bytes() fell to 0 after being above it
  virtual void on_end(const Ending& ending) = 0;  ///< last call
};

/// Reaches a connection from any thread: runs `task` on its loop if it still exists then.
class ConnectionRouter {
 public:
  virtual ~ConnectionRouter() = default;
  virtual void with(ConnectionId id, std::function<void(Connection&)> task) = 0;
};

}  // namespace vedette::domain
