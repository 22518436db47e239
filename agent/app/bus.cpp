#include "agent/app/bus.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>

#include "agent/app/bus_message.h"

namespace vedette::app {
namespace {

using Clock = std::chrono::steady_clock;

sockaddr_un unix_address(std::string_view path, socklen_t& size) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::min(path.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, path.data(), length);
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  return address;
}

/// One conversation with the system bus; every wait ends at the deadline.
class Bus {
 public:
  explicit Bus(units::Milliseconds limit)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), until_(Clock::now() + limit) {}
  ~Bus() {
    if (fd_ >= 0) ::close(fd_);
  }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  bool connect(std::string_view socket) {
    socklen_t size = 0;
    const sockaddr_un address = unix_address(socket, size);
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
  Clock::time_point until_;
};

/// EXTERNAL: the bus asks the kernel who we are; a digit's code in hex is 3 and the digit.
std::string authentication() {
  std::string line = std::string(1, '\0') + "AUTH EXTERNAL ";
  for (const char digit : std::to_string(::getuid())) {
    line += '3';
    line += digit;
  }
  return line + "\r\n";
}

}  // namespace

std::string ask_bus(std::string_view call, units::Milliseconds limit, std::string_view socket) {
  Bus bus(limit);
  std::string answer;
  if (!bus.connect(socket) || !bus.write(authentication())) return {};
  if (!bus.read_until(answer, [](const std::string& text) { return text.ends_with("\r\n"); })) return {};
  if (!answer.starts_with("OK ")) return {};
  const std::string hello =
      bus_call(kBusSerial - 1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello");
  if (!bus.write("BEGIN\r\n" + hello + std::string(call))) return {};
  std::string messages;
  if (!bus.read_until(messages, [](const std::string& bytes) { return has_reply_to(bytes, kBusSerial); })) return {};
  return messages;
}

}  // namespace vedette::app
