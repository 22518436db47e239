#include "agent/app/service.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "agent/app/bus.h"
#include "agent/app/bus_message.h"

namespace vedette::app {
namespace {

sockaddr_un unix_address(std::string_view path, socklen_t& size) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::min(path.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, path.data(), length);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  return address;
}

/// The answer of systemd's ListJobs, as it came; empty if there is no bus.
std::string queued_jobs() {
  return ask_bus(bus_call(kBusSerial, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                          "org.freedesktop.systemd1.Manager", "ListJobs"),
                 units::Milliseconds{300});
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
