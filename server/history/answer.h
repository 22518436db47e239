// From ticks and rows of the tiers to an answer: counters become rates, derived series are computed, steps are
// aggregated. Pure; fed slot by slot in order of time, so that only one slot's rows are in memory.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "schema/metrics/rate.h"
#include "server/domain/history_store.h"
#include "server/history/rows.h"
#include "server/history/summarizer.h"

namespace vedette::history {

/// Most points an answer holds, all series together.
inline constexpr std::size_t kMaxPoints = 1'000'000;

/// Most samples that percentiles are found among at a time: those of a step, all series together.
inline constexpr std::size_t kMaxRanked = 4'000'000;

class AnswerBuilder {
 public:
  /// `stored`: all series of the host. Selects what matches, stored or derived.
  AnswerBuilder(const domain::HistoryQuery& query, const std::vector<domain::StoredSeries>& stored,
                Summarizer::Earlier earlier = {});

  /// Series numbers that ticks must bring, ascending.
  [[nodiscard]] const std::vector<std::uint32_t>& wanted() const noexcept { return wanted_; }
  /// What rows of a tier must bring.
  [[nodiscard]] std::span<const Source> sources() const noexcept { return sources_; }
  /// Whether a sample before `from` matters: rates need one.
  [[nodiscard]] bool needs_earlier() const noexcept { return needs_earlier_; }

  /// `invalid` when the points don't fit. Ticks before `from` only prime the rates, those after `to` are left out.
  [[nodiscard]] units::Result<void> feed(const Rows& rows, std::int64_t from, std::int64_t to);
  /// Only with a step.
  [[nodiscard]] units::Result<void> feed(const TierRows& rows);
  /// Series without a point are left out.
  [[nodiscard]] domain::HistoryAnswer finish() &&;

 private:
  /// A step's samples.
  struct Ranked {
    std::int64_t begin = 0;
    std::vector<double> values;
  };
  /// By source.
  struct Output {
    domain::HistoryColumns columns;
    bool rate = false;
    std::optional<metrics::CounterPoint> before;         ///< the last present cell of a counter
    std::vector<metrics::Cell> cells_before, cells_now;  ///< of a derived series
    std::uint32_t boot_before = 0;
    std::int64_t time_before = 0;
    std::deque<Ranked> ranked;  ///< of steps that aren't over, for the percentile
  };
  void add_stored(const domain::StoredSeries& stored, bool totals);
  void add_derived(metrics::Derived derived, const std::vector<domain::StoredSeries>& stored);
  [[nodiscard]] std::optional<double> value_at(const Source& source, Output& out, const Rows& rows,
                                               std::size_t row) const;
  [[nodiscard]] std::optional<double> derived_at(const Source& source, Output& out, const Rows& rows,
                                                 std::size_t row) const;
  /// Whether a rate may be told over it. Samples as they came always have one.
  [[nodiscard]] bool bridges(std::int64_t from, std::int64_t to) const;
  void add_points(const Rows& rows, std::int64_t from, std::int64_t to);
  /// Each finite value in [from, to], of the source's output, and when it was.
  template <class Take>
  void for_each_value(std::size_t source, const Rows& rows, std::int64_t from, std::int64_t to, Take take);
  void rank(const Rows& rows, std::int64_t from, std::int64_t to);
  void rank(const TierRows& rows);
  void rank(Output& out, std::int64_t time, double value);
  [[nodiscard]] double percentile(Output& out, std::int64_t begin);
  void add_step(std::int64_t begin, std::span<const Summary> summaries);
  void add_step(const Source& source, Output& out, std::int64_t begin, const Summary& summary);
  [[nodiscard]] bool tells(domain::Aggregate aggregate, const Source& source) const;
  [[nodiscard]] units::Result<void> check_points() const;

  const units::Milliseconds step_;
  const std::set<domain::Aggregate> aggregates_;
  std::vector<std::uint32_t> wanted_;
  std::vector<Source> sources_;
  std::vector<Output> outputs_;
  std::optional<Summarizer> summarizer_;  ///< with a step
  std::size_t points_ = 0, ranked_ = 0;
  bool needs_earlier_ = false;
};

}  // namespace vedette::history
