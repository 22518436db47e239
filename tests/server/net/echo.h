// A WebSocket that sends every message back, for test tools.
#pragma once

#include <span>
#include <string_view>

#include "server/domain/connection.h"

namespace vedette::net::testing {

class EchoBack final : public domain::ConnectionHandler {
 public:
  void on_open(domain::Connection& connection) override { connection_ = &connection; }
  void on_text(std::string_view payload) override { connection_->send_text(payload); }
  void on_binary(std::span<const std::uint8_t> payload) override {
    connection_->send_binary({reinterpret_cast<const char*>(payload.data()), payload.size()});
  }
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_end(const domain::Ending&) override {}

 private:
  domain::Connection* connection_ = nullptr;
};

}  // namespace vedette::net::testing
