// Decides alert transitions. Pure: no clock, no I/O; the engine feeds it and stores what it returns.
#pragma once

#include <limits>
#include <optional>

#include "server/alerts/rule.h"

namespace vedette::alerts {

/// A gap after a restart of the collector up to which a pending alert goes on.
inline constexpr units::Milliseconds kRestartGap{90'000};

/// What is known of one (rule, host, attributes). inactive → pending → firing → inactive.
struct AlertState {
  domain::Phase phase = domain::Phase::inactive;
  units::Instant since{};      ///< when `phase` began
  units::Instant last_tick{};  ///< newest tick judged; older ones are ignored
  bool restored = false;       ///< read from the store, nothing judged since: the gap so far is the collector's own
  bool operator==(const AlertState&) const = default;
};

struct Reading {
  double value = std::numeric_limits<double>::quiet_NaN();   ///< base unit; NaN is absent
  double second = std::numeric_limits<double>::quiet_NaN();  ///< for Rule::second_limit
};

struct StepResult {
  AlertState next;
  std::optional<domain::Transition> change;  ///< set when it became firing, or resolved
};

/// Judges one reading. Never fires before `lasting` has passed without a gap longer than two intervals (kRestartGap,
/// once, in a restored state); an absent value is a gap, and neither fires nor resolves.
[[nodiscard]] StepResult step(const Rule& rule, const AlertState& state, units::Instant at, Reading reading,
                              units::Milliseconds interval) noexcept;

}  // namespace vedette::alerts
