#include "agent/link/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vedette::link {
namespace {
constexpr unsigned kUserTimeoutMs = 20'000;
}

units::Result<int> begin_connect(const SocketAddress& address) {
  const auto failed = [](int error) { return units::fail(units::ErrorCode::unavailable, std::strerror(error)); };
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(errno);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof kUserTimeoutMs);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    return failed(error);
  }
  return fd;
}

units::Result<void> finish_connect(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return units::fail(units::ErrorCode::unavailable, std::strerror(error));
  return {};
}

}  // namespace vedette::link
