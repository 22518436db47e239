#include "server/history/answer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace vedette::history {

using domain::Aggregate;
using units::ErrorCode;
using units::Result;

namespace {

bool matches(const std::vector<metrics::Selector>& selectors, const metrics::SeriesKey& key) {
  return std::ranges::any_of(selectors, [&](const auto& selector) { return selector.matches(key); });
}

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

template <class Value>
void reorder(std::vector<Value>& values, const std::vector<std::size_t>& order) {
  std::vector<Value> sorted;
  sorted.reserve(order.size());
  for (const auto n : order) sorted.push_back(values[n]);
  values = std::move(sorted);
}

// A series whose unit or quantum changed has several numbers and one name: its points become one line. The same holds
// for what is derived from it. If its kind changed too, one has columns that the other hasn't.
void absorb(domain::HistoryColumns& into, const domain::HistoryColumns& other) {
  const std::size_t had = into.t.size();
  into.t.insert(into.t.end(), other.t.begin(), other.t.end());
  into.series = other.series;
  std::vector<std::size_t> order(into.t.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](auto n) { return into.t[n]; });
  reorder(into.t, order);
  for (const auto& column : domain::kHistoryColumns) {
    auto& values = into.*column.values;
    const auto& more = other.*column.values;
    if (values.empty() && more.empty()) continue;
    values.resize(had, kUnknown);
    values.insert(values.end(), more.begin(), more.end());
    values.resize(order.size(), kUnknown);
    reorder(values, order);
  }
}

double quantum_factor(metrics::Quantum quantum) noexcept {
  return quantum.is_real() ? 1 : static_cast<double>(quantum.multiply) / static_cast<double>(quantum.divide);
}

/// A step's average, minimum and maximum, in the unit in which the series is shown.
struct Shown {
  double average, minimum, maximum;
};

// Absent: no rate is known, or these are doubles that are too large to add up.
std::optional<Shown> shown_of(const Source& source, bool rate, const Summary& summary) {
  if (!source.derived && !source.level() && !rate) {  // where it stood at the step's end
    const double value = metrics::value(metrics::integer(summary.last), source.quantum);
    return Shown{value, value, value};
  }
  if ((!source.level() && summary.covered == 0) || !std::isfinite(summary.sum)) return std::nullopt;
  const double factor = source.derived ? 1 : quantum_factor(source.quantum);
  const double per =
      source.level() ? static_cast<double>(summary.count) : summary.covered / (source.derived ? 1 : 1000);
  return Shown{summary.sum * factor / per, summary.minimum * factor, summary.maximum * factor};
}

}  // namespace

AnswerBuilder::AnswerBuilder(const domain::HistoryQuery& query, const std::vector<domain::StoredSeries>& stored,
                             Summarizer::Earlier earlier)
    : step_(query.step), aggregates_(query.aggregates) {
  std::vector<metrics::Series> all;
  all.reserve(stored.size());
  for (const auto& one : stored) {
    all.push_back(one.series);
    if (matches(query.series, one.series.key)) add_stored(one, query.totals);
  }
  for (auto& derived : metrics::derive_ever(all)) {
    if (matches(query.series, derived.series.key)) add_derived(std::move(derived), stored);
  }
  wanted_ = resolve_inputs(sources_);
  if (step_.count() == 0) return;
  summarizer_.emplace(
      sources_, step_.count(), [this](std::int64_t begin, auto summaries) { add_step(begin, summaries); },
      aggregates_.contains(Aggregate::increase) ? std::move(earlier) : Summarizer::Earlier{});
}

void AnswerBuilder::add_stored(const domain::StoredSeries& stored, bool totals) {
  Output& out = outputs_.emplace_back();
  out.columns.series = stored.series;
  sources_.push_back(source_of(stored));
  out.rate = stored.series.kind == metrics::Kind::counter && !totals;
  needs_earlier_ = needs_earlier_ || out.rate || tells(Aggregate::increase, sources_.back());
  if (!out.rate) return;
  out.columns.series.unit = metrics::rate_unit(stored.series.unit);
  out.columns.series.kind = metrics::Kind::gauge;
  out.columns.series.quantum = metrics::kReal;
}

