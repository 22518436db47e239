// The least that any server on OpenSSL and epoll does: what arrives is decrypted and thrown away. No limits, no
// deadlines, no frames but whole ones; a text frame is echoed, so that the clients know that all was read.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <thread>

#include "tests/bench/connect/echo_server.h"

namespace vedette::bench {
namespace {

constexpr int kLoops = 2;  // as many as ours has on two cores

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

SSL_CTX* context_of(const std::string& certificate, const std::string& key) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    give_up("certificate or key");
  }
  return context;
}

int listening() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 1'024) != 0) {
    give_up("listen");
  }
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// Handshake and upgrade with the socket still blocking; the answer's key isn't looked at by these clients.
SSL* welcome(SSL_CTX* context, int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  SSL* connection = SSL_new(context);
  SSL_set_fd(connection, fd);
  std::array<char, 4'096> head{};
  const std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  if (SSL_accept(connection) != 1 || SSL_read(connection, head.data(), head.size()) <= 0 ||
      SSL_write(connection, answer.data(), static_cast<int>(answer.size())) <= 0) {
    give_up("a handshake");
  }
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return connection;
}

// A masked text frame of up to 64 kB, unmasked.
void echo(SSL* connection, std::span<unsigned char> frame) {
  const std::size_t head = (frame[1] & 0x7fU) == 126 ? 4 : 2;
  const auto mask = frame.subspan(head, 4), payload = frame.subspan(head + 4);
  std::array<unsigned char, 4'096> answer{};
  frame[1] &= 0x7fU;
  std::copy_n(frame.begin(), head, answer.begin());
  for (std::size_t n = 0; n < payload.size(); ++n) answer[head + n] = payload[n] ^ mask[n % 4];
  SSL_write(connection, answer.data(), static_cast<int>(head + payload.size()));
}

void drain(SSL* connection) {
  std::array<unsigned char, 4'096> buffer{};
  do {
    const int size = SSL_read(connection, buffer.data(), buffer.size());
    if (size <= 0) {
      if (SSL_get_error(connection, size) == SSL_ERROR_WANT_READ) return;
      ::close(SSL_get_fd(connection));  // which also ends its watching
      return SSL_free(connection);
    }
    if ((buffer[0] & 0x0fU) == 1) echo(connection, std::span(buffer).first(static_cast<std::size_t>(size)));
  } while (SSL_has_pending(connection) != 0);
}

[[noreturn]] void run_loop(int epoll) {
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int ready = ::epoll_wait(epoll, events.data(), events.size(), -1);
    for (int n = 0; n < ready; ++n) drain(static_cast<SSL*>(events.at(static_cast<std::size_t>(n)).data.ptr));
  }
}

}  // namespace

void serve_openssl(const std::string& certificate, const std::string& key,
                   const std::function<void(std::uint16_t port)>& up) {
  SSL_CTX* const context = context_of(certificate, key);
  std::array<int, kLoops> epolls{};
  for (int& epoll : epolls) {
    epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::thread([epoll] { run_loop(epoll); }).detach();
  }
  const int listener = listening();
  up(port_of(listener));
  for (std::size_t n = 0;; ++n) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) give_up("accept");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = welcome(context, fd);
    ::epoll_ctl(epolls.at(n % kLoops), EPOLL_CTL_ADD, fd, &event);
  }
}

}  // namespace vedette::bench
