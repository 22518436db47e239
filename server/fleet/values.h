// The latest values of one host: gauges, rates of counters and derived series of each live tick.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schema/metrics/rate.h"
#include "server/domain/history_store.h"
#include "server/domain/observer.h"
#include "server/domain/tick.h"

namespace vedette::fleet {

/// One owner thread.
class HostValues {
 public:
  using Value = domain::FleetObserver::Value;

  /// The host's stored series, any order. Values given before stay valid until then only.
  void set_series(std::vector<domain::StoredSeries> stored);
  /// Are there cells of series that set_series() didn't name yet?
  [[nodiscard]] bool needs_series(const domain::Tick& tick) const noexcept { return tick.cells.size() > slots_.size(); }
  /// Values at this tick, valid until the next call. Ticks come in the order they were taken: one that isn't newer than
  /// the one before shows that the collector's clock was set back. Its values are empty and latest() stays as it is,
  /// but the next one is compared with it.
  [[nodiscard]] std::span<const Value> take(const domain::Tick& tick);
  /// As shown: rates' units, derived ones last. Grows and changes with set_series() only.
  [[nodiscard]] const std::vector<metrics::Series>& shown() const noexcept { return shown_; }
  [[nodiscard]] std::span<const Value> latest() const noexcept { return values_; }

 private:
  [[nodiscard]] std::optional<double> stored_value(std::size_t i, const domain::Tick& tick) const;
  [[nodiscard]] std::optional<double> derived_value(const metrics::Derived& derived, const domain::Tick& tick) const;

  std::vector<domain::StoredSeries> stored_;
  std::vector<bool> slots_;  ///< by SeriesNumber: only its size matters
  std::vector<metrics::Derived> derived_;
  std::vector<metrics::Series> shown_;  ///< stored_, then derived_
  std::optional<domain::Tick> previous_;
  std::vector<Value> values_;
};

}  // namespace vedette::fleet
