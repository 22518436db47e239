// Something with one thread of its own on which it runs what others hand it: an event loop, the control thread.
#pragma once

#include <cstdint>
#include <functional>

#include "schema/units/time.h"

namespace vedette::domain {

class Executor {
 public:
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;

  virtual ~Executor() = default;
  /// Runs `task` soon on the executor's thread, in order of posting. Any thread. Dropped after the executor stopped.
  virtual void post(Task task) = 0;
  /// Runs `task` once after `delay`. On the executor's own thread only.
  virtual TimerId after(units::Milliseconds delay, Task task) = 0;
  /// Own thread only; unknown ids are ignored.
  virtual void cancel(TimerId timer) = 0;
};

}  // namespace vedette::domain
