#include "agent/link/tunnel.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace vedette::link {

using units::ErrorCode;
using units::fail;

Tunnel::Tunnel(CollectorAddress collector, Proxy proxy)
    : collector_(std::move(collector)), proxy_(std::move(proxy)), outgoing_(connect_request(collector_, proxy_)) {}

units::Result<Io> Tunnel::step(int socket) {
  while (!outgoing_.empty()) {
    const ssize_t n = ::send(socket, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return Io::want_write;
    if (n < 0) return fail(ErrorCode::unavailable, "the proxy " + authority(proxy_) + ": " + std::strerror(errno));
    outgoing_.erase(0, static_cast<std::size_t>(n));
  }
  return read_answer(socket);
}

units::Result<Io> Tunnel::read_answer(int socket) {
  std::array<char, 2048> buffer{};
  while (true) {
    const auto head = parse_response(incoming_, Answerer::proxy);
    if (!head) return fail(head.error().code, "the proxy " + authority(proxy_) + ": " + head.error().message);
    if (*head) {
      if (const auto open = check_tunnel(**head, collector_, proxy_); !open) return std::unexpected(open.error());
      // Servers don't speak first in TLS: these bytes are the proxy's own.
      if (incoming_.size() > (*head)->size) {
        return fail(ErrorCode::invalid, "the proxy " + authority(proxy_) + " sent more than an answer to CONNECT");
      }
      return Io::done;
    }
    const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EAGAIN) return Io::want_read;
    if (n < 0) return fail(ErrorCode::unavailable, "the proxy " + authority(proxy_) + ": " + std::strerror(errno));
    if (n == 0) {
      return fail(ErrorCode::unavailable,
                  "the proxy " + authority(proxy_) + " hung up instead of answering CONNECT " + authority(collector_));
    }
    incoming_.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace vedette::link
