// What 1,000 WSS clients cost a server that echoes: our event loops, and stock Poco::Net::WebSocket doing the same
// work. The server is a process of its own, so that the clients' cost isn't counted.
//   echo_rss_kb_per_client                 resident memory an idle client
//   echo_cpu_s_per_100k_messages           300 bytes of text; one message in and one out count as one
//   echo_cpu_s_per_100k_messages_received  binary, in only (the last of each client is answered, to know that all were
//   read)
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

#include "tests/bench/connect/echo_server.h"
#include "tests/server/net/client.h"

namespace {

using namespace vedette;
using net::testing::Client;

constexpr int kClients = 1'000;
constexpr int kRounds = 100;

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

void print(const std::string& peer, const char* name, double value, const char* unit) {
  const std::string end = peer.empty() ? "" : ",\"peer\":\"" + peer + "\"";
  std::printf("{\"bench\":\"connect\",\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\"%s}\n", name, value, unit,
              end.c_str());
  std::fflush(stdout);
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

void run(pid_t server, std::uint16_t port, const std::string& peer) {
  const auto warm = open_client(port);  // what the first handshake allocates once is nobody's
  const double before = resident_kb(server);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(open_client(port));
  print(peer, "echo_rss_kb_per_client", (resident_kb(server) - before) / kClients, "kB");
  print(peer, "echo_cpu_s_per_100k_messages", measure(server, clients, true), "s");
  print(peer, "echo_cpu_s_per_100k_messages_received", measure(server, clients, false), "s");
}

/// False if the server didn't come up.
bool measure_server(bench::Serve serve, const std::string& peer) {
  const net::testing::Identity identity;
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return false;
  const pid_t server = ::fork();
  if (server == 0) {
    serve(identity.certificate(), identity.key(), [&](std::uint16_t port) {
      if (::write(ends[1], &port, sizeof port) != sizeof port) std::_Exit(1);
    });
  }
  ::close(ends[1]);
  std::uint16_t port = 0;
  const bool up = ::read(ends[0], &port, sizeof port) == sizeof port;
  ::close(ends[0]);
  if (up) run(server, port, peer);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  return up;
}

}  // namespace

int main() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return measure_server(bench::serve_net, "") && measure_server(bench::serve_poco, "poco") ? 0 : 1;
}