void AnswerBuilder::add_derived(metrics::Derived derived, const std::vector<domain::StoredSeries>& stored) {
  Output& out = outputs_.emplace_back();
  out.columns.series = derived.series;
  sources_.push_back(source_of(std::move(derived), stored));
  needs_earlier_ = true;
}

bool AnswerBuilder::bridges(std::int64_t from, std::int64_t to) const {
  return step_.count() == 0 || to - from <= kLongestGap.count();
}

std::optional<double> AnswerBuilder::derived_at(const Source& source, Output& out, const Rows& rows,
                                                std::size_t row) const {
  out.cells_now.clear();
  for (const auto input : source.inputs) out.cells_now.push_back(rows.columns[input][row]);
  if (!std::ranges::all_of(out.cells_now, &metrics::Cell::present)) return std::nullopt;
  std::optional<double> value;
  if (!out.cells_before.empty() && out.boot_before == rows.boots[row] && bridges(out.time_before, rows.times[row])) {
    value = metrics::evaluate(*source.derived, out.cells_before, out.cells_now);
  }
  std::swap(out.cells_before, out.cells_now);
  out.boot_before = rows.boots[row];
  out.time_before = rows.times[row];
  return value;
}

std::optional<double> AnswerBuilder::value_at(const Source& source, Output& out, const Rows& rows,
                                              std::size_t row) const {
  if (source.derived) return derived_at(source, out, rows, row);
  const metrics::Cell cell = rows.columns[source.inputs.front()][row];
  if (!cell.present) return std::nullopt;
  if (!out.rate) return metrics::value(cell, source.quantum);
  const metrics::CounterPoint now{units::from_unix_ms(rows.times[row]), rows.boots[row], cell};
  std::optional<double> value;
  if (out.before && bridges(units::unix_ms(out.before->at), rows.times[row])) {
    value = metrics::rate(*out.before, now, source.quantum);
  }
  out.before = now;
  return value;
}

template <class Take>
void AnswerBuilder::for_each_value(std::size_t source, const Rows& rows, std::int64_t from, std::int64_t to,
                                   Take take) {
  Output& out = outputs_[source];
  for (std::size_t row = 0; row < rows.times.size() && rows.times[row] <= to; ++row) {
    const auto value = value_at(sources_[source], out, rows, row);
    // NaN and infinities are kept as they came, but a chart and JSON have no place for them.
    if (rows.times[row] >= from && value && std::isfinite(*value)) take(out, rows.times[row], *value);
  }
}

void AnswerBuilder::add_points(const Rows& rows, std::int64_t from, std::int64_t to) {
  for (std::size_t n = 0; n < outputs_.size(); ++n) {
    for_each_value(n, rows, from, to, [this](Output& out, std::int64_t time, double value) {
      out.columns.t.push_back(units::from_unix_ms(time));
      out.columns.average.push_back(value);
      ++points_;
    });
  }
}

void AnswerBuilder::rank(const Rows& rows, std::int64_t from, std::int64_t to) {
  for (std::size_t n = 0; n < outputs_.size(); ++n) {
    for_each_value(n, rows, from, to, [this](Output& out, std::int64_t time, double value) { rank(out, time, value); });
  }
}

void AnswerBuilder::rank(const TierRows& rows) {
  for (std::size_t n = 0; n < outputs_.size(); ++n) {
    Output& out = outputs_[n];
    out.before.reset();  // ticks that come later are behind these rows
    out.cells_before.clear();
    for (std::size_t row = 0; row < rows.times.size(); ++row) {
      const Summary& summary = rows.columns[n][row];
      if (summary.count == 0) continue;
      if (const auto shown = shown_of(sources_[n], out.rate, summary)) rank(out, rows.times[row], shown->average);
    }
  }
}

void AnswerBuilder::rank(Output& out, std::int64_t time, double value) {
  if (out.ranked.empty() || time - out.ranked.back().begin >= step_.count()) {
    out.ranked.push_back({floor_to(time, step_.count()), {}});
  }
  out.ranked.back().values.push_back(value);
  ++ranked_;
}

