// What the commands do: the same code beside a running collector (through its control socket) and without one.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "server/access/certificates.h"
#include "server/access/enrolment.h"
#include "server/access/people.h"
#include "server/app/options.h"
#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/observer.h"
#include "server/notify/receiver.h"

namespace vedette::app {

/// What commands work on. The references outlive it.
struct CommandGround {
  domain::ControlStore& store;
  const domain::Clock& clock;
  access::LoginBook* logins;                ///< null without a running collector
  domain::RevocationObserver* revocations;  ///< likewise
  std::function<units::Result<domain::HostRecord>(const std::string& name_or_id)> remove_host;
  std::function<units::Result<std::string>()> pin;
  const notify::Config& notify;
  std::uint32_t agents_per_token = access::kMostAgentsPerToken;
  std::stop_token stop{};  ///< breaks off what blocks
};

/// Runs one command; the result is what it prints. "receivers test" blocks for up to half a minute. `input` is standard
/// input's first line (the password).
[[nodiscard]] units::Result<std::string> run_command(const Options& options, const std::string& input,
                                                     const CommandGround& ground);

}  // namespace vedette::app
