// The log of one test.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/log.h"

namespace vedette::tests {

/// What is logged while it lives, on any thread. Made before any thread starts, gone after the last one ended.
class Logged {
 public:
  Logged() {
    units::bind_log([this](units::Level, std::string_view line) {
      const std::scoped_lock lock(mutex_);
      lines_.emplace_back(line);
      more_.notify_all();
    });
  }
  ~Logged() { units::bind_log({}); }
  Logged(const Logged&) = delete;
  Logged& operator=(const Logged&) = delete;

  [[nodiscard]] std::string text() const {
    const std::scoped_lock lock(mutex_);
    std::string all;
    for (const auto& line : lines_) all += line;
    return all;
  }

  /// The lines that hold all the parts.
  [[nodiscard]] std::vector<std::string> with(const std::convertible_to<std::string_view> auto&... parts) const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> found;
    for (const auto& line : lines_) {
      if ((line.contains(parts) && ...)) found.push_back(line);
    }
    return found;
  }
  /// How many lines hold all the parts.
  [[nodiscard]] std::size_t count(const std::convertible_to<std::string_view> auto&... parts) const {
    return with(parts...).size();
  }

  /// Waits for a line that holds all the parts; false if there is none within ten seconds.
  [[nodiscard]] bool await(const std::convertible_to<std::string_view> auto&... parts) const {
    const auto logged = [&] {
      return std::ranges::any_of(lines_, [&](const auto& line) { return (line.contains(parts) && ...); });
    };
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, std::chrono::seconds(10), logged);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable more_;
  std::vector<std::string> lines_;
};

}  // namespace vedette::tests
