// From merged rows to an answer: counters become rates, derived series are computed, steps are aggregated. Pure; fed
// slot by slot in order of time, so that only one slot's rows are in memory.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "schema/metrics/rate.h"
#include "server/domain/history_store.h"
#include "server/history/rows.h"

namespace vedette::history {

/// Most points an answer holds, all series together.
inline constexpr std::size_t kMaxPoints = 1'000'000;

class AnswerBuilder {
 public:
  /// `stored`: all series of the host. Selects what matches, stored or derived.
  AnswerBuilder(const domain::HistoryQuery& query, const std::vector<domain::StoredSeries>& stored);

  /// Series numbers that feed() must bring, ascending.
  [[nodiscard]] const std::vector<std::uint32_t>& wanted() const noexcept { return wanted_; }
  /// Whether a sample before `from` matters: rates need one.
  [[nodiscard]] bool needs_earlier() const noexcept { return needs_earlier_; }

  /// `invalid` when the points don't fit. Rows before `from` only prime the rates.
  [[nodiscard]] units::Result<void> feed(const Rows& rows);
  /// Series without a point are left out.
  [[nodiscard]] domain::HistoryAnswer finish() &&;

 private:
  struct Output {
    domain::HistoryColumns columns;
    std::optional<metrics::Derived> derived;  ///< else one stored series
    std::vector<std::size_t> inputs;          ///< positions in wanted_
    metrics::Quantum quantum;
    bool rate = false;
    std::optional<metrics::CounterPoint> before;         ///< the last present cell of a counter
    std::vector<metrics::Cell> cells_before, cells_now;  ///< of a derived series
    std::uint32_t boot_before = 0;
    std::int64_t step = INT64_MIN;  ///< the open step's start
    double sum = 0, minimum = 0, maximum = 0;
    std::size_t count = 0;
  };
  void add_stored(const domain::StoredSeries& stored, bool totals);
  void add_derived(metrics::Derived derived, const std::vector<domain::StoredSeries>& stored);
  void resolve_inputs();
  [[nodiscard]] static std::optional<double> value_at(Output& out, const Rows& rows, std::size_t row);
  [[nodiscard]] static std::optional<double> derived_at(Output& out, const Rows& rows, std::size_t row);
  void add_point(Output& out, std::int64_t time, double value);
  void close_step(Output& out);

  const std::int64_t from_, to_, step_;
  std::vector<std::uint32_t> wanted_;
  std::vector<Output> outputs_;
  std::size_t points_ = 0;
  bool needs_earlier_ = false;
};

}  // namespace vedette::history
