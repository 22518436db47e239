#include "schema/chunk/builder.h"

#include <algorithm>

#include "schema/chunk/head.h"

namespace vedette::chunk {

void Builder::append(std::int64_t time, std::span<const metrics::Cell> cells, const std::vector<bool>& reals) {
  if (columns_.size() < cells.size()) columns_.resize(cells.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::optional<ColumnWriter>& column = columns_[i];
    const bool present = i < cells.size() && cells[i].present;
    if (present && !column) column.emplace(i < reals.size() && reals[i], extent_.ticks);
    if (present) {
      column->push(cells[i].bits);
    } else if (column) {
      column->push_absent();
    }
  }
  times_.push(time);
  extent_.first = extent_.ticks == 0 ? time : std::min(extent_.first, time);
  extent_.last = extent_.ticks == 0 ? time : std::max(extent_.last, time);
  ++extent_.ticks;
}

std::size_t Builder::memory() const noexcept {
  std::size_t total = sizeof *this + times_.memory();
  for (const std::optional<ColumnWriter>& column : columns_) {
    total += sizeof column + (column ? column->memory() : 0);
  }
  return total;
}

std::string Builder::encoded_if(auto&& wanted) const {
  std::string times, bodies;
  times_.append_to(times);
  std::vector<Place> places;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto id = static_cast<std::uint32_t>(first_id_ + i);
    if (!columns_[i] || !wanted(id)) continue;
    const std::size_t start = bodies.size();
    columns_[i]->append_to(bodies);
    places.push_back({id, bodies.size() - start});
  }
  std::string out;
  put_head(out, extent_, times, places);
  return out + bodies;
}

std::string Builder::encoded() const {
  return encoded_if([](std::uint32_t) { return true; });
}

std::string Builder::encoded(std::span<const std::uint32_t> ids) const {
  return encoded_if([&](std::uint32_t id) { return std::ranges::binary_search(ids, id); });
}

std::string Builder::seal() {
  std::string out = encoded();
  *this = Builder(first_id_);
  return out;
}

}  // namespace vedette::chunk
