#include "server/app/control_thread.h"

#include <algorithm>
#include <future>
#include <memory>

namespace vedette::app {
namespace {

constexpr std::size_t kCapacity = 65'536;
constexpr units::Milliseconds kLongestRound{1000};  // keeps last_round() fresh when nothing happens

}  // namespace

ControlThread::ControlThread(const domain::Clock& clock)
    : clock_(clock),
      queue_(kCapacity, domain::Overflow::block),
      last_round_(clock.steady().time_since_epoch().count()) {
  thread_ = std::thread([this] { run(); });
}

ControlThread::~ControlThread() {
  stop();
}

void ControlThread::post(Task task) {
  // Waiting for itself would be for ever: then the task becomes a timer that is due at once.
  if (std::this_thread::get_id() == thread_.get_id()) {
    after(units::Milliseconds{0}, std::move(task));
    return;
  }
  (void)queue_.push(std::move(task));
}

domain::Executor::TimerId ControlThread::after(units::Milliseconds delay, Task task) {
  const TimerId id = next_timer_++;
  const units::Steady at = clock_.steady() + delay;
  timers_.emplace(std::pair(at, id), std::move(task));
  due_.emplace(id, at);
  return id;
}

void ControlThread::cancel(TimerId timer) {
  const auto found = due_.find(timer);
  if (found == due_.end()) return;
  timers_.erase({found->second, timer});
  due_.erase(found);
}

void ControlThread::stop() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

void ControlThread::run_and_wait(const Task& task) {
  std::promise<void> done;
  // Shared with the queue, which destroys an unrun task when it is closed: then the promise breaks and we go on.
  auto shared = std::make_shared<std::promise<void>>(std::move(done));
  auto finished = shared->get_future();
  post([&task, shared] {
    task();
    shared->set_value();
  });
  shared.reset();
  finished.wait();
}

units::Milliseconds ControlThread::until_next() const {
  if (timers_.empty()) return kLongestRound;
  const auto left = std::chrono::ceil<units::Milliseconds>(timers_.begin()->first.first - clock_.steady());
  return std::clamp(left, units::Milliseconds{0}, kLongestRound);
}

void ControlThread::run_due() {
  const units::Steady now = clock_.steady();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto node = timers_.extract(timers_.begin());
    due_.erase(node.key().second);
    node.mapped()();
  }
}

void ControlThread::run() {
  for (;;) {
    auto task = queue_.pop_for(until_next());
    if (task) (*task)();
    if (!task && queue_.closed()) return;
    run_due();
    last_round_ = clock_.steady().time_since_epoch().count();
  }
}

}  // namespace vedette::app
