#include "server/history/summarizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vedette::history {
namespace {

constexpr std::uint32_t kBootBits = (1U << kEpochShift) - 1;

}  // namespace

Source source_of(const domain::StoredSeries& stored) {
  Source source;
  source.kind = stored.series.kind;
  source.quantum = stored.series.quantum;
  source.inputs = {domain::index(stored.number)};
  source.number = domain::index(stored.number);
  return source;
}

Source source_of(metrics::Derived derived, std::span<const domain::StoredSeries> stored) {
  Source source;
  for (const auto input : derived.inputs) source.inputs.push_back(domain::index(stored[input].number));
  source.number = static_cast<std::uint32_t>(source.inputs.front());
  source.derived = std::move(derived);
  return source;
}

std::vector<Source> all_sources(std::span<const domain::StoredSeries> stored) {
  std::vector<Source> sources;
  std::vector<metrics::Series> all;
  for (const auto& one : stored) {
    sources.push_back(source_of(one));
    all.push_back(one.series);
  }
  for (auto& derived : metrics::derive_ever(all)) sources.push_back(source_of(std::move(derived), stored));
  return sources;
}

std::vector<std::uint32_t> resolve_inputs(std::span<Source> sources) {
  std::vector<std::uint32_t> wanted;
  for (const auto& source : sources) {
    for (const auto input : source.inputs) wanted.push_back(static_cast<std::uint32_t>(input));
  }
  std::ranges::sort(wanted);
  const auto [end, last] = std::ranges::unique(wanted);
  wanted.erase(end, last);
  for (auto& source : sources) {
    for (auto& input : source.inputs) {
      input = static_cast<std::size_t>(std::ranges::lower_bound(wanted, input) - wanted.begin());
    }
  }
  return wanted;
}

Summarizer::Summarizer(std::span<const Source> sources, std::int64_t length, Sink sink, Earlier earlier)
    : sources_(sources),
      length_(length),
      sink_(std::move(sink)),
      earlier_(std::move(earlier)),
      stands_(sources.size()),
      open_(sources.size()) {}

void Summarizer::open(std::int64_t time) {
  if (is_open_ && time - begin_ < length_) return;  // most ticks fall into the stretch that is open
  finish();
  begin_ = floor_to(time, length_);
  is_open_ = true;
}

void Summarizer::finish() {
  if (!std::exchange(is_open_, false)) return;
  if (std::ranges::any_of(open_, [](const auto& summary) { return summary.count > 0; })) sink_(begin_, open_);
  std::ranges::fill(open_, Summary{});
}

void Summarizer::feed(const Rows& rows, std::int64_t from, std::int64_t to) {
  if (!run_begin_ && !rows.times.empty()) run_begin_ = rows.times.front();
  const auto first = static_cast<std::size_t>(std::ranges::lower_bound(rows.times, from) - rows.times.begin());
  const auto last = static_cast<std::size_t>(std::ranges::upper_bound(rows.times, to) - rows.times.begin());
  for (std::size_t n = 0; first > 0 && n < sources_.size(); ++n) add(n, rows, 0, first, false);
  for (std::size_t begin = first; begin < last;) {
    open(rows.times[begin]);
    const auto end = static_cast<std::size_t>(std::lower_bound(rows.times.begin() + static_cast<std::ptrdiff_t>(begin),
                                                               rows.times.begin() + static_cast<std::ptrdiff_t>(last),
                                                               begin_ + length_) -
                                              rows.times.begin());
    for (std::size_t n = 0; n < sources_.size(); ++n) add(n, rows, begin, end, true);
    begin = end;
  }
}

void Summarizer::feed(const TierRows& rows) {
  // Ticks that come later are behind these rows; what tells where counters stood then comes with them.
  std::ranges::fill(stands_, Stand{});
  run_begin_.reset();
  asked_earlier_ = false;
  for (std::size_t row = 0; row < rows.times.size(); ++row) {
    open(rows.times[row]);
    for (std::size_t n = 0; n < sources_.size(); ++n) open_[n].merge(rows.columns[n][row], sources_[n].level());
  }
}

void Summarizer::add(std::size_t source, const Rows& rows, std::size_t begin, std::size_t end, bool counts) {
  const Source& one = sources_[source];
  Summary* const into = counts ? &open_[source] : nullptr;
  if (one.derived) return add_derived(one, stands_[source], into, rows, begin, end);
  if (!one.level() && counts) look_back(source, rows, begin, end);
  if (!one.level()) return add_counter(one, stands_[source], into, rows, begin, end);
  if (into != nullptr) add_level(one, *into, rows, begin, end);
}

