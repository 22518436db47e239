// [limits]: what one peer may take, and all together.
#pragma once

#include "server/app/settings.h"

namespace vedette::app {

/// Faults name key, value and range.
void read_limits(config::Table table, Settings& settings);

}  // namespace vedette::app
