// The collector ends within its 3 s whoever holds up one of its threads.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <future>

#include "tests/server/app/a_collector.h"

namespace vedette::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// Takes connections and never says a word.
struct SilentListener {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
  SilentListener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 4) != 0) std::abort();
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~SilentListener() { ::close(fd); }
  [[nodiscard]] bool was_called() const {
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, 10'000) == 1;
  }
};

int connect_to(const std::filesystem::path& socket) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
  return fd;
}

/// Sends a byte now and then until the other side hangs up.
void drip(int fd) {
  for (;;) {
    pollfd watched{fd, POLLIN, 0};
    if (::poll(&watched, 1, 10) == 1 || ::send(fd, "x", 1, MSG_NOSIGNAL) != 1) return;
  }
}

steady_clock::duration time_of(const std::function<void()>& work) {
  const auto began = steady_clock::now();
  work();
  return steady_clock::now() - began;
}

TEST(Stop, BreaksOffTheTestOfASilentReceiver) {
  const SilentListener silent;
  Bench bench;
  Settings settings = bench.settings();
  const std::string url = "http://127.0.0.1:" + std::to_string(silent.port) + "/";
  settings.notify.receivers.push_back({"ops", notify::Webhook{url, {}}});
  auto collector = bench.start(std::move(settings));
  auto answer = std::async(std::launch::async, [&] { return bench.ask({"receivers test", {"ops"}, {}}); });
  ASSERT_TRUE(silent.was_called());
  EXPECT_LT(time_of([&] { collector->stop(); }), seconds(3));
  const auto said = answer.get();
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().message, "the collector stopped before ops had answered");
}

TEST(Stop, DoesntWaitForAClientThatDripsIntoTheControlSocket) {
  Bench bench;
  auto collector = bench.start();
  const int client = connect_to(bench.directory / "data/control.sock");
  auto dripping = std::async(std::launch::async, [client] { drip(client); });
  EXPECT_LT(time_of([&] { collector->stop(); }), seconds(3));
  dripping.get();
  ::close(client);
}

TEST(ControlSocket, HangsUpOnAClientWhoseLineTakesTooLong) {
  const tests::TemporaryDirectory directory;
  const auto echo = [](const Options& options, const std::string&, const std::stop_token&) {
    return units::Result<std::string>(options.command);
  };
  const auto socket = ControlSocket::open(directory.path(), echo, milliseconds(200));
  ASSERT_TRUE(socket);
  const int client = connect_to(directory / "control.sock");
  EXPECT_LT(time_of([&] { drip(client); }), seconds(5));
  ::close(client);
  EXPECT_EQ(**ask_collector(directory.path(), {"hello", {}, {}}, ""), "hello");
}

}  // namespace
}  // namespace vedette::app
