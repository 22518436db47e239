// The control thread: runs, one after the other, what others post to it, and timers. Fleet state, rules, alerts and
// live topics belong to it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include "server/domain/clock.h"
#include "server/domain/executor.h"
#include "server/domain/queue.h"

namespace vedette::app {

/// post(): any thread; waits while 65,536 tasks are queued (from its own thread never). after() and cancel(): its own.
class ControlThread final : public domain::Executor {
 public:
  explicit ControlThread(const domain::Clock& clock);
  ~ControlThread() override;

  void post(Task task) override;
  TimerId after(units::Milliseconds delay, Task task) override;
  void cancel(TimerId timer) override;

  /// Runs what was posted, drops timers, ends the thread. Not from the thread itself.
  void stop();
  /// Posts a task and waits for its end. Not from the thread itself.
  void run_and_wait(const Task& task);

  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  /// When the thread last finished a round, for the watchdog. Any thread.
  [[nodiscard]] units::Steady last_round() const { return units::Steady(units::Steady::duration(last_round_.load())); }

 private:
  void run();
  void run_due();
  [[nodiscard]] units::Milliseconds until_next() const;

  const domain::Clock& clock_;
  domain::BoundedQueue<Task> queue_;
  std::map<std::pair<units::Steady, TimerId>, Task> timers_;
  std::map<TimerId, units::Steady> due_;
  TimerId next_timer_ = 1;
  std::atomic<units::Steady::rep> last_round_;
  std::thread thread_;
};

}  // namespace vedette::app
