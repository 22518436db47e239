// Enrolment: an administrator makes a token, an agent trades it for its host's identity and key. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "server/domain/access.h"
#include "server/domain/clock.h"
#include "server/domain/control_store.h"

namespace vedette::access {

/// Stores a new enrolment token and returns it; it can be shown only now. Uses 1 … 1,000,000, life up to 1 y.
[[nodiscard]] units::Result<std::string> create_token(domain::AccessRecords& store, std::uint32_t uses,
                                                      units::Milliseconds life, units::Instant now);

class EnrolmentDesk final : public domain::Enrolment {
 public:
  EnrolmentDesk(domain::HostRecords& store, const domain::Clock& clock) : store_(store), clock_(clock) {}
  units::Result<domain::Enrolled> enrol(const std::string& token, const std::string& hostname) override;

 private:
  domain::HostRecords& store_;
  const domain::Clock& clock_;
};

}  // namespace vedette::access
