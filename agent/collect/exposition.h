// The Prometheus text format (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4), as scripts write it
// for node_exporter's textfile collector. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/metrics/series.h"

namespace vedette::collect {

struct ExposedSample {
  metrics::Series series;  ///< doubles; a counter where its TYPE says so
  double value = 0;
};

struct Exposition {
  std::vector<ExposedSample> samples;
  /// What was left out and why, the first of it: "line 3: …". Empty if all could be read.
  std::string fault;
  std::size_t faults = 0;
};

/// Timestamps are refused: a sample is of the time at which it is read. NaN counts as no value. A series that comes
/// twice is left out the second time.
[[nodiscard]] Exposition parse_exposition(std::string_view text);

}  // namespace vedette::collect
