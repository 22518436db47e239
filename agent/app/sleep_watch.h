// Notices that the machine was suspended: CLOCK_BOOTTIME goes on meanwhile and CLOCK_MONOTONIC doesn't. Pure.
#pragma once

#include <chrono>

#include "schema/units/time.h"

namespace vedette::app {

class SleepWatch {
 public:
  /// `boot` and `running` are the two clocks now.
  SleepWatch(std::chrono::nanoseconds boot, std::chrono::nanoseconds running) : ahead_(boot - running) {}

  /// How long the machine was asleep since the last call; zero almost always.
  [[nodiscard]] units::Milliseconds step(std::chrono::nanoseconds boot, std::chrono::nanoseconds running) {
    const auto asleep = boot - running - ahead_;
    if (asleep < kLeast) return units::Milliseconds{0};
    ahead_ = boot - running;
    return std::chrono::floor<units::Milliseconds>(asleep);
  }

 private:
  static constexpr std::chrono::milliseconds kLeast{100};  ///< the clocks are read one after the other
  std::chrono::nanoseconds ahead_;
};

}  // namespace vedette::app
