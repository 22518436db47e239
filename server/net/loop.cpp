#include "server/net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace vedette::net {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

bool TaskQueue::push(domain::Executor::Task task) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return false;
  tasks_.push_back(std::move(task));
  return tasks_.size() == 1;
}

std::vector<domain::Executor::Task> TaskQueue::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(tasks_, {});
}

void TaskQueue::close() {
  std::vector<domain::Executor::Task> dropped;  // destroyed outside the lock: a task may own anything
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  dropped.swap(tasks_);
}

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wakeup_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (epoll_.get() < 0 || wakeup_.get() < 0) std::abort();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) != 0) std::abort();
}

void Loop::run() {
  while (!stopping_) {
    wait();
    run_timers();
    run_all(posted_.take());
    run_all(std::exchange(deferred_, {}));
  }
  posted_.close();
}

void Loop::run_all(std::vector<Task> tasks) {
  for (Task& task : tasks) {
    task();
    task = nullptr;  // what it captured goes before the next task runs
  }
}

void Loop::stop() {
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);
}

void Loop::post(Task task) {
  if (!posted_.push(std::move(task))) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);
}

Loop::TimerId Loop::after(units::Milliseconds delay, Task task) {
  const TimerId id = next_timer_++;
  const auto at = std::chrono::steady_clock::now() + delay;
  due_.emplace(at, id);
  timers_.emplace(id, Timer{at, std::move(task)});
  return id;
}

void Loop::cancel(TimerId timer) {
  const auto found = timers_.find(timer);
  if (found == timers_.end()) return;
  due_.erase({found->second.at, timer});
  timers_.erase(found);
}

Loop::Key Loop::watch(int fd, std::uint32_t events, Watcher& watcher) {
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back();
  }
  const std::uint32_t at = free_places_.back();
  free_places_.pop_back();
  Place& place = places_[at];
  place.watcher = &watcher;
  const Key key = Key{place.turn} << 32 | at;
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) std::abort();
  return key;
}

void Loop::change(Key key, int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) std::abort();
}

void Loop::unwatch(Key key, int fd) {
  const auto at = static_cast<std::uint32_t>(key);
  places_[at] = {nullptr, static_cast<std::uint32_t>(key >> 32) + 1};
  free_places_.push_back(at);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

int Loop::wait_time() const {
  if (!deferred_.empty()) return 0;
  if (due_.empty()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(due_.begin()->first - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void Loop::wait() {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_time());
  now_ = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == 0) {
      std::uint64_t value = 0;
      [[maybe_unused]] const auto got = ::read(wakeup_.get(), &value, sizeof value);
      continue;
    }
    const Place place = places_[static_cast<std::uint32_t>(event.data.u64)];
    if (place.watcher != nullptr && place.turn == event.data.u64 >> 32) place.watcher->on_ready(event.events);
  }
}

void Loop::run_timers() {
  while (!due_.empty() && due_.begin()->first <= now_) {
    const TimerId id = due_.begin()->second;
    due_.erase(due_.begin());
    const auto found = timers_.find(id);
    const Task task = std::move(found->second.task);
    timers_.erase(found);
    task();
  }
}

}  // namespace vedette::net
