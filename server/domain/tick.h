// Ticks inside the collector: validated, in the collector's time, cells by the host's own series numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/time.h"
#include "server/domain/ids.h"

namespace vedette::domain {

/// All samples of one host at one time. cells[n] belongs to SeriesNumber n; past the end is absent.
struct Tick {
  units::Instant at{};
  std::uint32_t boot = 0;  ///< numbers the host's boots from 1; counters of different boots don't compare
  std::vector<metrics::Cell> cells;
};

/// Consecutive ticks of one stream: ticks[i] is number first + i. `stream` is random, never 0.
struct Batch {
  HostNumber host{};
  std::uint64_t stream = 0;
  std::uint64_t first = 0;
  bool live = true;  ///< false for backfill
  std::vector<Tick> ticks;
};
using SharedBatch = std::shared_ptr<const Batch>;

/// "Every tick of this host's stream up to `last` is durable."
struct StreamMark {
  HostNumber host{};
  std::uint64_t stream = 0;
  std::uint64_t last = 0;
};

}  // namespace vedette::domain
