#include "server/ingest/layout.h"

#include <algorithm>

#include "schema/wire/messages.h"

namespace vedette::ingest {

Layout::Layout(Source source, std::size_t skip) : source_(std::move(source)), at_(skip) {
  for (const auto& column : source_.columns) width_ = std::max<std::size_t>(width_, column.id + std::size_t{1});
}

domain::Batch Layout::next() {
  const std::size_t fit = std::max<std::size_t>(1, wire::kMaxBatchCells / std::max<std::size_t>(1, width_));
  const std::size_t end = at_ + std::min(fit, source_.times.size() - at_);
  domain::Batch batch = source_.batch;
  batch.first += at_;
  batch.ticks.reserve(end - at_);
  for (std::size_t n = at_; n < end; ++n) {
    batch.ticks.push_back({source_.times[n], source_.boot, std::vector<metrics::Cell>(width_)});
  }
  for (const auto& column : source_.columns) {
    for (std::size_t n = at_; n < end; ++n) {
      if (!column.present.empty() && !column.present[n]) continue;
      batch.ticks[n - at_].cells[column.id] = {column.values[n], true};
    }
  }
  at_ = end;
  return batch;
}

}  // namespace vedette::ingest
