// Ends a conversation at its deadline, whatever the peer does: a timeout of a single read or write can't, because a
// peer that sends a byte now and then never runs into it.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <stop_token>
#include <thread>

#include "server/domain/queue.h"

namespace vedette::notify {

/// Shuts the socket down when `time` has passed or `stop` is requested. Works on a duplicate of the descriptor, so the
/// socket may be closed and its number used again meanwhile.
class Watchdog {
 public:
  Watchdog(int socket, units::Milliseconds time, std::stop_token stop)
      : descriptor_(::dup(socket)), waker_(std::move(stop), Waker{&ends_}), thread_([this, time] { watch(time); }) {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    ends_.close();
    thread_.join();
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] bool barked() const { return barked_; }

 private:
  struct Stop {};
  using Ends = domain::BoundedQueue<Stop>;
  struct Waker {
    Ends* ends;
    void operator()() const { (void)ends->push(Stop{}); }
  };

  void watch(units::Milliseconds time) {
    const bool stopped = ends_.pop_for(time).has_value();
    if (!stopped && ends_.closed()) return;
    barked_ = true;
    ::shutdown(descriptor_, SHUT_RDWR);
  }

  const int descriptor_;
  std::atomic<bool> barked_ = false;
  Ends ends_{1, domain::Overflow::drop_oldest};
  std::stop_callback<Waker> waker_;
  std::thread thread_;
};

}  // namespace vedette::notify
