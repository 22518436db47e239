#include "server/history/answer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vedette::history {

using units::ErrorCode;
using units::Result;

namespace {

bool matches(const std::vector<metrics::Selector>& selectors, const metrics::SeriesKey& key) {
  return std::ranges::any_of(selectors, [&](const auto& selector) { return selector.matches(key); });
}

template <class Value>
void reorder(std::vector<Value>& values, const std::vector<std::size_t>& order) {
  if (values.empty()) return;
  std::vector<Value> sorted;
  sorted.reserve(order.size());
  for (const auto n : order) sorted.push_back(values[n]);
  values = std::move(sorted);
}

// A series whose unit or quantum changed has several numbers and one name: its points become one line. The same holds
// for what is derived from it.
void absorb(domain::HistoryColumns& into, domain::HistoryColumns&& other) {
  const auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(into.t, other.t);
  append(into.average, other.average);
  append(into.minimum, other.minimum);
  append(into.maximum, other.maximum);
  into.series = std::move(other.series);
  std::vector<std::size_t> order(into.t.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](auto n) { return into.t[n]; });
  reorder(into.t, order);
  reorder(into.average, order);
  reorder(into.minimum, order);
  reorder(into.maximum, order);
}

std::int64_t floor_to(std::int64_t time, std::int64_t step) noexcept {
  const std::int64_t rest = time % step;
  return time - (rest < 0 ? rest + step : rest);
}

}  // namespace

AnswerBuilder::AnswerBuilder(const domain::HistoryQuery& query, const std::vector<domain::StoredSeries>& stored)
    : from_(units::unix_ms(query.from)), to_(units::unix_ms(query.to)), step_(query.step.count()) {
  std::vector<metrics::Series> all;
  all.reserve(stored.size());
  for (const auto& one : stored) {
    all.push_back(one.series);
    if (matches(query.series, one.series.key)) add_stored(one, query.totals);
  }
  for (auto& derived : metrics::derive_ever(all)) {
    if (matches(query.series, derived.series.key)) add_derived(std::move(derived), stored);
  }
  resolve_inputs();
}

void AnswerBuilder::add_stored(const domain::StoredSeries& stored, bool totals) {
  Output& out = outputs_.emplace_back();
  out.columns.series = stored.series;
  out.quantum = stored.series.quantum;
  out.inputs = {domain::index(stored.number)};
  out.rate = stored.series.kind == metrics::Kind::counter && !totals;
  if (!out.rate) return;
  needs_earlier_ = true;
  out.columns.series.unit = metrics::rate_unit(stored.series.unit);
  out.columns.series.kind = metrics::Kind::gauge;
  out.columns.series.quantum = metrics::kReal;
}

void AnswerBuilder::add_derived(metrics::Derived derived, const std::vector<domain::StoredSeries>& stored) {
  Output& out = outputs_.emplace_back();
  out.columns.series = derived.series;
  for (const auto input : derived.inputs) out.inputs.push_back(domain::index(stored[input].number));
  out.derived = std::move(derived);
  needs_earlier_ = true;
}

// Inputs start as series numbers and become positions among the wanted ones.
void AnswerBuilder::resolve_inputs() {
  for (const auto& out : outputs_) {
    for (const auto input : out.inputs) wanted_.push_back(static_cast<std::uint32_t>(input));
  }
  std::ranges::sort(wanted_);
  const auto [end, last] = std::ranges::unique(wanted_);
  wanted_.erase(end, last);
  for (auto& out : outputs_) {
    for (auto& input : out.inputs) {
      input = static_cast<std::size_t>(std::ranges::lower_bound(wanted_, input) - wanted_.begin());
    }
  }
}

std::optional<double> AnswerBuilder::derived_at(Output& out, const Rows& rows, std::size_t row) {
  out.cells_now.clear();
  for (const auto input : out.inputs) out.cells_now.push_back(rows.columns[input][row]);
  if (!std::ranges::all_of(out.cells_now, &metrics::Cell::present)) return std::nullopt;
  std::optional<double> value;
  if (!out.cells_before.empty() && out.boot_before == rows.boots[row]) {
    value = metrics::evaluate(*out.derived, out.cells_before, out.cells_now);
  }
  std::swap(out.cells_before, out.cells_now);
  out.boot_before = rows.boots[row];
  return value;
}

std::optional<double> AnswerBuilder::value_at(Output& out, const Rows& rows, std::size_t row) {
  if (out.derived) return derived_at(out, rows, row);
  const metrics::Cell cell = rows.columns[out.inputs.front()][row];
  if (!cell.present) return std::nullopt;
  if (!out.rate) return metrics::value(cell, out.quantum);
  const metrics::CounterPoint now{units::from_unix_ms(rows.times[row]), rows.boots[row], cell};
  std::optional<double> value;
  if (out.before) value = metrics::rate(*out.before, now, out.quantum);
  out.before = now;
  return value;
}

void AnswerBuilder::close_step(Output& out) {
  if (out.count == 0) return;
  out.columns.t.push_back(units::from_unix_ms(out.step));
  out.columns.average.push_back(out.sum / static_cast<double>(out.count));
  out.columns.minimum.push_back(out.minimum);
  out.columns.maximum.push_back(out.maximum);
  out.count = 0;
  ++points_;
}

void AnswerBuilder::add_point(Output& out, std::int64_t time, double value) {
  if (step_ == 0) {
    out.columns.t.push_back(units::from_unix_ms(time));
    out.columns.average.push_back(value);
    ++points_;
    return;
  }
  // Ticks come in order of time: most fall into the step that is open, and a division costs more than all the rest.
  if (out.count > 0 && time - out.step >= step_) close_step(out);
  if (out.count == 0) {
    out.step = floor_to(time, step_);
    out.sum = 0;
    out.minimum = out.maximum = value;
  }
  out.sum += value;
  out.minimum = std::min(out.minimum, value);
  out.maximum = std::max(out.maximum, value);
  ++out.count;
}

Result<void> AnswerBuilder::feed(const Rows& rows) {
  for (auto& out : outputs_) {
    for (std::size_t row = 0; row < rows.times.size() && rows.times[row] <= to_; ++row) {
      const auto value = value_at(out, rows, row);
      // NaN and infinities are kept as they came, but an average, a chart and JSON have no place for them.
      if (rows.times[row] >= from_ && value && std::isfinite(*value)) add_point(out, rows.times[row], *value);
    }
    if (points_ > kMaxPoints) {
      return units::fail(ErrorCode::invalid, "the answer would hold more than " + std::to_string(kMaxPoints) +
                                                 " points; ask for a shorter range, fewer series or a larger step");
    }
  }
  return {};
}

domain::HistoryAnswer AnswerBuilder::finish() && {
  domain::HistoryAnswer answer{"raw", units::Milliseconds{step_}, {}};
  for (auto& out : outputs_) {
    close_step(out);
    if (out.columns.t.empty()) continue;
    const auto same = std::ranges::find(answer.series, out.columns.series.key,
                                        [](const auto& columns) { return columns.series.key; });
    if (same != answer.series.end()) {
      absorb(*same, std::move(out.columns));
    } else {
      answer.series.push_back(std::move(out.columns));
    }
  }
  return answer;
}

}  // namespace vedette::history
