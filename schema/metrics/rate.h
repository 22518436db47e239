// Counter to rate, and what is derived from several series. One pure place: live view, alerts and queries all call it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/time.h"

namespace vedette::metrics {

/// One tick's reading of a counter. `boot` numbers the host's boots: counters of different boots don't compare.
struct CounterPoint {
  units::Instant at;
  std::uint32_t boot = 0;
  Cell cell;
};

/// Rate per second in the base unit, belonging to `later.at`. Absent when a cell is missing, no time passed or the
/// count isn't continuous (see increase()).
[[nodiscard]] std::optional<double> rate(const CounterPoint& earlier, const CounterPoint& later,
                                         Quantum quantum) noexcept;

/// How far a counter went from one reading to the next, in its quantum.
struct Increase {
  double amount = 0;
  /// One count without a break: amount over time is the rate. Otherwise a new boot's or a restarted source's count
  /// began again at 0 in between, and `amount` is what it has counted since: what came before in that time is not
  /// known.
  bool continuous = false;
};

/// Absent when a cell is missing or no time passed. A counter of one boot that fell
///   - is one of 32 bits that came round, if it fell from their last sixteenth to their first: continuous;
///   - has stepped back, if it kept over half (iowait does, proc(5)): 0, not continuous;
///   - else its source was restarted.
[[nodiscard]] std::optional<Increase> increase(const CounterPoint& earlier, const CounterPoint& later,
                                               Quantum quantum) noexcept;

/// The unit of a counter's rate: "By" -> "By/s", "s" -> "1" (seconds per second are a ratio), "1" -> "1/s".
[[nodiscard]] std::string rate_unit(std::string_view unit);

/// How one derived series is computed from stored ones.
struct Derived {
  Series series;                    ///< e.g. system.cpu.utilization or system.cpu.utilization{cpu=3}; kind gauge, kReal
  std::vector<std::size_t> inputs;  ///< positions in the list given to derive()
  std::vector<std::size_t> idle;    ///< those of `inputs` that count as not busy (idle, iowait)
};

/// The derived series that a host's stored series allow. Positions refer to `stored`; of several series with one key
/// (the unit or quantum changed) the last counts. system.cpu.utilization = 1 − Δ(idle + iowait) / Δ(all modes); guest
/// time is in user already and counted once.
[[nodiscard]] std::vector<Derived> derive(std::span<const Series> stored);

/// For a look back: the same for each unit and quantum that the inputs had over time, so one key may come several
/// times.
[[nodiscard]] std::vector<Derived> derive_ever(std::span<const Series> stored);

/// What the inputs counted between two ticks of one boot, in their quantum; `all` > 0.
struct Busy {
  double busy = 0;  ///< of `all`: what isn't idle; 0..all
  double all = 0;
};
/// Absent when an input is, or no time was counted. `earlier` and `later` are cells in the order of `derived.inputs`.
[[nodiscard]] std::optional<Busy> passed(const Derived& derived, std::span<const Cell> earlier,
                                         std::span<const Cell> later) noexcept;
/// The derived value, busy / all.
[[nodiscard]] std::optional<double> evaluate(const Derived& derived, std::span<const Cell> earlier,
                                             std::span<const Cell> later) noexcept;

}  // namespace vedette::metrics
