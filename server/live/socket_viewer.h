// A viewer on a WebSocket: reads its requests; what it is sent is viewer.h's. Lives on the connection's loop thread.
#pragma once

#include <optional>
#include <string>

#include "server/domain/connection.h"
#include "server/live/viewer.h"

namespace vedette::live {

class SocketViewer final : public domain::ConnectionHandler, private Outlet {
 public:
  SocketViewer(Hub& hub, Login login);

  // domain::ConnectionHandler
  void on_open(domain::Connection& connection) override;
  void on_text(std::string_view payload) override;
  void on_binary(std::span<const std::uint8_t> payload) override;
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_drained() override { viewer_->drained(); }
  void on_end(const domain::Ending& ending) override;

 private:
  void send(const Encoded& message) override;
  [[nodiscard]] std::size_t queued_bytes() const override { return connection_->queued_bytes(); }
  void close(std::uint16_t code, std::string_view reason) override { connection_->close(code, reason); }
  void on_answered() override;

  void fault(const std::string& words);

  Hub& hub_;
  const Login login_;
  domain::Connection* connection_ = nullptr;
  std::optional<Viewer> viewer_;
  unsigned faults_ = 0;
  unsigned in_flight_ = 0;
};

}  // namespace vedette::live
