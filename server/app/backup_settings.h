// [backup]: where the API may have backups written to.
#pragma once

#include "server/app/settings.h"

namespace vedette::app {

void read_backup(config::Table table, Settings& settings);

/// The directory and the data directory lie apart. `invalid` naming key and file.
[[nodiscard]] units::Result<void> check_backup(const Settings& settings);

}  // namespace vedette::app
