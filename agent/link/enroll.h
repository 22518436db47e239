// Enrolment: a token becomes this machine's own key. Blocking; used by the command, never by the running agent.
#pragma once

#include <optional>
#include <string>

#include "agent/link/address.h"
#include "agent/link/pin.h"
#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::link {

struct Enrolment {
  std::string host_id;  ///< 32 hex digits
  std::string key;      ///< secret
};

/// POST /api/v1/agent/enroll. Errors say what to do: `unauthorized` for a token that isn't (or no longer) good,
/// `forbidden` for a certificate that can't be trusted, `unavailable` and `timeout` for a collector out of reach.
[[nodiscard]] units::Result<Enrolment> enroll(const CollectorAddress& address, const std::optional<Pin>& pin,
                                              const std::string& token, const std::string& hostname,
                                              units::Milliseconds limit = std::chrono::seconds{15});

}  // namespace vedette::link
