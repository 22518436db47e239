// What the spool hands out.
#pragma once

#include <memory>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"

namespace vedette::spool {

using wire::StreamId;
using wire::TickNumber;
using wire::TickRow;

/// Of ticks that an earlier run of the agent took.
struct EarlierRun {
  wire::Id128 boot{};
  std::vector<metrics::Series> series;  ///< by that run's numbers; without a name: unknown
};

/// Consecutive ticks of one stream.
struct Batch {
  TickNumber first = 0;
  std::vector<TickRow> rows;
  std::shared_ptr<const EarlierRun> earlier{};  ///< null: this run's; else cells are numbered as it says
};

}  // namespace vedette::spool
