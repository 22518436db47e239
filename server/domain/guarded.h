// A value that several threads share and that can be reached only under its lock.
#pragma once

#include <mutex>
#include <utility>

namespace vedette::domain {

/// `guarded.with([](Value& value) { … })`. Keep the work short; never call out of it.
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

 private:
  std::mutex mutex_;
  Value value_;
};

}  // namespace vedette::domain
