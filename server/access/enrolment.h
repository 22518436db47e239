// Enrolment: an administrator makes a token, an agent trades it for its host's identity and key. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "server/access/attempts.h"
#include "server/access/refusal_log.h"
#include "server/domain/access.h"
#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/guarded.h"

namespace vedette::access {

inline constexpr std::uint32_t kMostAgentsPerToken = 1'000'000;

/// Stores a new enrolment token and returns it; it can be shown only now. Uses 1 … `most_uses`, life up to 1 y.
[[nodiscard]] units::Result<std::string> create_token(domain::AccessRecords& store, std::uint32_t uses,
                                                      units::Milliseconds life, units::Instant now,
                                                      std::uint32_t most_uses = kMostAgentsPerToken);

/// Anyone may ask, so that refusals must be cheap: after 10 bad tokens (or as many as configured) an address has to
/// pause (30 s, doubling up to 15 min) and is told so without a look into the store; a good token clears its count.
/// Refusals are logged as RefusalLog allows.
class EnrolmentDesk final : public domain::Enrolment {
 public:
  static constexpr std::uint32_t kFreeTries = 10;

  EnrolmentDesk(domain::HostRecords& store, const domain::Clock& clock, std::uint32_t free_tries = kFreeTries)
      : store_(store), clock_(clock), free_tries_(free_tries) {}
  domain::EnrolAnswer enrol(const std::string& token, const std::string& hostname, const std::string& peer) override;

  /// Tries refused because their address had to pause, and tokens that had made all the hosts they may. Any thread.
  [[nodiscard]] std::uint64_t paused() const noexcept { return paused_; }
  [[nodiscard]] std::uint64_t used_up() const noexcept { return used_up_; }

 private:
  struct Doorman {
    Tries tries{10'000};
    RefusalLog log;
  };
  [[nodiscard]] domain::EnrolAnswer refused(units::Error error, std::chrono::seconds wait, const std::string& hostname,
                                            const std::string& peer);

  domain::HostRecords& store_;
  const domain::Clock& clock_;
  const std::uint32_t free_tries_;
  domain::Guarded<Doorman> doorman_;
  std::atomic<std::uint64_t> paused_ = 0, used_up_ = 0;
};

}  // namespace vedette::access
