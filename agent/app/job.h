// `vedette-agent job`.
#pragma once

#include "agent/app/command_line.h"

namespace vedette::app {

/// The command's exit status; 64 if the name is none. A configuration that can't be read is told and passed over: a job
/// must not fail for it.
[[nodiscard]] int run_named_job(const Command& command);

}  // namespace vedette::app
