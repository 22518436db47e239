// A value that several threads share and that can be reached only under its lock.
#pragma once

#include <mutex>
#include <utility>

namespace vedette::domain {

/// `guarded.with([](Value& value) { … })`. Keep the work short; never call out of it, but where the lock is there to
/// keep two longer works apart.
template <class Value>
class Guarded {
 public:
  template <class... Arguments>
  explicit Guarded(Arguments&&... arguments) : value_(std::forward<Arguments>(arguments)...) {}

  template <class Work>
  decltype(auto) with(Work work) {
    const std::lock_guard lock(mutex_);
    return work(value_);
  }

  /// Does the work unless another thread has the value: false then.
  template <class Work>
  bool try_with(Work work) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock()) work(value_);
    return lock.owns_lock();
  }

 private:
  std::mutex mutex_;
  Value value_;
};

}  // namespace vedette::domain
