// What 1,000 WSS clients cost a server that echoes: our event loops, and stock Poco::Net::WebSocket doing the same
// work, and what OpenSSL and epoll alone cost. The server is a process of its own, so that the clients' cost isn't
// counted.
//   echo_rss_kb_per_client                 resident memory an idle client
//   echo_cpu_s_per_100k_messages           300 bytes of text; one message in and one out count as one
//   echo_cpu_s_per_100k_messages_received  the same in only, binary
//   echo_cpu_s_per_100k_ticks_decoded      an agent's messages of 40 recorded series, decoded; ours only
//   echo_cpu_s_per_100k_ticks_read         the same only decrypted: the floor, that of OpenSSL and the kernel
// Each of our clients' messages is read before its next is sent, so that none shares a packet or a system call with
// another. (Poco's threads may lag: it has one a client.) The last is answered to all, to know that all were read.
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
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "server/net/tls_memory.h"
#include "tests/bench/connect/echo_server.h"
#include "tests/load/swarm/recorded_host.h"
#include "tests/server/net/client.h"

namespace {

using namespace vedette;
using net::testing::Client;

constexpr int kClients = 1'000;
constexpr int kPacers = 8;  // over all loops: what they are answered after, was read before
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

std::unique_ptr<Client> open_client(std::uint16_t port, const std::string& path) {
  auto client = std::make_unique<Client>(port);
  if (!client->write(net::testing::upgrade_request(path)) || !client->response().starts_with("HTTP/1.1 101")) {
    std::fprintf(stderr, "the server refused a client\n");
    std::exit(1);
  }
  return client;
}

using Clients = std::vector<std::unique_ptr<Client>>;

Clients open_clients(std::uint16_t port, int count, const std::string& path) {
  Clients clients;
  for (int i = 0; i < count; ++i) clients.push_back(open_client(port, path));
  return clients;
}

void await_echoes(Clients& clients, std::size_t size) {
  for (auto& client : clients) {
    if (client->frame().second.size() == size) continue;
    std::fprintf(stderr, "an answer isn't the echo\n");
    std::exit(1);
  }
}

void write_all(Clients& clients, const std::string& frame) {
  for (auto& client : clients) client->write(frame);
}

/// CPU seconds of the server per 100,000 of what `round` sends, once for each client.
double measure(pid_t server, const std::function<void(int)>& round) {
  const double before = cpu_seconds(server);
  for (int i = 0; i < kRounds; ++i) round(i);
  return (cpu_seconds(server) - before) * 100'000 / (kClients * kRounds);
}

double measure_echoes(pid_t server, Clients& clients) {
  const std::string text = net::testing::masked(1, std::string(300, 'm'));
  return measure(server, [&](int) {
    write_all(clients, text);
    await_echoes(clients, 300);
  });
}

/// `messages`: one a round, or the same for all.
double measure_received(pid_t server, Clients& clients, Clients& pacers, const std::vector<std::string>& messages) {
  const std::string word = "pace", pace = net::testing::masked(1, word);
  return measure(server, [&](int i) {
    const bool last = i + 1 == kRounds;
    write_all(clients, last ? pace : messages[static_cast<std::size_t>(i) % messages.size()]);
    if (last) return await_echoes(clients, word.size());
    write_all(pacers, pace);
    await_echoes(pacers, word.size());
  });
}

/// Frames of the messages in which an agent tells the recording.
std::vector<std::string> ticks() {
  const swarm::Recording recording;
  swarm::RecordedHost host(recording, 1);
  wire::TickEncoder encoder;
  std::vector<std::string> frames;
  units::Instant at = units::from_unix_ms(1'790'000'000'000);
  for (int number = 1; number <= kRounds; ++number, at += units::Milliseconds{1'000}) {
    wire::TickMessage tick;
    tick.number = static_cast<wire::TickNumber>(number);
    tick.data = encoder.encode({at, host.next(units::Milliseconds{1'000})}, recording.reals());
    frames.push_back(net::testing::masked(2, wire::encode(wire::AgentMessage(std::move(tick)))));
  }
  return frames;
}

void run(pid_t server, std::uint16_t port, const std::string& peer) {
  const auto warm = open_client(port, "/");  // what the first handshake allocates once is nobody's
  const double before = resident_kb(server);
  Clients clients = open_clients(port, kClients, "/");
  print(peer, "echo_rss_kb_per_client", (resident_kb(server) - before) / kClients, "kB");
  Clients pacers = open_clients(port, kPacers, "/");
  const std::string binary = net::testing::masked(2, std::string(300, 'm'));
  print(peer, "echo_cpu_s_per_100k_messages", measure_echoes(server, clients), "s");
  print(peer, "echo_cpu_s_per_100k_messages_received", measure_received(server, clients, pacers, {binary}), "s");
  if (peer == "poco") return;
  clients = open_clients(port, kClients, bench::kTicks);
  const char* const name = peer.empty() ? "echo_cpu_s_per_100k_ticks_decoded" : "echo_cpu_s_per_100k_ticks_read";
  print(peer, name, measure_received(server, clients, pacers, ticks()), "s");
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
  net::keep_record_buffers();  // as the collector does; Poco's sockets gain by it too
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const bool all = measure_server(bench::serve_net, "") && measure_server(bench::serve_openssl, "openssl") &&
                   measure_server(bench::serve_poco, "poco");
  return all ? 0 : 1;
}
