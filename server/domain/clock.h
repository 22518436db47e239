// The collector's clocks, injected so that tests own time.
#pragma once

#include "schema/units/time.h"

namespace vedette::domain {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual units::Instant now() const = 0;    ///< UTC; may jump
  [[nodiscard]] virtual units::Steady steady() const = 0;  ///< never jumps
};

/// The machine's own clocks. Any thread.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] units::Instant now() const override {
    return std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] units::Steady steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace vedette::domain
