#include "agent/collect/roster.h"

#include "schema/metrics/catalogue.h"
#include "schema/wire/messages.h"

namespace vedette::collect {

Roster::Roster() : Roster(wire::kMaxSeries) {}

SeriesNumber Roster::add(std::string_view metric, Attributes attributes) {
  std::vector<metrics::Attribute> list;
  list.reserve(attributes.size());
  for (const auto& [key, value] : attributes) list.push_back({std::string(key), std::string(value)});
  metrics::Series series = metrics::series_of(metric, std::move(list));
  if (series_.size() >= limit_ || !metrics::check(series)) {
    ++refused_;
    return kRefused;
  }
  series_.push_back(std::move(series));
  return static_cast<SeriesNumber>(series_.size() - 1);
}

void Draft::put(SeriesNumber number, std::int64_t value) {
  if (number == kRefused) return;
  if (number >= cells_.size()) cells_.resize(number + 1);
  cells_[number] = metrics::integer(value);
}

}  // namespace vedette::collect
