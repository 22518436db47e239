// The catalogue: every metric Vedette's own agents know, in OpenTelemetry's names (semantic conventions, "System").
// Agents may announce others (own metrics, newer agents): the collector takes unit, kind and quantum from the
// announcement.
#pragma once

#include <span>
#include <string_view>

#include "schema/metrics/series.h"

namespace vedette::metrics {

struct Metric {
  std::string_view name;  ///< OpenTelemetry's, "system.cpu.time"
  std::string_view unit;  ///< UCUM
  Kind kind;
  Quantum quantum;
  std::string_view attributes;  ///< keys, comma-separated, sorted: "cpu,mode"; optional ones end with "?"
  std::string_view source;      ///< where the agent reads it: "/proc/stat"
  std::string_view
      prometheus;  ///< node_exporter's name, or empty; comma-separated where it has one a direction or state
  std::string_view description;  ///< one sentence, English
  bool derived;                  ///< computed from others (rate.h), never stored
};

/// All metrics, sorted by name.
[[nodiscard]] std::span<const Metric> catalogue() noexcept;

/// Null if the name isn't ours.
[[nodiscard]] const Metric* find(std::string_view name) noexcept;

/// A series of a catalogue metric. Precondition: `name` is in the catalogue. Attributes are sorted here.
[[nodiscard]] Series series_of(std::string_view name, std::vector<Attribute> attributes = {});

}  // namespace vedette::metrics
