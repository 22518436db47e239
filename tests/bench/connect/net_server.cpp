#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "server/net/server.h"
#include "tests/bench/connect/echo_server.h"
#include "tests/server/net/echo.h"

namespace vedette::bench {
namespace {

class Service final : public domain::HttpService {
 public:
  std::size_t body_limit(const domain::RequestHead&) override { return 0; }
  void handle(domain::Request, domain::Responder respond) override { respond(domain::problem(404, "only WebSockets")); }
  domain::UpgradeDecision upgrade(const domain::RequestHead&, const std::vector<std::string>&) override {
    return domain::UpgradeAccepted{std::make_unique<net::testing::EchoBack>(), ""};
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
