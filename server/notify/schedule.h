// Decides which delivery of one receiver is tried next, and when. Pure: time is passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "server/domain/control_store.h"

namespace vedette::notify {

/// How long to wait after the n-th failure (from 1): 5, 10, 20, 40 s, then every 60 s until ten minutes have passed,
/// then 2, 4, 8 and at last 10 min.
[[nodiscard]] units::Milliseconds back_off(std::uint32_t failures) noexcept;

inline constexpr std::chrono::hours kGiveUpAfter{72};  ///< since the transition happened
/// How long past its hold a first try waits: an alert that resolved a moment before takes its delivery back by then.
inline constexpr units::Milliseconds kSettle{1000};

/// What one run of the collector knows about deliveries that failed; a restart forgets it, so that all are tried at
/// once. One owner.
class Schedule {
 public:
  struct Due {
    std::size_t index = 0;
    std::optional<std::size_t> after;  ///< the incident's fired, unfinished: only for recipients settled there
  };
  struct Plan {
    std::vector<Due> due;                     ///< in order; the resolved of an incident after its fired
    std::optional<units::Milliseconds> wait;  ///< until the next one is due; nothing: none waits
  };
  /// `waiting` is the receiver's part of the outbox, oldest first. An incident's resolved is due only when its fired
  /// is finished, or settled for a recipient that the resolved isn't. Forgets deliveries that are gone.
  [[nodiscard]] Plan plan(const std::vector<domain::Delivery>& waiting, units::Instant now, units::Steady steady);

  /// The delivery failed (or, its receiver being away, wasn't tried); returns how long it now waits.
  units::Milliseconds failed(std::uint64_t delivery, units::Steady steady);

 private:
  struct Failure {
    std::uint32_t count = 0;
    units::Steady next{};
  };
  std::unordered_map<std::uint64_t, Failure> failures_;  ///< by delivery; as many as the outbox holds
};

}  // namespace vedette::notify
