// The commands as the program runs them: exit codes, standard streams, signals.
#pragma once

#include "server/app/options.h"

namespace vedette::app {

inline constexpr int kExitConfig = 78;  ///< EX_CONFIG of sysexits.h: starting again won't help

/// Runs the collector until SIGTERM or SIGINT; SIGHUP takes up a renewed certificate. Call before any thread was made.
[[nodiscard]] int run_collector(const Options& options);

/// Every other command: through the running collector, or on the data itself.
[[nodiscard]] int run_client(const Options& options);

}  // namespace vedette::app
