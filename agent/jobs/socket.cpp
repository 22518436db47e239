#include "agent/jobs/socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace vedette::jobs {
namespace {

using units::ErrorCode;
using units::fail;
using units::Result;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::invalid, "\"" + path + "\" is no socket's path: 1 to 107 bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

auto failed(const std::string& path, const char* what) {
  const ErrorCode code =
      errno == ECONNREFUSED || errno == ENOENT || errno == EAGAIN ? ErrorCode::unavailable : ErrorCode::io;
  return fail(code, path + ": " + what + ": " + std::strerror(errno));
}

/// Who sent it; nobody's number if the kernel doesn't tell.
std::uint32_t sender_of(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(part), sizeof sender);
    return sender.uid;
  }
  return 65'534;
}

}  // namespace

Result<void> send(const std::string& path, const JobReport& report) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(path, "no socket");
  constexpr timeval kSecond{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kSecond, sizeof kSecond);
  const std::string bytes = encode(report);
  const ssize_t sent = ::sendto(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int error = errno;
  ::close(fd);
  errno = error;
  if (sent != static_cast<ssize_t>(bytes.size())) return failed(path, "the agent can't be told");
  return {};
}

Result<JobSocket> JobSocket::open(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  JobSocket socket(path, ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  constexpr int kOn = 1;
  ::unlink(path.c_str());
  if (socket.fd_ < 0 || ::setsockopt(socket.fd_, SOL_SOCKET, SO_PASSCRED, &kOn, sizeof kOn) != 0 ||
      ::bind(socket.fd_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      ::chmod(path.c_str(), 0666) != 0) {
    return failed(path, "jobs can't report there");
  }
  return socket;
}

JobSocket::JobSocket(JobSocket&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

JobSocket::~JobSocket() {
  if (fd_ < 0) return;
  ::unlink(path_.c_str());
  ::close(fd_);
}

void JobSocket::read(const Take& take) {
  for (int n = 0; n < kMostAtOnce; ++n) {
    std::array<char, kMostReport + 1> bytes{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
    if (size < 0) return;
    take(decode({bytes.data(), static_cast<std::size_t>(size)}), sender_of(message));
  }
}

}  // namespace vedette::jobs
