#include "tests/conformance/transport.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vedette::conformance {
namespace {

using link::Io;
using link::IoResult;

units::Result<IoResult> outcome(ssize_t count, Io again) {
  if (count > 0) return IoResult{Io::done, static_cast<std::size_t>(count)};
  if (count == 0 || errno == ECONNRESET || errno == EPIPE) return IoResult{Io::closed, 0};
  if (errno == EAGAIN || errno == EINTR) return IoResult{again, 0};
  return units::fail(units::ErrorCode::io, std::strerror(errno));
}

}  // namespace

Transport::Transport(int socket, const link::TlsContext* context, const std::string& certified_host) : socket_(socket) {
  if (context != nullptr) tls_ = std::make_unique<link::TlsStream>(*context, socket, certified_host);
}

Transport::~Transport() {
  if (tls_) tls_->shutdown();
  ::close(socket_);
}

units::Result<Io> Transport::handshake() {
  return tls_ ? tls_->handshake() : Io::done;
}

units::Result<IoResult> Transport::read(std::span<std::uint8_t> into) {
  if (tls_) return tls_->read(into);
  return outcome(::recv(socket_, into.data(), into.size(), 0), Io::want_read);
}

units::Result<IoResult> Transport::write(std::span<const std::uint8_t> bytes) {
  if (tls_) return tls_->write(bytes);
  return outcome(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), Io::want_write);
}

bool Transport::wait(bool readable, bool writable, int milliseconds) const {
  pollfd ready{socket_, static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)), 0};
  return ::poll(&ready, 1, milliseconds) == 1;
}

}  // namespace vedette::conformance
