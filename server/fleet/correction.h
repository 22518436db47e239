// What turned out after an outage, in words. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/domain/host.h"

namespace vedette::fleet {

struct Evidence {
  std::optional<units::Instant> rebooted;  ///< when the host booted, if that was during the outage
  bool covered = false;                    ///< samples of the whole time came afterwards
  std::uint64_t backfilled = 0;            ///< samples' ticks of that time that came afterwards
};

/// "rebooted at 03:02", "host was up; network cut 03:02–03:09", "agent was stopped: no samples 03:02–03:09". Times UTC.
/// Precondition: the outage ended.
[[nodiscard]] std::string correction(const domain::Outage& outage, const Evidence& evidence);

}  // namespace vedette::fleet
