#include "tests/load/swarm/channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agent/link/pin.h"
#include "agent/link/socket.h"
#include "agent/link/verify.h"

namespace vedette::swarm {
namespace {

using units::ErrorCode;
using units::fail;

/// The pin of the last certificate of the chain that the collector shows: its authority.
units::Result<link::Pin> pin_shown(const link::SocketAddress& to) {
  const int fd = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  std::optional<link::Pin> pin;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0 && SSL_connect(ssl) == 1) {
    STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
    if (sk_X509_num(chain) > 0) pin = link::pin_of(sk_X509_value(chain, sk_X509_num(chain) - 1));
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  ::close(fd);
  if (!pin) return fail(ErrorCode::unavailable, "the collector at " + link::to_string(to) + " shows no certificate");
  return *pin;
}

bool is_loopback(const link::SocketAddress& address) {
  if (address.storage.ss_family != AF_INET) return false;
  const auto& in = reinterpret_cast<const sockaddr_in&>(address.storage);
  return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
}

void bind_source(int fd, std::size_t number) {
  sockaddr_in from{};
  from.sin_family = AF_INET;
  // 127.1.0.1 and up; 0 and 255 are avoided as last byte.
  from.sin_addr.s_addr = htonl(0x7F010000U + static_cast<std::uint32_t>(number / 250 * 256 + number % 250 + 1));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  ::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from);
}

}  // namespace

units::Result<Target> make_target(const std::string& url, const std::string& pin) {
  auto address = link::parse_collector_url(url);
  if (!address) return std::unexpected(address.error());
  const auto resolved = link::resolve_now(*address);
  if (!resolved) return std::unexpected(resolved.error());
  const auto trusted = pin.empty() ? pin_shown(resolved->front()) : link::parse_pin(pin);
  if (!trusted) return std::unexpected(trusted.error());
  auto context = link::TlsContext::create(*trusted);
  if (!context) return std::unexpected(context.error());
  return Target{std::move(*address), resolved->front(), std::move(*context), is_loopback(resolved->front())};
}

units::Result<int> connect_to(const Target& target, std::size_t number) {
  const int fd = ::socket(target.socket.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ErrorCode::unavailable, std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (target.spread) bind_source(fd, number);
  const auto* to = reinterpret_cast<const sockaddr*>(&target.socket.storage);
  if (::connect(fd, to, target.socket.length) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    return fail(ErrorCode::unavailable, std::strerror(error));
  }
  return fd;
}

units::Result<void> Channel::open() {
  close();
  const auto fd = connect_to(target_, number_);
  if (!fd) return std::unexpected(fd.error());
  fd_ = *fd;
  want(EPOLLOUT);
  return {};
}

void Channel::close() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);  // which also ends epoll's interest
  fd_ = -1;
  watched_ = 0;
  connected_ = false;
}

void Channel::want(std::uint32_t events) {
  if (events == watched_) return;
  loop_.watch(fd_, events, owner_, watched_ != 0);
  watched_ = events;
}

units::Result<bool> Channel::shake_hands() {
  if (!connected_) {
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return false;
    if (const auto finished = link::finish_connect(fd_); !finished) return std::unexpected(finished.error());
    connected_ = true;
    tls_ = std::make_unique<link::TlsStream>(target_.tls, fd_, target_.address.host);
  }
  const auto io = tls_->handshake();
  if (!io) return std::unexpected(io.error());
  if (*io == link::Io::closed) return fail(ErrorCode::unavailable, "hung up during the TLS handshake");
  want(*io == link::Io::want_write ? EPOLLOUT : EPOLLIN);
  return *io == link::Io::done;
}

units::Result<std::size_t> Channel::read(std::span<std::uint8_t> into) {
  const auto got = tls_->read(into);
  if (!got) return std::unexpected(got.error());
  if (got->io == link::Io::closed) return fail(ErrorCode::unavailable, "the connection ended");
  return got->count;
}

units::Result<std::size_t> Channel::write(std::span<const std::uint8_t> bytes) {
  const auto written = tls_->write(bytes);
  if (!written) return std::unexpected(written.error());
  if (written->io == link::Io::closed) return fail(ErrorCode::unavailable, "the connection ended");
  want(written->io == link::Io::want_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
  return written->count;
}

units::Result<void> Channel::flush(std::string& text) {
  while (!text.empty()) {
    const auto count = write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    if (!count) return std::unexpected(count.error());
    if (*count == 0) break;
    text.erase(0, *count);
  }
  return {};
}

}  // namespace vedette::swarm
