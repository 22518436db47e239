#include "server/history/increases.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "server/history/key.h"

namespace vedette::history {

using domain::CounterIncreases;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

// What can't be is as much as can be said: only a host that makes its counters up comes near.
std::uint64_t plus(std::uint64_t a, std::uint64_t b) noexcept {
  return a > kMost - b ? kMost : a + b;
}

std::uint64_t times(std::uint64_t a, std::uint64_t b) noexcept {
  return b != 0 && a > kMost / b ? kMost : a * b;
}

std::uint64_t whole(double amount) noexcept {
  constexpr double kLimit = 9.2e18;  // below 2^63
  return amount > 0 ? static_cast<std::uint64_t>(std::llround(std::min(amount, kLimit))) : 0;
}

std::uint64_t in_base_units(std::uint64_t quanta, metrics::Quantum quantum) noexcept {
  const auto multiply = static_cast<std::uint64_t>(quantum.multiply),
             divide = static_cast<std::uint64_t>(quantum.divide);
  return plus(times(quanta / divide, multiply), plus(times(quanta % divide, multiply), divide / 2) / divide);
}

// A series whose unit or quantum changed is several under one name.
void absorb(CounterIncreases& into, const CounterIncreases& other) {
  for (std::size_t n = 0; n < into.stretches.size(); ++n) {
    const auto& more = other.stretches[n];
    auto& all = into.stretches[n];
    if (!more) continue;
    all = all ? CounterIncreases::Stretch{std::min(all->since, more->since), plus(all->amount, more->amount)} : *more;
  }
}

}  // namespace

Result<void> check_borders(std::span<const units::Instant> borders) {
  if (borders.size() < 2 || borders.size() > domain::IncreaseQuery::kMostBorders) {
    return units::fail(ErrorCode::invalid,
                       "there must be 2 to " + std::to_string(domain::IncreaseQuery::kMostBorders) + " borders");
  }
  if (std::ranges::adjacent_find(borders, std::ranges::greater_equal{}) != borders.end()) {
    return units::fail(ErrorCode::invalid, "borders must ascend");
  }
  const auto whole_hour = [](units::Instant at) { return std::chrono::floor<std::chrono::hours>(at) == at; };
  if (!std::ranges::all_of(borders, whole_hour)) {
    return units::fail(ErrorCode::invalid, "borders must be whole hours");
  }
  return {};
}

IncreaseBuilder::IncreaseBuilder(const domain::IncreaseQuery& query, std::span<const domain::StoredSeries> stored,
                                 Summarizer::Earlier earlier)
    : borders_(query.borders) {
  for (const auto& one : stored) {
    const auto selects = [&](const metrics::Selector& selector) { return selector.matches(one.series.key); };
    if (one.series.kind != metrics::Kind::counter || std::ranges::none_of(query.series, selects)) continue;
    sources_.push_back(source_of(one));
    outputs_.push_back({one.series, std::vector<Total>(borders_.size() - 1)});
  }
  wanted_ = resolve_inputs(sources_);
  summarizer_.emplace(
      sources_, row_length(Tier::hour).count(),
      [this](std::int64_t begin, auto summaries) { add_hour(begin, summaries); }, std::move(earlier));
}

void IncreaseBuilder::add_hour(std::int64_t begin, std::span<const Summary> summaries) {
  const units::Instant at = units::from_unix_ms(begin);
  const auto next = std::ranges::upper_bound(borders_, at);
  if (next == borders_.begin() || next == borders_.end()) return;
  const auto stretch = static_cast<std::size_t>(next - borders_.begin() - 1);
  for (std::size_t n = 0; n < outputs_.size(); ++n) {
    const Summary& summary = summaries[n];
    if (summary.count == 0) continue;
    Total& total = outputs_[n].totals[stretch];
    if (!total.since) total.since = at;
    if (sources_[n].quantum.is_real()) {
      total.real += summary.sum + summary.extra;
    } else {
      total.quanta = plus(total.quanta, plus(whole(summary.sum), whole(summary.extra)));
    }
  }
}

std::vector<CounterIncreases> IncreaseBuilder::finish() && {
  summarizer_->finish();
  std::vector<CounterIncreases> all;
  for (auto& [series, totals] : outputs_) {
    if (std::ranges::none_of(totals, [](const Total& total) { return total.since.has_value(); })) continue;
    CounterIncreases one{series.key, series.unit, {}};
    for (const Total& total : totals) {
      auto& stretch = one.stretches.emplace_back();
      if (!total.since) continue;
      const bool real = series.quantum.is_real();
      stretch = {*total.since, real ? whole(total.real) : in_base_units(total.quanta, series.quantum)};
    }
    const auto same = std::ranges::find(all, one.key, &CounterIncreases::key);
    if (same == all.end()) {
      all.push_back(std::move(one));
    } else {
      absorb(*same, one);
    }
  }
  return all;
}

}  // namespace vedette::history
