#include "server/history/reader.h"

#include <algorithm>
#include <limits>

namespace vedette::history {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr Slot kWindow = 24;  // slots copied out of a file at a time: what its snapshot is held for
constexpr std::chrono::seconds kLongest{10};

std::vector<std::uint32_t> groups_of(std::span<const std::uint32_t> wanted) {
  std::vector<std::uint32_t> groups;
  for (const auto id : wanted) groups.push_back(id / kGroupWidth);
  if (groups.empty()) groups.push_back(0);  // times alone
  const auto [end, last] = std::ranges::unique(groups);
  groups.erase(end, last);
  return groups;
}

template <class Each>
void each_tick(const std::vector<Accepted>& batches, Each&& each) {
  for (const auto& [batch, skip, epoch] : batches) {
    for (std::size_t n = skip; n < batch->ticks.size(); ++n) each(batch->ticks[n], epoch);
  }
}

}  // namespace

std::optional<Slot> Reader::newest_in(const Memory& memory, Slot before) const {
  std::optional<Slot> newest;
  const auto take = [&](Slot slot) {
    if (slot < before && (!newest || slot > *newest)) newest = slot;
  };
  for (const auto& chunk : memory.chunks) take(chunk->slot);
  each_tick(memory.batches, [&](const domain::Tick& tick, std::uint32_t) { take(slot_of(tick.at)); });
  return newest;
}

Result<void> Reader::read_window(HostNumber host, Slot from, Slot to, const Memory& memory,
                                 std::span<const std::uint32_t> wanted, const Sink& sink) const {
  auto stored = files_.read(host, from, to, groups_of(wanted));
  if (!stored) return std::unexpected(std::move(stored.error()));
  std::map<Slot, RowMerger> slots;
  const auto merger = [&](Slot slot) -> RowMerger& { return slots.try_emplace(slot, wanted).first->second; };
  for (auto it = stored->begin(); it != stored->end();) {
    const auto end = std::find_if(it, stored->end(), [&](const auto& chunk) { return chunk.slot != it->slot; });
    if (auto added = merger(it->slot).add(std::span(it, end)); !added) return added;
    it = end;
  }
  for (const auto& chunk : memory.chunks) {
    if (chunk->slot < from || chunk->slot > to) continue;
    if (auto added = merger(chunk->slot).add(chunk->ticks); !added) return added;
  }
  each_tick(memory.batches, [&](const domain::Tick& tick, std::uint32_t epoch) {
    if (const Slot slot = slot_of(tick.at); slot >= from && slot <= to) merger(slot).add(tick, epoch);
  });
  for (auto& [slot, rows] : slots) {
    if (auto taken = sink(std::move(rows).merge()); !taken) return taken;
  }
  return {};
}

Result<void> Reader::read(HostNumber host, Slot from, Slot to, std::span<const std::uint32_t> wanted, bool earlier,
                          const Sink& sink) const {
  const units::Steady deadline = clock_.steady() + kLongest;
  // Against the data's way: what moves on meanwhile is then seen twice, never not at all.
  Memory memory;
  memory.batches = intake_.waiting(host);
  memory.chunks = open_.snapshot(host, from - kSlotsPerDay, to);
  const std::set<Day> days = files_.days();
  if (earlier) {
    auto stored = files_.newest_slot(host, from, day_of(from) - 1);
    if (!stored) return std::unexpected(std::move(stored.error()));
    const auto before = std::max(newest_in(memory, from), *stored);
    if (before && *before >= from - kSlotsPerDay) {
      if (auto read = read_window(host, *before, *before, memory, wanted, sink); !read) return read;
    }
  }
  std::set<Slot> windows;  // starts, aligned: a window never spans two days
  const auto window_of = [](Slot slot) { return slot - ((slot % kWindow) + kWindow) % kWindow; };
  for (auto day = days.lower_bound(day_of(from)); day != days.end() && *day <= day_of(to); ++day) {
    for (Slot slot = first_slot(*day); slot < first_slot(*day + 1); slot += kWindow) windows.insert(slot);
  }
  for (const auto& chunk : memory.chunks) windows.insert(window_of(chunk->slot));
  each_tick(memory.batches,
            [&](const domain::Tick& tick, std::uint32_t) { windows.insert(window_of(slot_of(tick.at))); });
  for (const Slot window : windows) {
    const Slot first = std::max(window, from), last = std::min(window + kWindow - 1, to);
    if (first > last) continue;
    if (auto read = read_window(host, first, last, memory, wanted, sink); !read) return read;
    if (clock_.steady() > deadline) {
      return units::fail(ErrorCode::timeout, "reading history took over 10 s; ask for a shorter range or fewer series");
    }
  }
  return {};
}

Result<std::optional<units::Instant>> Reader::newest_stored(HostNumber host) const {
  auto slot = files_.newest_slot(host, slot_of(kEndInstant), std::numeric_limits<Day>::min());
  if (!slot) return std::unexpected(std::move(slot.error()));
  std::optional<units::Instant> newest;
  if (!*slot) return newest;
  auto done = read_window(host, **slot, **slot, {}, {}, [&](const Rows& rows) -> Result<void> {
    if (!rows.times.empty()) newest = units::from_unix_ms(rows.times.back());
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return newest;
}

}  // namespace vedette::history
