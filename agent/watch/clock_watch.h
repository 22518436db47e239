// Notices that the host's clock was set. Pure: time is passed in. One owner thread.
#pragma once

#include <optional>

#include "agent/watch/happening.h"

namespace vedette::watch {

class ClockWatch {
 public:
  explicit ClockWatch(const wire::Id128& run) : run_(run) {}
  /// `wall` and `now` are one moment on the host's clock and on CLOCK_BOOTTIME, which a suspend doesn't stop.
  [[nodiscard]] std::optional<Happening> take(units::Instant wall, units::Steady now);

  /// A larger jump between two ticks is a step; adjtime(3) slews 0.5 ms a second.
  static constexpr units::Milliseconds kStep{1'000};

 private:
  wire::Id128 run_;
  std::optional<units::Milliseconds> apart_;
  std::uint64_t steps_ = 0;
};

}  // namespace vedette::watch
