#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <variant>

#include "schema/units/bytes.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "server/net/server.h"
#include "tests/bench/connect/echo_server.h"

namespace vedette::bench {
namespace {

/// Binary isn't answered: what only arriving costs is a figure of its own.
class Handler : public domain::ConnectionHandler {
 public:
  void on_open(domain::Connection& connection) override { connection_ = &connection; }
  void on_text(std::string_view payload) override { connection_->send_text(payload); }
  void on_binary(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_end(const domain::Ending&) override {}

 private:
  domain::Connection* connection_ = nullptr;
};

class TickHandler final : public Handler {
 public:
  void on_binary(std::span<const std::uint8_t> payload) override {
    const auto message = wire::decode_agent(payload);
    const auto* tick = message ? std::get_if<wire::TickMessage>(&*message) : nullptr;
    if (tick == nullptr || !decoder_.decode(units::as_bytes(tick->data), wire::kMaxSeries)) std::_Exit(1);
  }

 private:
  wire::TickDecoder decoder_;
};

class Service final : public domain::HttpService {
 public:
  std::size_t body_limit(const domain::RequestHead&) override { return 0; }
  void handle(domain::Request, domain::Responder respond) override { respond(domain::problem(404, "only WebSockets")); }
  domain::UpgradeDecision upgrade(const domain::RequestHead& head, const std::vector<std::string>&) override {
    if (head.path == kTicks) return domain::UpgradeAccepted{std::make_unique<TickHandler>(), ""};
    return domain::UpgradeAccepted{std::make_unique<Handler>(), ""};
  }
};

}  // namespace

void serve_net(const std::string& certificate, const std::string& key,
               const std::function<void(std::uint16_t port)>& up) {
  Service service;
  net::Config config;
  config.address = "127.0.0.1";
  config.port = 0;
  config.certificate_file = certificate;
  config.key_file = key;
  net::Server server(config, service);
  if (const auto started = server.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    std::_Exit(1);
  }
  up(server.port());
  for (;;) ::pause();
}

}  // namespace vedette::bench
