// From ticks and rows of the tiers to how far counters went between borders. Pure; fed slot by slot in order of time.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "server/domain/history_store.h"
#include "server/history/rows.h"
#include "server/history/summarizer.h"

namespace vedette::history {

/// `invalid` unless the borders are as IncreaseQuery wants them.
[[nodiscard]] units::Result<void> check_borders(std::span<const units::Instant> borders);

class IncreaseBuilder {
 public:
  /// `stored`: all series of the host. Precondition: check_borders().
  IncreaseBuilder(const domain::IncreaseQuery& query, std::span<const domain::StoredSeries> stored,
                  Summarizer::Earlier earlier);
  IncreaseBuilder(const IncreaseBuilder&) = delete;
  IncreaseBuilder& operator=(const IncreaseBuilder&) = delete;

  /// Series numbers that ticks must bring, ascending.
  [[nodiscard]] const std::vector<std::uint32_t>& wanted() const noexcept { return wanted_; }
  /// What rows of a tier must bring.
  [[nodiscard]] std::span<const Source> sources() const noexcept { return sources_; }

  void feed(const Rows& rows, std::int64_t from, std::int64_t to) { summarizer_->feed(rows, from, to); }
  void feed(const TierRows& rows) { summarizer_->feed(rows); }
  [[nodiscard]] std::vector<domain::CounterIncreases> finish() &&;

 private:
  /// An hour's sum is exact as a double (2^53 bytes take 20 Tbit/s), a month's needn't be.
  struct Total {
    std::optional<units::Instant> since;
    std::uint64_t quanta = 0;
    double real = 0;  ///< of a counter of doubles
  };
  struct Output {
    metrics::Series series;
    std::vector<Total> totals;  ///< by stretch
  };
  void add_hour(std::int64_t begin, std::span<const Summary> summaries);

  const std::vector<units::Instant> borders_;
  std::vector<std::uint32_t> wanted_;
  std::vector<Source> sources_;
  std::vector<Output> outputs_;  ///< by source
  std::optional<Summarizer> summarizer_;
};

}  // namespace vedette::history
