// What a viewer costs the collector's port: resident memory of an idle WSS client at 1,000 of them, and CPU per 100,000
// messages of 300 bytes. The server is a process of its own, so that the clients' cost isn't counted; it runs the
// product's event loops with a handler that echoes.
//   cpu_s_per_100k_messages           echo: one message in and one out count as one
//   cpu_s_per_100k_messages_received  in only (the last of each client is answered, to know that all were read)
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "server/net/server.h"
#include "tests/server/net/client.h"

namespace {

using namespace vedette;
using net::testing::Client;

constexpr int kClients = 1'000;
constexpr int kRounds = 100;

/// Text is echoed, binary is swallowed.
class Handler final : public domain::ConnectionHandler {
 public:
  void on_open(domain::Connection& connection) override { connection_ = &connection; }
  void on_text(std::string_view payload) override { connection_->send_text(payload); }
  void on_binary(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_end(const domain::Ending&) override {}

 private:
  domain::Connection* connection_ = nullptr;
};

class Service final : public domain::HttpService {
 public:
  std::size_t body_limit(const domain::RequestHead&) override { return 0; }
  void handle(domain::Request, domain::Responder respond) override { respond(domain::problem(404, "only WebSockets")); }
  domain::UpgradeDecision upgrade(const domain::RequestHead&, const std::vector<std::string>&) override {
    return domain::UpgradeAccepted{std::make_unique<Handler>(), ""};
  }
};

/// Never returns: serves until it is killed.
[[noreturn]] void serve(const net::testing::Identity& identity, int port_pipe) {
  Service service;
  net::Config config;
  config.address = "127.0.0.1";
  config.port = 0;
  config.certificate_file = identity.certificate();
  config.key_file = identity.key();
  net::Server server(config, service);
  if (const auto started = server.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    std::_Exit(1);
  }
  const std::uint16_t port = server.port();
  if (::write(port_pipe, &port, sizeof port) != sizeof port) std::_Exit(1);
  for (;;) ::pause();
}

double resident_kb(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

double cpu_seconds(pid_t pid) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  double nanoseconds = 0;
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    double own = 0;
    std::ifstream(task.path() / "schedstat") >> own;
    nanoseconds += own;
  }
  return nanoseconds / 1e9;
}

void print(const char* name, double value, const char* unit) {
  std::printf("{\"bench\":\"connect\",\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\"}\n", name, value, unit);
}

std::unique_ptr<Client> open_client(std::uint16_t port) {
  auto client = std::make_unique<Client>(port);
  if (!client->write(net::testing::upgrade_request("/")) || !client->response().starts_with("HTTP/1.1 101")) {
    std::fprintf(stderr, "the server refused a client\n");
    std::exit(1);
  }
  return client;
}

/// CPU seconds of the server per 100,000 messages. Without `echo_all` only the last round is answered, to keep step.
double measure(pid_t server, std::vector<std::unique_ptr<Client>>& clients, bool echo_all) {
  const std::string text = net::testing::masked(1, std::string(300, 'm'));
  const std::string binary = net::testing::masked(2, std::string(300, 'm'));
  const double before = cpu_seconds(server);
  for (int round = 0; round < kRounds; ++round) {
    const bool echo = echo_all || round + 1 == kRounds;
    for (auto& client : clients) client->write(echo ? text : binary);
    if (!echo) continue;
    for (auto& client : clients) {
      if (client->frame().second.size() != 300) std::exit(1);
    }
  }
  return (cpu_seconds(server) - before) * 100'000 / (kClients * kRounds);
}

int run(pid_t server, std::uint16_t port) {
  const auto warm = open_client(port);  // what the first handshake allocates once is nobody's
  const double before = resident_kb(server);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(open_client(port));
  print("rss_kb_per_client", (resident_kb(server) - before) / kClients, "kB");
  print("cpu_s_per_100k_messages", measure(server, clients, true), "s");
  print("cpu_s_per_100k_messages_received", measure(server, clients, false), "s");
  return 0;
}

}  // namespace

int main() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const net::testing::Identity identity;
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return 1;
  const pid_t server = ::fork();
  if (server == 0) serve(identity, ends[1]);
  ::close(ends[1]);
  std::uint16_t port = 0;
  const bool up = ::read(ends[0], &port, sizeof port) == sizeof port;
  const int result = up ? run(server, port) : 1;
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  return result;
}
