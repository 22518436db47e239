// A decoded backfill on its way to ticks, laid out part by part: cells as wide as the host's series numbers take far
// more memory than the columns that they come from. Pure.
#pragma once

#include <vector>

#include "schema/chunk/chunk.h"
#include "server/domain/tick.h"

namespace vedette::ingest {

class Layout {
 public:
  struct Source {
    domain::Batch batch;  ///< host, stream and the number of the first tick, accepted before or not; no ticks
    std::uint32_t boot = 0;
    std::vector<units::Instant> times;
    std::vector<chunk::Column> columns;  ///< ids are the host's series numbers, in any order; one value a time
  };

  /// Leaves out the first `skip` ticks.
  Layout(Source source, std::size_t skip);

  [[nodiscard]] bool done() const noexcept { return at_ >= source_.times.size(); }
  /// The next ticks, kMaxBatchCells cells or one tick of them. Precondition: not done.
  [[nodiscard]] domain::Batch next();

 private:
  Source source_;
  std::size_t at_, width_ = 0;
};

}  // namespace vedette::ingest
