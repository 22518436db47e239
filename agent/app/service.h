// The service manager's side of things: readiness and watchdog (sd_notify(3)), and why we are being stopped.
#pragma once

#include <optional>
#include <string_view>

#include "schema/units/time.h"
#include "schema/wire/messages.h"

namespace vedette::app {

/// Writes "READY=1" and the like to NOTIFY_SOCKET; nothing happens without one.
void notify_service_manager(std::string_view state);

/// How often WATCHDOG=1 is due: half of WATCHDOG_USEC. Nothing if no watchdog waits for this process.
[[nodiscard]] std::optional<units::Milliseconds> watchdog_interval();

/// Why a SIGTERM came: asks systemd over the system bus which jobs are queued (at most 300 ms), else looks whether
/// logins are closed already. Service stop if nothing else is known.
[[nodiscard]] wire::GoodbyeReason reason_of_stop();

/// Pure part: a target's name in the list of jobs tells what the machine is about to do.
[[nodiscard]] std::optional<wire::GoodbyeReason> reason_of_jobs(std::string_view jobs);

}  // namespace vedette::app
