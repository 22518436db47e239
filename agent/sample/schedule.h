// When ticks are taken and what time they carry. Pure: time is passed in.
#pragma once

#include "schema/units/time.h"

namespace vedette::sample {

/// Ticks at whole multiples of the interval of the host's wall clock, as it stood when the schedule began; from then on
/// only the monotonic clock counts. Neither a step of the wall clock nor a reconnection moves the ticks.
class Schedule {
 public:
  /// `wall` and `now` are one moment on both clocks.
  Schedule(units::Instant wall, units::Steady now, units::Milliseconds interval);

  /// When the next tick is due.
  [[nodiscard]] units::Steady due() const noexcept { return due_; }

  /// A tick's host time: when it was due, or, if taken later than `kSnap` after that, when it was taken, so that rates
  /// stay right. Also moves on to the next due time after `now`; intervals slept through are skipped, not made up.
  /// Precondition: now ≥ due().
  [[nodiscard]] units::Instant take(units::Steady now);

  /// Another interval from the next tick on; whole multiples of it again.
  void set_interval(units::Milliseconds interval, units::Steady now);

  /// The host's time at `now`, by the clock that ticks use.
  [[nodiscard]] units::Instant host_time(units::Steady now) const noexcept;

  static constexpr units::Milliseconds kSnap{25};

 private:
  void align(units::Steady after);

  units::Instant wall_;
  units::Steady start_;
  units::Milliseconds interval_;
  units::Steady due_;
};

/// The offset of a stream's ticks: collector's clock minus host's at Welcome, measured as collector_time + round_trip/2
/// − host_time. Below half the round trip + 50 ms it counts as 0: that much is the measurement's own doubt.
[[nodiscard]] units::Milliseconds clock_offset(units::Instant collector_time, units::Instant host_time_at_welcome,
                                               units::Milliseconds round_trip) noexcept;

}  // namespace vedette::sample
