// An executor whose time is moved by hand.
#pragma once

#include <deque>
#include <map>
#include <utility>

#include "server/domain/executor.h"

namespace vedette::tests {

/// Runs what is posted when told; after() waits for advance().
class ManualExecutor final : public domain::Executor {
 public:
  void post(Task task) override { tasks_.push_back(std::move(task)); }
  TimerId after(units::Milliseconds delay, Task task) override {
    timers_.emplace(now_ + delay, std::pair(++last_, std::move(task)));
    return last_;
  }
  void cancel(TimerId timer) override {
    std::erase_if(timers_, [timer](const auto& entry) { return entry.second.first == timer; });
  }
  bool run() {
    const bool any = !tasks_.empty();
    while (!tasks_.empty()) {
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
    return any;
  }
  void advance(units::Milliseconds span) {
    const auto until = now_ + span;
    while (!timers_.empty() && timers_.begin()->first <= until) {
      now_ = timers_.begin()->first;
      const Task task = std::move(timers_.begin()->second.second);
      timers_.erase(timers_.begin());
      task();
    }
    now_ = until;
  }
  [[nodiscard]] units::Milliseconds now() const { return now_; }

 private:
  std::deque<Task> tasks_;
  std::multimap<units::Milliseconds, std::pair<TimerId, Task>> timers_;
  units::Milliseconds now_{1'000};
  TimerId last_ = 0;
};

}  // namespace vedette::tests
