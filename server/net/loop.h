// One event loop: epoll, timers and posted tasks on one thread. The only calls for other threads are post() and stop().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/domain/executor.h"

namespace vedette::net {

/// Something with a file descriptor that the loop watches.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// `events` as epoll(7) reports them.
  virtual void on_ready(std::uint32_t events) = 0;
};

/// Closes its descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Tasks from any thread. Not bounded here: what is posted is bounded by those who post (one response a request,
/// conflated frames a viewer), and a refused task would leave a connection hanging.
class TaskQueue {
 public:
  /// True if the queue was empty: the loop has to be woken.
  bool push(domain::Executor::Task task);
  [[nodiscard]] std::vector<domain::Executor::Task> take();
  /// From now on tasks are dropped.
  void close();

 private:
  std::mutex mutex_;
  std::vector<domain::Executor::Task> tasks_;
  bool closed_ = false;
};

class Loop final : public domain::Executor {
 public:
  /// Aborts when the system has no descriptors left for it: called at start only.
  Loop();

  /// Runs on the calling thread until stop().
  void run();
  /// Any thread.
  void stop();

  void post(Task task) override;
  TimerId after(units::Milliseconds delay, Task task) override;
  void cancel(TimerId timer) override;
  /// Runs `task` at the end of this turn, after all events that are ready. Own thread only.
  void defer(Task task) { deferred_.push_back(std::move(task)); }

  using Key = std::uint64_t;
  /// Own thread only. The watcher is called until unwatch(); an event already fetched for it is dropped.
  Key watch(int fd, std::uint32_t events, Watcher& watcher);
  void change(Key key, int fd, std::uint32_t events);
  void unwatch(Key key, int fd);

  /// When this turn's events were fetched: a clock reading shared by all of them.
  [[nodiscard]] units::Steady now() const noexcept { return now_; }

 private:
  [[nodiscard]] int wait_time() const;
  void wait();
  void run_timers();
  static void run_all(std::vector<Task> tasks);

  struct Timer {
    units::Steady at;
    Task task;
  };

  Descriptor epoll_;
  Descriptor wakeup_;
  TaskQueue posted_;
  std::vector<Task> deferred_;
  // A key is the place of its watcher and, above it, how often that place was given away: an event that was fetched for
  // an earlier watcher of the place is told from one for the present.
  struct Place {
    Watcher* watcher = nullptr;
    std::uint32_t turn = 0;
  };
  std::vector<Place> places_{1};  ///< the first is the wake-up descriptor's
  std::vector<std::uint32_t> free_places_;
  std::set<std::pair<units::Steady, TimerId>> due_;
  std::unordered_map<TimerId, Timer> timers_;
  TimerId next_timer_ = 1;
  units::Steady now_ = std::chrono::steady_clock::now();
  std::atomic<bool> stopping_ = false;
};

}  // namespace vedette::net
