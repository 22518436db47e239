#include "server/fleet/values.h"

#include <algorithm>

namespace vedette::fleet {

using domain::StoredSeries;
using domain::Tick;

namespace {

metrics::Cell cell_of(const Tick& tick, const StoredSeries& stored) {
  const std::size_t at = domain::index(stored.number);
  return at < tick.cells.size() ? tick.cells[at] : metrics::Cell{};
}

}  // namespace

void HostValues::set_series(std::vector<StoredSeries> stored) {
  stored_ = std::move(stored);
  std::vector<metrics::Series> plain;
  std::size_t width = 0;
  for (const StoredSeries& one : stored_) {
    plain.push_back(one.series);
    width = std::max<std::size_t>(width, domain::index(one.number) + std::size_t{1});
  }
  slots_.assign(width, true);
  derived_ = metrics::derive(plain);
  shown_ = std::move(plain);
  for (metrics::Series& series : shown_) {
    if (series.kind == metrics::Kind::counter) series.unit = metrics::rate_unit(series.unit);
    series.kind = metrics::Kind::gauge;
  }
  for (const metrics::Derived& derived : derived_) shown_.push_back(derived.series);
  values_.clear();
}

std::span<const HostValues::Value> HostValues::take(const Tick& tick) {
  if (previous_ && tick.at <= previous_->at) {
    previous_ = tick;
    return {};
  }
  values_.clear();
  for (std::size_t i = 0; i < stored_.size(); ++i) {
    if (const auto value = stored_value(i, tick)) values_.push_back({&shown_[i], *value});
  }
  for (std::size_t i = 0; i < derived_.size(); ++i) {
    if (const auto value = derived_value(derived_[i], tick)) values_.push_back({&shown_[stored_.size() + i], *value});
  }
  previous_ = tick;
  return values_;
}

std::optional<double> HostValues::stored_value(std::size_t i, const Tick& tick) const {
  const metrics::Series& series = stored_[i].series;
  const metrics::Cell now = cell_of(tick, stored_[i]);
  if (!now.present) return std::nullopt;
  if (series.kind == metrics::Kind::gauge) return metrics::value(now, series.quantum);
  if (!previous_) return std::nullopt;
  return metrics::rate({previous_->at, previous_->boot, cell_of(*previous_, stored_[i])}, {tick.at, tick.boot, now},
                       series.quantum);
}

std::optional<double> HostValues::derived_value(const metrics::Derived& derived, const Tick& tick) const {
  if (!previous_ || previous_->boot != tick.boot) return std::nullopt;
  std::vector<metrics::Cell> earlier, later;
  for (const std::size_t input : derived.inputs) {
    earlier.push_back(cell_of(*previous_, stored_[input]));
    later.push_back(cell_of(tick, stored_[input]));
  }
  return metrics::evaluate(derived, earlier, later);
}

}  // namespace vedette::fleet
