// What is logged while it lives, for tests to look at.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "schema/units/log.h"

namespace vedette::app {

/// Made before any thread starts, gone after the last one ended.
class Log {
 public:
  Log() {
    units::bind_log([this](units::Level, std::string_view line) {
      const std::scoped_lock lock(mutex_);
      lines_ += line;
      more_.notify_all();
    });
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { units::bind_log({}); }

  std::size_t count(std::string_view words) {
    const std::scoped_lock lock(mutex_);
    return counted(words);
  }

  /// Waits until the words were logged; false if they aren't within ten seconds.
  bool await(std::string_view words) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, std::chrono::seconds(10), [&] { return counted(words) > 0; });
  }

 private:
  std::size_t counted(std::string_view words) const {
    std::size_t n = 0;
    for (std::size_t at = lines_.find(words); at != std::string::npos; at = lines_.find(words, at + 1)) ++n;
    return n;
  }

  std::mutex mutex_;
  std::condition_variable more_;
  std::string lines_;
};

}  // namespace vedette::app
