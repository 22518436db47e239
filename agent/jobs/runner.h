// `vedette-agent job NAME -- COMMAND`: runs the command as whoever calls, with its input and output as they are, and
// tells the agent of its beginning and end. Whatever becomes of the telling, the command and its exit status stay the
// same.
#pragma once

#include <span>
#include <string>

#include "schema/units/result.h"

namespace vedette::jobs {

/// The command's exit status, 128 + n if signal n ended it, 127 if there is no such program, 126 if it can't be
/// started. SIGTERM, SIGINT and SIGHUP are passed on to it. `socket`: where the agent listens. Words about an agent
/// that can't be told go to standard error.
[[nodiscard]] int run_job(const std::string& name, std::span<const std::string> command, const std::string& socket);

}  // namespace vedette::jobs