// The nearest rank: a value that was there. Steps end in order of time.
double AnswerBuilder::percentile(Output& out, std::int64_t begin) {
  double found = kUnknown;
  while (!out.ranked.empty() && out.ranked.front().begin <= begin) {
    auto& values = out.ranked.front().values;
    if (out.ranked.front().begin == begin) {
      const std::size_t rank = (values.size() * 95 + 99) / 100;
      const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
      std::nth_element(values.begin(), at, values.end());
      found = *at;
    }
    ranked_ -= values.size();
    out.ranked.pop_front();
  }
  return found;
}

bool AnswerBuilder::tells(Aggregate aggregate, const Source& source) const {
  if (!aggregates_.contains(aggregate)) return false;
  if (aggregate == Aggregate::last) return !source.derived;
  return aggregate != Aggregate::increase || (!source.derived && !source.level());
}

void AnswerBuilder::add_step(std::int64_t begin, std::span<const Summary> summaries) {
  for (std::size_t n = 0; n < outputs_.size(); ++n) {
    if (summaries[n].count > 0) add_step(sources_[n], outputs_[n], begin, summaries[n]);
  }
}

void AnswerBuilder::add_step(const Source& source, Output& out, std::int64_t begin, const Summary& summary) {
  const auto shown = shown_of(source, out.rate, summary);
  const auto any = [&](auto... aggregates) { return (tells(aggregates, source) || ...); };
  const bool told = shown && any(Aggregate::average, Aggregate::minimum, Aggregate::maximum);
  const double ranked = any(Aggregate::percentile_95) ? percentile(out, begin) : kUnknown;
  if (!told && !any(Aggregate::last, Aggregate::count, Aggregate::increase) && std::isnan(ranked)) return;
  const double factor = quantum_factor(source.quantum);
  const auto put = [&](Aggregate aggregate, std::vector<double>& column, double value) {
    if (tells(aggregate, source)) column.push_back(value);
  };
  out.columns.t.push_back(units::from_unix_ms(begin));
  put(Aggregate::average, out.columns.average, shown ? shown->average : kUnknown);
  put(Aggregate::minimum, out.columns.minimum, shown ? shown->minimum : kUnknown);
  put(Aggregate::maximum, out.columns.maximum, shown ? shown->maximum : kUnknown);
  put(Aggregate::last, out.columns.last, metrics::value(metrics::integer(summary.last), source.quantum));
  put(Aggregate::count, out.columns.count, static_cast<double>(summary.count));
  put(Aggregate::increase, out.columns.increase, (summary.sum + summary.extra) * factor);
  put(Aggregate::percentile_95, out.columns.percentile_95, ranked);
  points_ += aggregates_.size() > 3 ? 2 : 1;
}

Result<void> AnswerBuilder::check_points() const {
  if (ranked_ > kMaxRanked) {
    return units::fail(ErrorCode::invalid,
                       "a step would hold more than " + std::to_string(kMaxRanked) +
                           " samples to find its percentile among; ask for fewer series or a smaller step");
  }
  if (points_ <= kMaxPoints) return {};
  return units::fail(ErrorCode::invalid, "the answer would hold more than " + std::to_string(kMaxPoints) +
                                             " points; ask for a shorter range, fewer series or a larger step");
}

Result<void> AnswerBuilder::feed(const Rows& rows, std::int64_t from, std::int64_t to) {
  if (summarizer_) {
    if (aggregates_.contains(Aggregate::percentile_95)) rank(rows, from, to);
    summarizer_->feed(rows, from, to);
  } else {
    add_points(rows, from, to);
  }
  return check_points();
}

Result<void> AnswerBuilder::feed(const TierRows& rows) {
  if (aggregates_.contains(Aggregate::percentile_95)) rank(rows);
  summarizer_->feed(rows);
  return check_points();
}

domain::HistoryAnswer AnswerBuilder::finish() && {
  if (summarizer_) summarizer_->finish();
  domain::HistoryAnswer answer{"raw", step_, {}};
  for (auto& out : outputs_) {
    if (out.columns.t.empty()) continue;
    const auto same = std::ranges::find(answer.series, out.columns.series.key,
                                        [](const auto& columns) { return columns.series.key; });
    if (same != answer.series.end()) {
      absorb(*same, out.columns);
    } else {
      answer.series.push_back(std::move(out.columns));
    }
  }
  return answer;
}

}  // namespace vedette::history
