// A CONNECT proxy for tests on a loopback port, each tunnel on its own thread. Whatever host is asked for, it connects
// to 127.0.0.1 and the port.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace vedette::link {

class TestProxy {
 public:
  /// Answers every request with `answer` instead of a tunnel, unless that is empty; "-" says nothing at all.
  explicit TestProxy(std::string answer = "");
  ~TestProxy();
  TestProxy(const TestProxy&) = delete;
  TestProxy& operator=(const TestProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url(const std::string& credentials = "") const;
  [[nodiscard]] std::vector<std::string> requests() const;  ///< heads as they came

 private:
  void run();
  void serve(int fd);
  void pump(int client, int collector);

  std::string answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::thread> tunnels_;
  std::thread thread_;
};

}  // namespace vedette::link
