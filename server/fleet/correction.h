// What turned out after an outage, in words. Pure.
#pragma once

#include <optional>
#include <string>

#include "server/domain/host.h"

namespace vedette::fleet {

struct Span {
  units::Instant from{}, to{};
};

/// The longest time without a tick since the last sign of life before an outage. Ticks may come late, in ascending
/// order; one that comes out of order is left out, so that a hole looks too long rather than too short.
class Hole {
 public:
  explicit Hole(units::Instant from) : last_(from), longest_{from, from} {}
  void tick(units::Instant at);
  [[nodiscard]] Span longest(units::Instant to) const;  ///< `to`: when the outage ended

 private:
  units::Instant last_;
  Span longest_;
};

struct Evidence {
  std::optional<units::Instant> rebooted;  ///< when the host booted, if that was during the outage
  bool covered = false;                    ///< samples of the whole time came afterwards
  Span hole{};                             ///< the longest time without, if not covered
  std::optional<bool> same_run;            ///< the agent's process outlived the outage; absent if nobody can tell
};

/// "rebooted at 03:02"; "host was up; network cut 03:02–03:09"; if most samples came but not all, "host was up; network
/// cut 03:02–03:09; no samples 03:04–03:05"; if not, "agent was stopped or frozen, no samples 03:02–03:09", "agent died
/// and was started again, no samples 03:02–03:09" or, if nobody can tell, "agent took no samples 03:02–03:09". Times
/// UTC. Empty if nothing more is to be said: a service that was stopped and came back. Precondition: the outage ended.
[[nodiscard]] std::string correction(const domain::Outage& outage, const Evidence& evidence);

}  // namespace vedette::fleet
