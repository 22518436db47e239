#include "tests/load/swarm/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace vedette::swarm {

using Clock = std::chrono::steady_clock;

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) std::abort();
}

Loop::~Loop() {
  ::close(epoll_);
}

void Loop::watch(int fd, std::uint32_t events, Source& source, bool known) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  if (::epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) std::abort();
}

void Loop::arm(Source& source, units::Steady at) {
  if (source.armed_ == at) return;
  source.armed_ = at;
  if (at != units::Steady::max()) deadlines_.push({at, &source});
}

void Loop::serve_deadlines() {
  while (!deadlines_.empty() && deadlines_.top().at <= Clock::now()) {
    const Deadline due = deadlines_.top();
    deadlines_.pop();
    if (due.source->armed_ != due.at) continue;  // armed anew since
    due.source->armed_ = units::Steady::max();
    const auto now = Clock::now();
    late_ = std::max(late_, now - due.at);
    due.source->on_time(now);
  }
}

void Loop::run(units::Steady until) {
  std::array<epoll_event, 512> events{};
  while (!stopped_ && Clock::now() < until) {
    serve_deadlines();
    const units::Steady next = deadlines_.empty() ? until : std::min(until, deadlines_.top().at);
    const auto left = std::chrono::ceil<units::Milliseconds>(next - Clock::now()).count();
    const int wait = static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000));
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), wait);
    for (int i = 0; i < count; ++i) {
      static_cast<Source*>(events[static_cast<std::size_t>(i)].data.ptr)->on_ready(Clock::now());
    }
  }
}

units::Milliseconds Loop::take_lateness() {
  return std::chrono::ceil<units::Milliseconds>(std::exchange(late_, {}));
}

}  // namespace vedette::swarm
