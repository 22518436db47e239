#include "agent/collect/roster.h"

#include <algorithm>
#include <utility>

#include "agent/collect/text.h"
#include "schema/metrics/catalogue.h"
#include "schema/units/log.h"
#include "schema/units/utf8.h"
#include "schema/wire/messages.h"

namespace vedette::collect {

Roster::Roster() : Roster(wire::kMaxSeries) {}

/// A collector refuses the connection for a series that breaks a limit or comes twice.
SeriesNumber Roster::append(metrics::Series series, bool may_be_known) {
  const auto adopted = std::ranges::find_if(adopted_, [&](SeriesNumber number) { return series_[number] == series; });
  if (adopted != adopted_.end()) {
    const SeriesNumber number = *adopted;
    adopted_.erase(adopted);
    owners_[number] = owner_;
    return number;
  }
  if (full()) return kRefused;
  const bool known = may_be_known && std::ranges::find(series_, series.key, &metrics::Series::key) != series_.end();
  if (known || !metrics::check(series)) {
    ++refused_;
    if (!std::exchange(odd_told_, true)) {
      units::log_warning("a series with a name that can't be announced is not sampled; others like it neither",
                         {{"series", to_string(series.key)}});
    }
    return kRefused;
  }
  series_.push_back(std::move(series));
  owners_.push_back(owner_);
  return static_cast<SeriesNumber>(series_.size() - 1);
}

bool Roster::full() {
  if (series_.size() < limit_) return false;
  ++refused_;
  if (!std::exchange(full_told_, true)) {
    units::log_warning("series limit reached: what appears from now on is not sampled", {{"limit", limit_}});
  }
  return true;
}

SeriesNumber Roster::add(std::string_view metric, std::span<const Attribute> attributes) {
  if (adopted_.empty() && full()) return kRefused;
  std::vector<metrics::Attribute> list;
  list.reserve(attributes.size());
  for (const auto& [key, value] : attributes) list.push_back({std::string(key), units::repair_utf8(value)});
  // Sources ask once for each name; only repaired ones can meet.
  const bool repaired = std::ranges::any_of(list, [](const metrics::Attribute& attribute) {
    return attribute.value.find(units::kReplacement) != std::string::npos;
  });
  return append(metrics::series_of(metric, std::move(list)), repaired);
}

SeriesNumber Roster::add_own(metrics::Series series) {
  return append(std::move(series), true);
}

SeriesNumber Roster::adopt(const metrics::Series& series) {
  const auto known = std::ranges::find(series_, series);
  if (known != series_.end()) return static_cast<SeriesNumber>(known - series_.begin());
  if (full()) return kRefused;
  series_.push_back(series);
  owners_.push_back(0);  // whoever adds it anew
  adopted_.push_back(static_cast<SeriesNumber>(series_.size() - 1));
  return adopted_.back();
}

void Draft::put(SeriesNumber number, std::int64_t value) {
  if (number == kRefused) return;
  if (number >= cells_.size()) cells_.resize(number + 1);
  cells_[number] = metrics::integer(value);
}

void LateSeries::put_signed(Draft& draft, std::int64_t value) {
  if (!number_) number_ = draft.roster().add(metric_, std::span(attributes_).first(count_));
  draft.put(*number_, value);
}

void LateSeries::put(Draft& draft, std::optional<std::uint64_t> value) {
  if (value) put_signed(draft, clamped(*value));
}

}  // namespace vedette::collect
