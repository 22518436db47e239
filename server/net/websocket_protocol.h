// An upgraded peer: the session's frames in and out, and the role's handler. The handler's domain::Connection.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "schema/wire/session.h"
#include "server/domain/connection.h"
#include "server/net/peer.h"

namespace vedette::net {

class WebSocketProtocol final : public Protocol, public domain::Connection, private wire::SessionEvents {
 public:
  struct Start {
    std::string response;  ///< the 101, written before any frame
    std::string peer;
    domain::NetworkPath path;
    wire::SessionLimits limits;
    wire::Compression compression;
  };
  WebSocketProtocol(Peer& peer, Start start);
  void open(std::unique_ptr<domain::ConnectionHandler> handler);

  // Protocol
  void on_bytes(std::span<const std::uint8_t> bytes) override;
  [[nodiscard]] bool wants_input() const override;
  [[nodiscard]] std::span<const std::uint8_t> output() override;
  void consume(std::size_t n) override;
  void on_flushed() override;
  void on_deadline() override;
  void on_stop(std::uint16_t code, const std::string& reason) override { close(code, reason); }
  void on_end(const std::string& how) override;
  [[nodiscard]] domain::Connection* connection() override { return handler_ ? this : nullptr; }

  // domain::Connection
  [[nodiscard]] domain::ConnectionId id() const noexcept override { return peer_.id(); }
  [[nodiscard]] std::string_view peer() const noexcept override { return peer_text_; }
  [[nodiscard]] const domain::NetworkPath& path() const noexcept override { return path_; }
  [[nodiscard]] domain::Executor& loop() noexcept override;
  bool send_text(std::string_view payload) override;
  bool send_binary(std::string_view payload) override;
  bool send_frame(domain::SharedFrame frame) override;
  bool ping(std::string_view payload) override;
  void close(std::uint16_t code, std::string_view reason) override;
  void abort() override;
  [[nodiscard]] bool closing() const noexcept override { return session_.close_sent(); }
  void pause_reading(bool paused) override;
  [[nodiscard]] bool reading_paused() const noexcept override { return paused_; }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return session_.queued(); }
  [[nodiscard]] units::Steady last_received() const noexcept override { return peer_.last_received(); }
  [[nodiscard]] std::optional<domain::TcpState> tcp_state() const override { return peer_.stream().tcp_state(); }

 private:
  void on_message(wire::Opcode opcode, std::span<const std::uint8_t> data) override;
  void on_ping(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t> data) override;
  void on_close(std::uint16_t code, std::string_view reason) override;
  bool sent(bool queued);
  void report(const domain::Ending& ending);

  Peer& peer_;
  wire::Session session_;
  std::unique_ptr<domain::ConnectionHandler> handler_;  ///< gone once on_end was called
  std::string response_;
  std::string peer_text_;
  domain::NetworkPath path_;
  bool paused_ = false;
  bool aborted_ = false;
  std::optional<domain::Ending> peer_close_;                        ///< the peer's close frame, until receive() returns
  std::optional<std::pair<std::uint16_t, std::string>> our_close_;  ///< what we said first
};

}  // namespace vedette::net
