// How long to wait before the next connection: full jitter, so that a thousand agents don't come back at once. Pure.
#pragma once

#include "schema/units/time.h"

namespace vedette::link {

class Backoff {
 public:
  /// Evenly from 0 to a cap of 1 s, then 2, 4 … up to 30 s. `random` is from 0 to 1 (without 1).
  [[nodiscard]] units::Milliseconds next(double random) noexcept;

  /// The collector took data: the next wait is the shortest again.
  void reset() noexcept { cap_ = kFirst; }

  static constexpr units::Milliseconds kFirst{1'000};
  static constexpr units::Milliseconds kMost{30'000};

 private:
  units::Milliseconds cap_ = kFirst;
};

}  // namespace vedette::link
