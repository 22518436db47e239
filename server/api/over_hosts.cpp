#include "server/api/over_hosts.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace vedette::api {

using domain::HistoryColumns;
using domain::kHistoryColumns;

namespace {

std::int64_t step_of(units::Instant at, std::int64_t step) noexcept {
  const std::int64_t ms = units::unix_ms(at);
  return ms / step - (ms % step < 0 ? 1 : 0);
}

}  // namespace

OverHosts::OverHosts(Over over, units::Instant from, units::Instant to, units::Milliseconds step)
    : over_(over),
      step_(step.count()),
      first_(step_of(from, step_)),
      steps_(static_cast<std::size_t>(step_of(to, step_) - first_ + 1)) {}

units::Result<void> OverHosts::add(const std::string& group, const domain::HistoryAnswer& answer) {
  for (const HistoryColumns& columns : answer.series) {
    const std::string series = metrics::to_string(columns.series.key) + ' ' + columns.series.unit;
    const auto at = sums_.try_emplace({group, series}).first;
    if (sums_.size() > kMostPoints / std::max<std::size_t>(steps_, 1)) {
      return units::fail(units::ErrorCode::invalid,
                         "the answer would hold more than " + std::to_string(kMostPoints) +
                             " points; ask for a shorter range, fewer series or a larger step");
    }
    at->second.series = columns.series;
    add(at->second, columns);
  }
  return {};
}

void OverHosts::add(Sum& sum, const HistoryColumns& columns) const {
  sum.hosts.resize(steps_);
  sum.columns.resize(std::size(kHistoryColumns));
  for (std::size_t row = 0; row < columns.t.size(); ++row) {
    const auto step = static_cast<std::size_t>(step_of(columns.t[row], step_) - first_);
    if (step >= steps_) continue;
    ++sum.hosts[step];
    for (std::size_t n = 0; n < std::size(kHistoryColumns); ++n) {
      const auto& values = columns.*kHistoryColumns[n].values;
      if (row < values.size() && std::isfinite(values[row])) add(sum.columns[n], step, values[row]);
    }
  }
}

void OverHosts::add(Column& into, std::size_t step, double value) const {
  into.value.resize(steps_);
  into.hosts.resize(steps_);
  double& so_far = into.value[step];
  const bool first = into.hosts[step]++ == 0;
  switch (over_) {
    case Over::average:
    case Over::sum:
      so_far += value;
      break;
    case Over::minimum:
      so_far = first ? value : std::min(so_far, value);
      break;
    case Over::maximum:
      so_far = first ? value : std::max(so_far, value);
      break;
  }
}

std::vector<OverHosts::Line> OverHosts::finish() && {
  std::vector<Line> lines;
  for (auto& [key, sum] : sums_) {
    Line line{key.first, {}, {}};
    line.columns.series = std::move(sum.series);
    for (std::size_t step = 0; step < steps_; ++step) {
      if (sum.hosts[step] == 0) continue;
      line.columns.t.push_back(units::from_unix_ms((first_ + static_cast<std::int64_t>(step)) * step_));
      line.hosts.push_back(sum.hosts[step]);
      for (std::size_t n = 0; n < std::size(kHistoryColumns); ++n) {
        const Column& column = sum.columns[n];
        if (column.value.empty()) continue;
        const auto hosts = static_cast<double>(column.hosts[step]);
        const double value = over_ == Over::average ? column.value[step] / hosts : column.value[step];
        (line.columns.*kHistoryColumns[n].values)
            .push_back(hosts > 0 ? value : std::numeric_limits<double>::quiet_NaN());
      }
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace vedette::api
