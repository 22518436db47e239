#include "tests/agent/link/test_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace vedette::link {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// Passes on what is there; false at the end of either side.
bool pass_on(int from, int to) {
  std::array<char, 16 * 1024> buffer{};
  const ssize_t n = ::recv(from, buffer.data(), buffer.size(), 0);
  return n > 0 && ::send(to, buffer.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
}

}  // namespace

TestProxy::TestProxy(std::string answer) : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

TestProxy::~TestProxy() {
  stop_ = true;
  thread_.join();
  for (std::thread& tunnel : tunnels_) tunnel.join();
  ::close(listener_);
}

std::string TestProxy::url(const std::string& credentials) const {
  return "http://" + (credentials.empty() ? "" : credentials + "@") + "127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> TestProxy::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void TestProxy::run() {
  while (!stop_) {
    pollfd one{listener_, POLLIN, 0};
    if (::poll(&one, 1, 5) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) tunnels_.emplace_back([this, fd] { serve(fd); });
  }
}

void TestProxy::serve(int fd) {
  std::string head;
  while (!stop_ && head.find("\r\n\r\n") == std::string::npos) {
    pollfd one{fd, POLLIN, 0};
    if (::poll(&one, 1, 5) <= 0) continue;
    char c = 0;
    if (::recv(fd, &c, 1, 0) != 1) break;
    head += c;
  }
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(head);
  }
  if (answer_ == "-") {
    while (!stop_) std::this_thread::yield();
  } else if (!answer_.empty()) {
    ::send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
  } else {
    const int collector = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const std::size_t blank = head.find(" HTTP/1.1");
    const std::size_t colon = head.rfind(':', blank);
    const sockaddr_in address =
        loopback(static_cast<std::uint16_t>(std::atoi(head.substr(colon + 1, blank - colon - 1).c_str())));
    // In HTTP/1.0, as many proxies answer.
    const std::string answer = ::connect(collector, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
                                   ? "HTTP/1.0 200 Connection established\r\n\r\n"
                                   : "HTTP/1.1 502 Bad Gateway\r\n\r\n";
    ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    if (answer.starts_with("HTTP/1.0")) pump(fd, collector);
    ::close(collector);
  }
  ::close(fd);
}

void TestProxy::pump(int client, int collector) {
  while (!stop_) {
    std::array<pollfd, 2> both{{{client, POLLIN, 0}, {collector, POLLIN, 0}}};
    if (::poll(both.data(), both.size(), 5) <= 0) continue;
    if ((both[0].revents & (POLLIN | POLLHUP)) != 0 && !pass_on(client, collector)) return;
    if ((both[1].revents & (POLLIN | POLLHUP)) != 0 && !pass_on(collector, client)) return;
  }
}

}  // namespace vedette::link
