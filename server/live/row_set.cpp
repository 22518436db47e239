#include "server/live/row_set.h"

#include <utility>

namespace vedette::live {

bool RowSet::put(std::string_view key, SharedRow row) {
  const auto [place, fresh] = places_.try_emplace(std::string(key), next_);
  if (!fresh) {
    rows_.at(place->second).row = std::move(row);
    return true;
  }
  rows_.emplace_hint(rows_.end(), next_++, Entry{std::string(key), std::move(row)});
  return false;
}

void RowSet::erase(std::string_view key) {
  const auto place = places_.find(std::string(key));
  if (place == places_.end()) return;
  rows_.erase(place->second);
  places_.erase(place);
}

std::size_t RowSet::keep_last(std::size_t count) {
  std::size_t dropped = 0;
  for (; rows_.size() > count; ++dropped) {
    places_.erase(rows_.begin()->second.key);
    rows_.erase(rows_.begin());
  }
  return dropped;
}

void RowSet::clear() {
  rows_.clear();
  places_.clear();
}

std::vector<SharedRow> RowSet::rows() const {
  std::vector<SharedRow> all;
  all.reserve(rows_.size());
  for (const auto& [place, entry] : rows_) all.push_back(entry.row);
  return all;
}

}  // namespace vedette::live
