// The commands that talk to a collector.
#pragma once

#include "agent/app/command_line.h"

namespace vedette::app {

inline constexpr int kConfigError = 78;  // EX_CONFIG of sysexits.h; the service's unit doesn't restart on it

/// `vedette-agent run`: until SIGTERM or SIGINT. The exit code.
int run_agent(const Command& command);

/// `vedette-agent enroll`. The exit code.
int run_enroll(const Command& command);

/// `vedette-agent unenroll`. The exit code.
int run_unenroll(const Command& command);

}  // namespace vedette::app
