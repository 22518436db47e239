#include "server/net/stream.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "server/net/tls.h"

namespace vedette::net {
namespace {

constexpr std::size_t kLarge = 4'096;

Poco::Net::StreamSocket adopt(int fd, const Poco::Net::Context::Ptr& context) {
  Poco::Net::StreamSocket socket(new Poco::Net::StreamSocketImpl(fd));
  socket.setBlocking(false);  // before attach(): Poco up to 1.13 ignores it on a secure socket
  if (!context) return socket;
  return Poco::Net::SecureStreamSocket::attach(socket, context);
}

Io ended_by(int error) {
  if (error == ECONNRESET || error == EPIPE) return {Io::Kind::ended, 0, false, "RST"};
  if (error == ETIMEDOUT) return {Io::Kind::ended, 0, false, "timeout"};
  return {Io::Kind::ended, 0, false, std::strerror(error)};
}

}  // namespace

Stream::Stream(int fd, const Poco::Net::Context::Ptr& context)
    : socket_(adopt(fd, context)), tls_(!context.isNull()), fd_(fd) {}

template <class Operation>
Io Stream::attempt(Operation operation) {
  // OpenSSL looks at both to tell what failed: what another socket left there would be taken for this one's.
  ERR_clear_error();
  errno = 0;
  (void)take_news();
  try {
    const int n = operation();
    const TlsNews news = take_news();
    if (news.connection != nullptr) ssl_ = news.connection;
    if (n > 0) return {Io::Kind::done, static_cast<std::size_t>(n), false, {}};
    if (n == 0) return {Io::Kind::ended, 0, false, news.goodbye ? "TLS close" : "TLS eof"};
    if (n == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_WRITE) return {Io::Kind::want_write, 0, false, {}};
    return {Io::Kind::want_read, 0, false, {}};
  } catch (const Poco::Net::ConnectionResetException&) {
    return ended_by(ECONNRESET);
  } catch (const Poco::Net::SSLException& fault) {
    if (errno != 0 && errno != EAGAIN) return ended_by(errno);
    const std::string words = fault.displayText();
    const bool eof = words.find("unexpected eof") != std::string::npos ||
                     dynamic_cast<const Poco::Net::SSLConnectionUnexpectedlyClosedException*>(&fault) != nullptr;
    return {Io::Kind::ended, 0, false, eof ? "TLS eof" : words};
  } catch (const Poco::Exception& fault) {
    if (fault.code() != 0) return ended_by(fault.code());
    return {Io::Kind::ended, 0, false, fault.displayText()};
  }
}

Io Stream::read(std::span<std::uint8_t> out) {
  const int size = static_cast<int>(std::min<std::size_t>(out.size(), INT_MAX));
  if (tls_) {
    Io io = attempt([&] { return socket_.receiveBytes(out.data(), size); });
    // epoll sees what is in the kernel, but not what OpenSSL has read ahead and not decrypted. Large reads are the
    // middle of something: more is likely there.
    io.drained = io.kind == Io::Kind::done && io.bytes < kLarge && ssl_ != nullptr && SSL_has_pending(ssl_) == 0;
    return io;
  }
  const ssize_t n = ::recv(fd_, out.data(), out.size(), 0);
  if (n > 0) return {Io::Kind::done, static_cast<std::size_t>(n), static_cast<std::size_t>(n) < out.size(), {}};
  if (n == 0) return {Io::Kind::ended, 0, false, "FIN"};
  if (errno == EAGAIN || errno == EINTR) return {Io::Kind::want_read, 0, false, {}};
  return ended_by(errno);
}

Io Stream::write(std::span<const std::uint8_t> bytes) {
  const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX));
  if (tls_) return attempt([&] { return socket_.sendBytes(bytes.data(), size); });
  const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n > 0) return {Io::Kind::done, static_cast<std::size_t>(n), false, {}};
  if (n == 0 || errno == EAGAIN || errno == EINTR) return {Io::Kind::want_write, 0, false, {}};
  return ended_by(errno);
}

void Stream::shutdown_write() {
  ERR_clear_error();
  errno = 0;
  try {
    if (tls_) socket_.shutdown();
  } catch (const Poco::Exception&) {  // NOLINT(bugprone-empty-catch)
    // The peer is gone: FIN is all that is left to say.
  }
  ::shutdown(fd_, SHUT_WR);
}

std::optional<domain::TcpState> Stream::tcp_state() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  // Not tcpi_unacked: a packet that a local firewall or a link that is down held back doesn't count as sent there.
  int unacked = 0;
  if (::ioctl(fd_, SIOCOUTQ, &unacked) != 0) return std::nullopt;
  return domain::TcpState{static_cast<std::uint32_t>(unacked), units::Milliseconds(info.tcpi_last_ack_recv)};
}

}  // namespace vedette::net
