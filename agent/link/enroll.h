// Enrolment: a token becomes this machine's own key, and the key's end. Blocking; used by commands, and by the agent
// before it has an identity.
#pragma once

#include <span>
#include <string>

#include "agent/link/address.h"
#include "agent/link/exchange.h"
#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::link {

struct Enrolment {
  std::string host_id;  ///< 32 hex digits
  std::string key;      ///< secret
};

struct EnrolFailure : units::Error {
  units::Milliseconds at_least{0};  ///< the collector shouldn't be asked again sooner
};

/// POST /api/v1/agent/enroll at the first of the collectors that can be reached. Errors say what to do: `unauthorized`
/// for a token that isn't (or no longer) good and for a proxy's 407, `forbidden` for a certificate that can't be
/// trusted or a proxy that lets nobody through, `unavailable` and `timeout` for collectors out of reach.
[[nodiscard]] std::expected<Enrolment, EnrolFailure> enroll(std::span<const CollectorAddress> collectors,
                                                            const Reach& reach, const std::string& token,
                                                            const std::string& hostname);

/// DELETE /api/v1/agent/enroll: the collector takes the key back. `not_found` if it doesn't know it (any more),
/// otherwise as above; `unauthorized` is a proxy's.
[[nodiscard]] units::Result<void> unenroll(std::span<const CollectorAddress> collectors, const Reach& reach,
                                           const std::string& key);

}  // namespace vedette::link
