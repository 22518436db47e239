#include "agent/app/service.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

#include "agent/app/bus_message.h"

namespace vedette::app {
namespace {

using Clock = std::chrono::steady_clock;

sockaddr_un unix_address(std::string_view path, socklen_t& size) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::min(path.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, path.data(), length);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  return address;
}

/// One conversation with the system bus; every wait ends at the deadline.
class Bus {
 public:
  Bus() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Bus() { ::close(fd_); }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  bool connect() {
    socklen_t size = 0;
    const sockaddr_un address = unix_address("/run/dbus/system_bus_socket", size);
    return fd_ >= 0 && ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }
  bool write(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// Reads until `enough` says so.
  bool read_until(std::string& into, auto&& enough) {
    while (!enough(into)) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now()).count();
      pollfd one{fd_, POLLIN, 0};
      std::array<char, 4096> buffer{};
      if (left <= 0 || ::poll(&one, 1, static_cast<int>(left)) <= 0) return false;
      const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (n <= 0 || into.size() > 1'000'000) return false;
      into.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  int fd_;
  Clock::time_point until_ = Clock::now() + std::chrono::milliseconds{300};
};

/// The answer of systemd's ListJobs, as it came; empty if there is no bus.
std::string queued_jobs() {
  Bus bus;
  std::string uid;
  for (const char digit : std::to_string(::getuid())) {
    uid += '3';  // a digit's code in hex is 3 and the digit
    uid += digit;
  }
  std::string answer;
  if (!bus.connect() || !bus.write(std::string(1, '\0') + "AUTH EXTERNAL " + uid + "\r\n")) return {};
  if (!bus.read_until(answer, [](const std::string& text) { return text.ends_with("\r\n"); })) return {};
  if (!answer.starts_with("OK ")) return {};
  const std::string calls =
      bus_call(1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello") +
      bus_call(2, "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
               "ListJobs");
  if (!bus.write("BEGIN\r\n" + calls)) return {};
  std::string messages;
  if (!bus.read_until(messages, [](const std::string& bytes) { return has_reply_to(bytes, 2); })) return {};
  return messages;
}

}  // namespace

void notify_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return;
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  socklen_t size = 0;
  const sockaddr_un address = unix_address(path, size);
  ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(fd);
}

std::optional<units::Milliseconds> watchdog_interval() {
  const char* text = std::getenv("WATCHDOG_USEC");
  const char* pid = std::getenv("WATCHDOG_PID");
  if (text == nullptr || (pid != nullptr && pid != std::to_string(::getpid()))) return std::nullopt;
  std::int64_t microseconds = 0;
  const char* last = text + std::strlen(text);
  const auto [end, status] = std::from_chars(text, last, microseconds);
  if (status != std::errc{} || end != last || microseconds < 2000) return std::nullopt;
  return units::Milliseconds{microseconds / 2000};
}

std::optional<wire::GoodbyeReason> reason_of_jobs(std::string_view jobs) {
  for (const char* target : {"reboot.target", "kexec.target", "soft-reboot.target"}) {
    if (jobs.find(target) != std::string_view::npos) return wire::GoodbyeReason::reboot;
  }
  for (const char* target : {"poweroff.target", "halt.target", "shutdown.target"}) {
    if (jobs.find(target) != std::string_view::npos) return wire::GoodbyeReason::host_shutdown;
  }
  return std::nullopt;
}

wire::GoodbyeReason reason_of_stop() {
  if (const auto reason = reason_of_jobs(queued_jobs())) return *reason;
  // systemd-user-sessions closes logins early in a shutdown.
  return ::access("/run/nologin", F_OK) == 0 ? wire::GoodbyeReason::host_shutdown : wire::GoodbyeReason::service_stop;
}

}  // namespace vedette::app
