// `vedette-agent once` and `list-metrics`: one reading of this machine as text, for a person or a script.
#pragma once

#include <span>
#include <string>

#include "schema/metrics/series.h"
#include "schema/units/time.h"

namespace vedette::app {

/// One line a series, "system.disk.io{device=sda,direction=read} 512 By", sorted; absent cells are left out.
[[nodiscard]] std::string tick_as_text(std::span<const metrics::Series> series, std::span<const metrics::Cell> cells);

/// {"time": Unix seconds, "samples": [{"name", "attributes", "unit", "kind", "value"}]}, values in base units.
[[nodiscard]] std::string tick_as_json(units::Instant at, std::span<const metrics::Series> series,
                                       std::span<const metrics::Cell> cells);

/// The catalogue's stored metrics: name, unit, kind, attributes, source, description.
[[nodiscard]] std::string metrics_as_text();

/// Runs the collector once, long enough for file systems to answer (at most 3 s), and prints.
int run_once(bool json);

}  // namespace vedette::app