// Before the run, as those that are asked for aren't in it yet.
void Summarizer::look_back(std::size_t source, const Rows& rows, std::size_t begin, std::size_t end) {
  if (!earlier_ || asked_earlier_ || stands_[source].point) return;
  const auto& cells = rows.columns[sources_[source].inputs.front()];
  const std::span there(cells.begin() + static_cast<std::ptrdiff_t>(begin), end - begin);
  if (std::ranges::none_of(there, &metrics::Cell::present)) return;
  asked_earlier_ = true;
  std::vector<std::size_t> unknown;
  for (std::size_t n = 0; n < sources_.size(); ++n) {
    if (!sources_[n].derived && !sources_[n].level() && !stands_[n].point) unknown.push_back(n);
  }
  std::ranges::sort(unknown, {}, [&](auto n) { return sources_[n].number; });
  std::vector<std::uint32_t> series;
  for (const auto n : unknown) series.push_back(sources_[n].number);
  const auto points = earlier_(*run_begin_, series);
  for (std::size_t n = 0; n < points.size(); ++n) stands_[unknown[n]].point = points[n];
}

void Summarizer::add_level(const Source& source, Summary& into, const Rows& rows, std::size_t begin, std::size_t end) {
  const auto& cells = rows.columns[source.inputs.front()];
  const bool real = source.quantum.is_real();
  for (std::size_t row = begin; row < end; ++row) {
    if (!cells[row].present) continue;
    const double value = real ? metrics::value(cells[row], source.quantum) : static_cast<double>(cells[row].bits);
    // NaN and infinities are kept as they came, but an average, a chart and JSON have no place for them.
    if (std::isfinite(value)) into.add(value, cells[row].bits);
  }
}

void Summarizer::add_counter(const Source& source, Stand& stand, Summary* into, const Rows& rows, std::size_t begin,
                             std::size_t end) {
  const auto& cells = rows.columns[source.inputs.front()];
  const bool real = source.quantum.is_real();
  for (std::size_t row = begin; row < end; ++row) {
    if (!cells[row].present || (real && !std::isfinite(metrics::value(cells[row], source.quantum)))) continue;
    const metrics::CounterPoint now{units::from_unix_ms(rows.times[row]), rows.boots[row], cells[row]};
    const auto before = std::exchange(stand.point, now);
    if (into == nullptr) continue;
    ++into->count;
    into->last = now.cell.bits;
    if (!before) continue;
    metrics::CounterPoint same_epoch = *before;  // a clock that was set back is no boot, but its times don't compare
    same_epoch.boot = (before->boot & kBootBits) == (now.boot & kBootBits) ? now.boot : before->boot;
    const auto went = metrics::increase(same_epoch, now, source.quantum);
    if (!went || !std::isfinite(went->amount)) continue;
    const auto ms = static_cast<double>((now.at - before->at).count());
    if (went->continuous && before->boot == now.boot && now.at - before->at <= kLongestGap) {
      into->add_rate(went->amount, ms, went->amount * 1000 / ms);
    } else {
      into->extra += went->amount;
    }
  }
}

void Summarizer::add_derived(const Source& source, Stand& stand, Summary* into, const Rows& rows, std::size_t begin,
                             std::size_t end) {
  std::vector<metrics::Cell> now(source.inputs.size());
  for (std::size_t row = begin; row < end; ++row) {
    std::ranges::transform(source.inputs, now.begin(), [&](auto input) { return rows.columns[input][row]; });
    if (!std::ranges::all_of(now, &metrics::Cell::present)) continue;
    const bool follows =
        !stand.cells.empty() && stand.boot == rows.boots[row] && rows.times[row] - stand.time <= kLongestGap.count();
    if (into != nullptr && follows) {
      if (const auto both = metrics::passed(*source.derived, stand.cells, now)) {
        ++into->count;
        into->add_rate(both->busy, both->all, both->busy / both->all);
      }
    }
    stand.cells.swap(now);
    now.resize(source.inputs.size());
    stand.boot = rows.boots[row];
    stand.time = rows.times[row];
  }
}

}  // namespace vedette::history
