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

/// Rate per second in the base unit, belonging to `later.at`. Absent when a cell is missing, the boot changed, the
/// counter fell (its source restarted) or no time passed.
[[nodiscard]] std::optional<double> rate(const CounterPoint& earlier, const CounterPoint& later,
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

/// The derived value between two ticks of one boot, clamped to 0..1; absent when an input is, or no time was counted.
/// `earlier` and `later` are cells in the order of `derived.inputs`.
[[nodiscard]] std::optional<double> evaluate(const Derived& derived, std::span<const Cell> earlier,
                                             std::span<const Cell> later) noexcept;

}  // namespace vedette::metrics
