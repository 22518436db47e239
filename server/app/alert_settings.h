// [alerts], [notify], [[rule]] and [[receiver]] of the configuration, as the structs of alerts and notify.
#pragma once

#include "server/alerts/rule.h"
#include "server/config/table.h"
#include "server/notify/receiver.h"

namespace vedette::app {

/// Faults are noted in the file. Fills `config.hold` and `config.receivers` (names), which the engine needs, too.
void read_alerts(config::File& file, alerts::Config& config, notify::Config& notify);

}  // namespace vedette::app
