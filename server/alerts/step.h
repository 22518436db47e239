// Decides alert transitions. Pure: no clock, no I/O; the engine feeds it and stores what it returns.
#pragma once

#include <limits>
#include <optional>

#include "server/alerts/rule.h"

namespace vedette::alerts {

/// A gap after a restart of the collector up to which a pending alert goes on.
inline constexpr units::Milliseconds kRestartGap{90'000};

/// Readings come in order: one this much older than the newest shows that the collector's clock was set back. It counts
/// as coming after a gap.
inline constexpr units::Milliseconds kClockStep{60'000};

/// Hosts that lost one path together fall one after another, up to 8 s apart (fleet::kTogether), and join a second
/// later: their message waits for the last of them, however short notify.hold is.
inline constexpr units::Milliseconds kGather{9'000};

/// How long a firing alert outlives its series while the host reports others: a hiccup never resolves.
inline constexpr units::Milliseconds kAbsent{300'000};
/// The same for file systems: from here a mount that hangs looks like one that was unmounted.
inline constexpr units::Milliseconds kAbsentMount{3'600'000};

/// What is known of one (rule, host, attributes). inactive → pending → firing → inactive.
struct AlertState {
  domain::Phase phase = domain::Phase::inactive;
  units::Instant since{};      ///< when `phase` began
  units::Instant last_tick{};  ///< newest tick judged; those up to kClockStep older are ignored
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

/// How long the series of an alert in `phase` may be missing, while its host reports others, until the alert ends. A
/// pending one is given up as soon as step() would start `for` anew in any case.
[[nodiscard]] units::Milliseconds patience(const Rule& rule, domain::Phase phase,
                                           units::Milliseconds interval) noexcept;

/// Judges one reading. Never fires before `lasting` has passed without a gap longer than two intervals (kRestartGap,
/// once, in a restored state); an absent value is a gap, and neither fires nor resolves.
[[nodiscard]] StepResult step(const Rule& rule, const AlertState& state, units::Instant at, Reading reading,
                              units::Milliseconds interval) noexcept;

}  // namespace vedette::alerts
