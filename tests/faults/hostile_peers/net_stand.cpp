// server/net alone, each of its limits an option: what a hostile peer does where the limit isn't there. A test binary.
//   net-stand [--nofile N] [--NAME VALUE ...]   prints its port; echoes WebSockets, answers every request
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "server/net/server.h"
#include "tests/server/net/client.h"
#include "tests/server/net/echo.h"

namespace {

using namespace vedette;

struct Limits {
  std::size_t message = 65'536, fragments = 1'024;
};

class Service final : public domain::HttpService {
 public:
  explicit Service(const Limits& limits) : limits_(limits) {}
  std::size_t body_limit(const domain::RequestHead&) override { return 4'096; }
  void handle(domain::Request request, domain::Responder respond) override {
    domain::Response response = domain::json(200, "{}");
    if (request.head.path == "/metrics") response.body.assign(64 * 1024, 'x');
    respond(std::move(response));
  }
  domain::UpgradeDecision upgrade(const domain::RequestHead&, const std::vector<std::string>&) override {
    return domain::UpgradeAccepted{.handler = std::make_unique<net::testing::EchoBack>(),
                                   .subprotocol = {},
                                   .max_message = limits_.message,
                                   .max_fragments = limits_.fragments,
                                   .compress = true};
  }

 private:
  const Limits& limits_;
};

/// Sets options by name; false if one isn't known.
bool read_options(int argc, char** argv, net::Config& config, Limits& limits) {
  const auto to = [](auto& field) {
    return [&field](std::size_t value) { field = static_cast<std::remove_reference_t<decltype(field)>>(value); };
  };
  const std::map<std::string, std::function<void(std::size_t)>> options{
      {"--nofile",
       [](std::size_t files) {
         const rlimit both{files, files};
         ::setrlimit(RLIMIT_NOFILE, &both);
       }},
      {"--unproven", to(config.unproven_per_address)},
      {"--unproven-in-all", to(config.unproven)},
      {"--connections", to(config.connections)},
      {"--head", to(config.head)},
      {"--queued", to(config.queued)},
      {"--queued-messages", to(config.queued_messages)},
      {"--message", to(limits.message)},
      {"--fragments", to(limits.fragments)},
      {"--deadlines",  // of everything that a peer may draw out, in seconds
       [&config](std::size_t seconds) {
         config.head_deadline = config.idle_deadline = config.body_deadline = config.write_deadline =
             std::chrono::seconds(seconds);
       }},
  };
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto option = options.find(argv[i]);
    if (option == options.end()) return false;
    option->second(std::strtoull(argv[i + 1], nullptr, 10));
  }
  return argc % 2 == 1;
}

}  // namespace

int main(int argc, char** argv) {
  net::Config config;
  Limits limits;
  if (!read_options(argc, argv, config, limits)) {
    std::fprintf(stderr, "net-stand: an option isn't known or has no value\n");
    return 2;
  }
  const net::testing::Identity identity;
  config.address = "127.0.0.1";
  config.port = 0;
  config.certificate_file = identity.certificate();
  config.key_file = identity.key();
  Service service(limits);
  net::Server server(config, service);
  if (const auto started = server.start(); !started) {
    std::fprintf(stderr, "net-stand: %s\n", started.error().message.c_str());
    return 1;
  }
  std::printf("%u\n", server.port());
  std::fflush(stdout);
  // Until whoever started it goes away.
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  server.stop();
}
