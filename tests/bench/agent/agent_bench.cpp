// Runs the real agent against a small collector on loopback and measures it from outside: CPU by
// /proc/PID/task/*/schedstat, memory by smaps_rollup, and the bytes of TLS on the wire, both ways, through a counting
// relay.
//   agent_bench AGENT_BINARY SECONDS
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "agent/config/identity_writer.h"
#include "tests/agent/link/test_collector.h"

namespace {

using namespace std::chrono_literals;
using vedette::link::TestCollector;

/// Passes bytes between the agent and the collector, and counts them.
class Relay {
 public:
  explicit Relay(std::uint16_t to) : to_(to), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 4) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Relay() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  bool pass(int from, int to) {
    std::array<char, 16 * 1024> buffer{};
    const ssize_t n = ::recv(from, buffer.data(), buffer.size(), 0);
    if (n <= 0 || ::send(to, buffer.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) return false;
    bytes_ += static_cast<std::uint64_t>(n);
    return true;
  }
  void run() {
    while (!stop_) {
      pollfd one{listener_, POLLIN, 0};
      if (::poll(&one, 1, 20) <= 0) continue;
      const int agent = ::accept(listener_, nullptr, nullptr);
      const int collector = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(to_);
      if (::connect(collector, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        serve(agent, collector);
      ::close(agent);
      ::close(collector);
    }
  }
  void serve(int agent, int collector) {
    while (!stop_) {
      std::array<pollfd, 2> both{{{agent, POLLIN, 0}, {collector, POLLIN, 0}}};
      if (::poll(both.data(), both.size(), 20) <= 0) continue;
      if (both[0].revents != 0 && !pass(agent, collector)) return;
      if (both[1].revents != 0 && !pass(collector, agent)) return;
    }
  }

  std::uint16_t to_, port_ = 0;
  int listener_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::thread thread_;
};

double cpu_ms(pid_t pid) {
  double nanoseconds = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    double one = 0;
    std::ifstream(task.path() / "schedstat") >> one;
    nanoseconds += one;
  }
  return nanoseconds / 1e6;
}

long kib(pid_t pid, const std::string& field) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string word; file >> word;) {
    long value = 0;
    if (word == field + ":" && file >> value) return value;
  }
  return -1;
}

void print(const char* name, double value, const char* unit) {
  std::printf("{\"bench\":\"agent\",\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"}\n", name, value, unit);
}

pid_t start(const char* agent, const std::string& state) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  const int null = ::open("/dev/null", O_WRONLY);
  ::dup2(null, STDERR_FILENO);
  ::execl(agent, agent, "run", "--state", state.c_str(), nullptr);
  ::_exit(127);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "agent_bench AGENT_BINARY SECONDS\n");
    return 64;
  }
  const auto span = std::chrono::seconds(std::atoi(argv[2]));
  const auto authority = vedette::link::make_authority();
  const auto server = vedette::link::make_server(authority, "IP:127.0.0.1");
  // As the real collector: a ping and an ack every 5 s.
  TestCollector collector(authority, server, {.interval_ms = 1000, .every_ms = 5000});
  Relay relay(collector.port());
  std::string state = (std::filesystem::temp_directory_path() / "vedette-bench-XXXXXX").string();
  if (::mkdtemp(state.data()) == nullptr) return 1;
  const vedette::config::Identity identity{.url = "https://127.0.0.1:" + std::to_string(relay.port()),
                                           .pin = vedette::link::pin_text(authority),
                                           .host_id = std::string(32, '0'),
                                           .key = "bench",
                                           .hostname = "bench"};
  auto writer = vedette::config::IdentityWriter::prepare(state);
  if (!writer || !writer->store(identity)) return 1;
  const pid_t pid = start(argv[1], state);
  std::this_thread::sleep_for(5s);  // connected and announced
  const auto before = collector.seen();
  const double cpu_before = cpu_ms(pid);
  const std::uint64_t bytes_before = relay.bytes();
  std::this_thread::sleep_for(span);
  const auto after = collector.seen();
  const auto ticks = static_cast<double>(after.live - before.live);
  const double cpu = cpu_ms(pid) - cpu_before;
  const auto bytes = static_cast<double>(relay.bytes() - bytes_before);
  const long rss = kib(pid, "Rss"), dirty = kib(pid, "Private_Dirty");
  ::kill(pid, SIGTERM);
  int status = 0;
  ::waitpid(pid, &status, 0);
  std::filesystem::remove_all(state);
  if (ticks < 1 || after.connections != 1 || status != 0) {
    std::fprintf(stderr, "agent_bench: the agent didn't stream as it should (%s)\n", after.error.c_str());
    return 1;
  }
  print("cpu_ms_per_tick", cpu / ticks, "ms");
  print("rss_kb", static_cast<double>(rss), "kB");
  print("private_kb", static_cast<double>(dirty), "kB");
  print("wire_bytes_per_tick", bytes / ticks, "By");
  print("series_per_tick", static_cast<double>(after.series), "1");
  return 0;
}
