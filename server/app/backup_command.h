// `vedette-server backup DIR [--progress]`.
#pragma once

#include "server/app/options.h"
#include "server/app/settings.h"

namespace vedette::app {

/// Prints a line a file; with --progress a JSON object a line, as the API tells them (server/api/backup_json.h).
/// Returns the exit status.
[[nodiscard]] int run_backup(const Options& options, const Settings& settings);

}  // namespace vedette::app
