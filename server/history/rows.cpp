#include "server/history/rows.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

namespace vedette::history {

using domain::HostNumber;
using units::Result;

namespace {

// At a slot's begin the newer epoch's first tick may be this much later than an older one's.
constexpr std::int64_t kBetweenTicks = 2'000;

bool ascending(const std::vector<std::int64_t>& times) {
  return std::ranges::adjacent_find(times, std::greater_equal<>()) == times.end();
}

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void copy_column(const chunk::Column& from, std::vector<metrics::Cell>& to) {
  for (std::size_t n = 0; n < from.values.size(); ++n) {
    if (from.present.empty() || from.present[n]) to[n] = metrics::integer(from.values[n]);
  }
}

}  // namespace

Rows RowMerger::empty() const {
  Rows rows;
  rows.columns.resize(wanted_.size());
  return rows;
}

Result<void> RowMerger::add(const StoredChunk& chunk, Rows& part) {
  std::vector<std::uint32_t> ids;
  const std::uint32_t first = chunk.group * kGroupWidth;
  std::ranges::copy_if(wanted_, std::back_inserter(ids),
                       [&](auto id) { return id >= first && id - first < kGroupWidth; });
  ids.push_back(kBootColumn);
  auto table = chunk::decode_columns(bytes_of(chunk.blob), ids, kChunkLimits);
  if (!table) return std::unexpected(std::move(table.error()));
  // All groups of a part hold the same ticks; anything else was not written by us.
  if (!part.times.empty() && table->times.size() != part.times.size()) {
    return units::fail(units::ErrorCode::corrupt, "groups of a chunk differ in their ticks");
  }
  if (part.times.empty()) {
    part.times = std::move(table->times);
    part.boots.assign(part.times.size(), 0);
    for (auto& column : part.columns) column.resize(part.times.size());
  }
  for (const auto& column : table->columns) {
    if (column.id == kBootColumn) {
      std::ranges::transform(column.values, part.boots.begin(), [](auto n) { return static_cast<std::uint32_t>(n); });
      continue;
    }
    const auto position = std::ranges::lower_bound(wanted_, column.id) - wanted_.begin();
    copy_column(column, part.columns[static_cast<std::size_t>(position)]);
  }
  return {};
}

Result<void> RowMerger::add(std::span<const StoredChunk> chunks) {
  tail_open_ = false;
  std::map<std::uint32_t, Rows> parts;
  Result<void> damage;
  for (const auto& chunk : chunks) {
    auto& part = parts.try_emplace(chunk.part, empty()).first->second;
    if (auto added = add(chunk, part); !added && damage) damage = std::move(added);
  }
  for (auto& [number, part] : parts) sources_.push_back(std::move(part));
  return damage;
}

Rows& RowMerger::tail() {
  if (!tail_open_) sources_.push_back(empty());
  tail_open_ = true;
  return sources_.back();
}

void RowMerger::add(const domain::Tick& tick, std::uint32_t epoch) {
  Rows& rows = tail();
  rows.times.push_back(units::unix_ms(tick.at));
  rows.boots.push_back(with_epoch(tick.boot, epoch));
  for (std::size_t n = 0; n < wanted_.size(); ++n) {
    rows.columns[n].push_back(wanted_[n] < tick.cells.size() ? tick.cells[wanted_[n]] : metrics::Cell{});
  }
}

Result<void> RowMerger::add(const PackedTicks& ticks) {
  PackedReader reader(ticks);
  for (;;) {
    auto more = reader.next();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return {};
    add(reader.tick());
  }
}

bool RowMerger::one_epoch() const {
  std::optional<std::uint32_t> epoch;
  for (const auto& source : sources_) {
    for (const auto boot : source.boots) {
      if (epoch_of(boot) != epoch.value_or(epoch_of(boot))) return false;
      epoch = epoch_of(boot);
    }
  }
  return true;
}

void RowMerger::hide_older_epochs(std::vector<Place>& order) const {
  const auto epoch = [&](const Place& place) { return epoch_of(sources_[place.source].boots[place.row]); };
  std::map<std::uint32_t, std::int64_t> first;
  for (const auto& place : order) {
    const auto it = first.try_emplace(epoch(place), INT64_MAX).first;
    it->second = std::min(it->second, place.time - kBetweenTicks);
  }
  // Where each epoch ends: just before the earliest tick of any newer one.
  std::int64_t end = INT64_MAX;
  for (auto it = first.rbegin(); it != first.rend(); ++it) end = std::min(std::exchange(it->second, end), end);
  std::erase_if(order, [&](const Place& place) { return place.time >= first.at(epoch(place)); });
}

Rows RowMerger::merge() && {
  if (sources_.empty()) return empty();
  const bool one = one_epoch();
  if (one && sources_.size() == 1 && ascending(sources_.front().times)) return std::move(sources_.front());
  std::vector<Place> order;
  for (std::uint32_t s = 0; s < sources_.size(); ++s) {
    for (std::uint32_t r = 0; r < sources_[s].times.size(); ++r) order.push_back({sources_[s].times[r], s, r});
  }
  if (!one) hide_older_epochs(order);
  std::ranges::stable_sort(order, {}, &Place::time);
  const auto [end, last] = std::ranges::unique(order, {}, &Place::time);
  order.erase(end, last);
  Rows merged = empty();
  for (const auto& place : order) {
    merged.times.push_back(place.time);
    merged.boots.push_back(sources_[place.source].boots[place.row]);
  }
  for (std::size_t n = 0; n < wanted_.size(); ++n) {
    merged.columns[n].reserve(order.size());
    for (const auto& place : order) merged.columns[n].push_back(sources_[place.source].columns[n][place.row]);
  }
  return merged;
}

namespace {

// The rows of one column group as the codec's table; columns without any value are left out.
chunk::Table table_of(const Rows& rows, std::uint32_t group, const std::vector<bool>& reals) {
  chunk::Table table;
  table.times = rows.times;
  const std::size_t end = std::min<std::size_t>(rows.columns.size(), (group + 1) * kGroupWidth);
  for (std::size_t n = group * kGroupWidth; n < end; ++n) {
    const auto& cells = rows.columns[n];
    const auto present = std::ranges::count_if(cells, &metrics::Cell::present);
    if (present == 0) continue;
    chunk::Column& column = table.columns.emplace_back();
    column.id = static_cast<std::uint32_t>(n);
    column.real = n < reals.size() && reals[n];
    column.values.reserve(cells.size());
    for (const auto& cell : cells) column.values.push_back(cell.present ? cell.bits : 0);
    if (static_cast<std::size_t>(present) == cells.size()) continue;
    column.present.reserve(cells.size());
    for (const auto& cell : cells) column.present.push_back(cell.present);
  }
  return table;
}

Result<std::size_t> widest(const PackedTicks& ticks) {
  std::size_t width = 0;
  PackedReader reader(ticks);
  for (;;) {
    auto more = reader.next();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return width;
    width = std::max(width, reader.tick().cells.size());
  }
}

void leave_out(Rows& rows, const Rows& known) {
  if (known.times.empty()) return;
  std::vector<bool> keep(rows.times.size());
  for (std::size_t n = 0; n < keep.size(); ++n) {
    const auto at = std::ranges::lower_bound(known.times, rows.times[n]);
    const auto same = static_cast<std::size_t>(at - known.times.begin());
    keep[n] = at == known.times.end() || *at != rows.times[n] || epoch_of(known.boots[same]) < epoch_of(rows.boots[n]);
  }
  const auto filter = [&](auto& list) {
    std::size_t to = 0;
    for (std::size_t n = 0; n < keep.size(); ++n) {
      if (keep[n]) list[to++] = list[n];
    }
    list.resize(to);
  };
  filter(rows.times);
  filter(rows.boots);
  for (auto& column : rows.columns) filter(column);
}

EncodedChunk encode_rows(HostNumber host, Slot slot, const Rows& rows, const std::vector<bool>& reals) {
  EncodedChunk encoded{host, slot, {}};
  if (rows.times.empty()) return encoded;
  const chunk::Column boots{kBootColumn, false, {rows.boots.begin(), rows.boots.end()}, {}};
  const auto width = static_cast<std::uint32_t>(rows.columns.size());
  const std::uint32_t groups = std::max<std::uint32_t>(1, (width + kGroupWidth - 1) / kGroupWidth);
  for (std::uint32_t group = 0; group < groups; ++group) {
    chunk::Table table = table_of(rows, group, reals);
    if (group > 0 && table.columns.empty()) continue;
    table.columns.push_back(boots);
    encoded.groups.emplace_back(group, chunk::encode_dense(table));
  }
  return encoded;
}

}  // namespace

Result<EncodedChunk> encode_chunk(const OpenChunk& open, const std::vector<bool>& reals, const Rows& known) {
  auto width = widest(open.ticks);
  if (!width) return std::unexpected(std::move(width.error()));
  std::vector<std::uint32_t> all(*width);
  std::iota(all.begin(), all.end(), 0U);
  RowMerger merger(all);
  if (auto added = merger.add(open.ticks); !added) return std::unexpected(std::move(added.error()));
  Rows rows = std::move(merger).merge();
  leave_out(rows, known);
  return encode_rows(open.host, open.slot, rows, reals);
}

Result<EncodedChunk> merge_chunks(HostNumber host, Slot slot, std::span<const StoredChunk> chunks) {
  std::vector<bool> reals;
  for (const auto& chunk : chunks) {
    auto table = chunk::decode(bytes_of(chunk.blob), kChunkLimits);
    if (!table) return std::unexpected(std::move(table.error()));
    for (const auto& column : table->columns) {
      if (column.id == kBootColumn) continue;
      if (column.id >= kMaxCells) return units::fail(units::ErrorCode::corrupt, "a chunk has a column of no series");
      reals.resize(std::max<std::size_t>(reals.size(), column.id + 1));
      if (column.real) reals[column.id] = true;
    }
  }
  std::vector<std::uint32_t> all(reals.size());
  std::iota(all.begin(), all.end(), 0U);
  RowMerger merger(all);
  if (auto added = merger.add(chunks); !added) return std::unexpected(std::move(added.error()));
  return encode_rows(host, slot, std::move(merger).merge(), reals);
}

}  // namespace vedette::history
