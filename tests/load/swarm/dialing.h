// How many agents dial at once. Machines have a processor each; one process that shook ten thousand hands side by side
// would be done with all of them at the same time, past every deadline.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace vedette::swarm {

class Dialing {
 public:
  explicit Dialing(std::size_t most) : most_(most) {}

  /// True: dial now. False: `may_dial` is called when those before have ended; it has begun then.
  [[nodiscard]] bool begin(std::function<void()> may_dial) {
    if (count_ == most_) {
      waiting_.push_back(std::move(may_dial));
      return false;
    }
    ++count_;
    return true;
  }

  /// One that began is through, or gave up.
  void end() {
    if (waiting_.empty()) {
      --count_;
      return;
    }
    const std::function<void()> next = std::move(waiting_.front());
    waiting_.pop_front();
    next();
  }

 private:
  const std::size_t most_;
  std::size_t count_ = 0;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace vedette::swarm
