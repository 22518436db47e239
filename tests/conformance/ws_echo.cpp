// ws-echo --listen HOST:PORT [--tls]: a WebSocket server that sends every message back, for conformance suites. It is
// the product's server/net with raised limits and permessage-deflate on; with --tls its certificate is made at every
// start. Prints the address it listens on, then serves until SIGTERM or SIGINT.
#include <pthread.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/server.h"
#include "tests/conformance/limits.h"
#include "tests/server/net/client.h"
#include "tests/server/net/echo.h"

namespace {

using namespace vedette;

class Service final : public domain::HttpService {
 public:
  std::size_t body_limit(const domain::RequestHead&) override { return 0; }
  void handle(domain::Request, domain::Responder respond) override {
    respond(domain::problem(404, "Only WebSockets are served here."));
  }
  domain::UpgradeDecision upgrade(const domain::RequestHead&, const std::vector<std::string>&) override {
    return domain::UpgradeAccepted{.handler = std::make_unique<net::testing::EchoBack>(),
                                   .subprotocol = {},
                                   .max_message = conformance::kLongestMessage,
                                   .max_fragments = conformance::kMostFragments,
                                   .compress = true};
  }
};

struct Options {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
};

bool read_address(std::string_view text, Options& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  options.host = text.substr(0, colon);
  if (options.host.starts_with('[') && options.host.ends_with(']')) {
    options.host = options.host.substr(1, options.host.size() - 2);
  }
  if (options.host == "localhost") options.host = "127.0.0.1";
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  return error == std::errc{} && end == port.data() + port.size();
}

std::optional<Options> read_options(const std::vector<std::string_view>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--tls") {
      options.tls = true;
    } else if (words[i] != "--listen" || ++i == words.size() || !read_address(words[i], options)) {
      return std::nullopt;
    }
  }
  return options.host.empty() ? std::nullopt : std::optional(options);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options({argv + 1, argv + argc});
  if (!options) {
    std::fprintf(stderr, "usage: ws-echo --listen HOST:PORT [--tls]   (HOST is an address; port 0 picks one)\n");
    return 2;
  }
  // Before the loops start, so that they leave both to sigwait below.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  std::optional<net::testing::Identity> identity;
  net::Config config;
  config.address = options->host;
  config.port = options->port;
  config.plaintext = !options->tls;
  if (options->tls) {
    identity.emplace();
    config.certificate_file = identity->certificate();
    config.key_file = identity->key();
  }
  Service service;
  net::Server server(std::move(config), service);
  if (const auto started = server.start(); !started) {
    std::fprintf(stderr, "ws-echo: %s\n", started.error().message.c_str());
    return 1;
  }
  std::printf("%s://%s:%u\n", options->tls ? "wss" : "ws", options->host.c_str(), unsigned{server.port()});
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server.stop();
  return 0;
}
