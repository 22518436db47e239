// `vedette-agent once` and `list-metrics`: one reading of this machine as text, for a person or a script.
#pragma once

#include <span>
#include <string>

#include "agent/app/command_line.h"
#include "schema/metrics/series.h"
#include "schema/units/time.h"

namespace vedette::app {

/// One line a series, "system.disk.io{device=sda,direction=read} 512 By", sorted; absent cells are left out.
[[nodiscard]] std::string tick_as_text(std::span<const metrics::Series> series, std::span<const metrics::Cell> cells);

/// {"time": Unix seconds, "samples": [{"name", "attributes", "unit", "kind", "value"}]}, values in base units.
[[nodiscard]] std::string tick_as_json(units::Instant at, std::span<const metrics::Series> series,
                                       std::span<const metrics::Cell> cells);

/// For people: a block a group, series and value aligned, sizes in KiB, MiB …, times in seconds, hours, days.
[[nodiscard]] std::string tick_as_table(std::span<const metrics::Series> series, std::span<const metrics::Cell> cells);

/// The catalogue's stored metrics by group: name, unit, kind, attributes, source, description.
[[nodiscard]] std::string metrics_as_text();

/// Runs the collector once, long enough for file systems and sensors to answer (at most 3 s), and prints. What a
/// container hides is told on standard error. The exit code.
int run_once(const Command& command);

}  // namespace vedette::app
