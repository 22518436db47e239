// [alerts], [notify] and [[rule]] of the configuration, as the alert engine's own struct.
#pragma once

#include "server/alerts/rule.h"
#include "server/config/table.h"

namespace vedette::app {

/// Faults are noted in the file.
void read_alerts(config::File& file, alerts::Config& config);

}  // namespace vedette::app
