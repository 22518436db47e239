// A far end that follows a script instead of a protocol, on 127.0.0.1.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <string>
#include <thread>

namespace vedette::notify::testing {

/// Takes one connection and runs the script with it, on its own thread; the script must end when the other side has
/// gone.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(std::function<void(int)> script) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, script = std::move(script)] {
      const int connection = ::accept(listener_, nullptr, nullptr);
      met_.set_value();
      if (connection < 0) return;
      script(connection);
      ::close(connection);
    });
  }
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;
  ~ScriptedPeer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] std::string server() const { return "smtp://127.0.0.1:" + std::to_string(port_); }
  void wait_for_connection() { met_.get_future().wait(); }

  static void say(int connection, const std::string& text) {
    EXPECT_EQ(::send(connection, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  /// A line with its end; empty when the other side has gone.
  static std::string hear(int connection) {
    std::string line;
    for (char c = 0; ::recv(connection, &c, 1, 0) == 1;) {
      line += c;
      if (c == '\n') return line;
    }
    return "";
  }

 private:
  int listener_;
  int port_ = 0;
  std::promise<void> met_;
  std::thread thread_;
};

}  // namespace vedette::notify::testing
