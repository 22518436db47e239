#include "server/history/reader.h"

#include <algorithm>
#include <limits>

namespace vedette::history {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr Slot kWindow = 24;  // slots copied out of a file at a time: what its snapshot is held for

std::vector<std::uint32_t> groups_of(std::span<const std::uint32_t> wanted) {
  std::vector<std::uint32_t> groups;
  for (const auto id : wanted) groups.push_back(id / kGroupWidth);
  if (groups.empty()) groups.push_back(0);  // times alone
  const auto [end, last] = std::ranges::unique(groups);
  groups.erase(end, last);
  return groups;
}

// The newest slot below `before` that has something.
std::optional<Slot> newest_in(const auto& by_slot, Slot before) {
  const auto after = by_slot.lower_bound(before);
  if (after == by_slot.begin()) return std::nullopt;
  return std::prev(after)->first;
}

// Windows are aligned, so that none spans two days.
Slot window_of(Slot slot) noexcept {
  return slot - ((slot % kWindow) + kWindow) % kWindow;
}

std::string place(HostNumber host, Slot slot) {
  return file_name(Tier::raw, day_of(slot)) + ", host " + std::to_string(domain::index(host)) + ", " +
         units::clock_utc(slot_begin(slot));
}

}  // namespace

std::unexpected<units::Error> too_long() {
  return units::fail(ErrorCode::timeout, "reading history took over 10 s; ask for a shorter range or fewer series");
}

Reader::Memory Reader::memory_of(HostNumber host, Slot from, Slot to) const {
  // Against the data's way: what moves on meanwhile is then seen twice, never not at all.
  Memory memory;
  if (intake_ == nullptr) return memory;
  memory.batches = intake_->waiting(host);
  for (auto& chunk : open_->snapshot(host, from, to)) memory.chunks[chunk->slot].push_back(std::move(chunk));
  for (const auto& [batch, skip, epoch, bytes] : memory.batches) {
    for (std::size_t n = skip; n < batch->ticks.size(); ++n) {
      memory.ticks[slot_of(batch->ticks[n].at)].push_back({&batch->ticks[n], epoch});
    }
  }
  return memory;
}

// Where a file can't be read whole, slot by slot, so that only what is hit is missing.
Result<std::vector<StoredChunk>> Reader::stored(const Stretch& window, std::span<const std::uint32_t> groups) const {
  auto chunks = files_.read(window.host, window.from, window.to, groups);
  if (chunks || !leaves_gap(chunks.error(), window.lacks)) return chunks;
  std::vector<StoredChunk> whole;
  for (Slot slot = window.from; slot <= window.to; ++slot) {
    auto some = files_.read(window.host, slot, slot, groups);
    if (some) {
      std::ranges::move(*some, std::back_inserter(whole));
    } else if (leaves_gap(some.error(), window.lacks)) {
      report(window, slot, some.error().message);
    } else {
      return some;
    }
  }
  return whole;
}

void Reader::report(const Stretch& window, Slot slot, const std::string& words) const {
  damaged_(place(window.host, slot) + ": " + words);
  if (window.lacks == nullptr) return;
  window.lacks->add(Lacks::Why::damaged, units::unix_ms(slot_begin(slot)), units::unix_ms(slot_begin(slot + 1)),
                    Tier::raw);
}

Result<void> Reader::read_window(const Stretch& window, const Memory& memory, std::span<const std::uint32_t> wanted,
                                 const Sink& sink) const {
  auto chunks = stored(window, groups_of(wanted));
  if (!chunks) return std::unexpected(std::move(chunks.error()));
  auto at = chunks->begin();
  for (Slot slot = window.from; slot <= window.to; ++slot) {
    const auto end = std::find_if(at, chunks->end(), [&](const auto& chunk) { return chunk.slot != slot; });
    const auto open = memory.chunks.find(slot);
    const auto loose = memory.ticks.find(slot);
    if (at == end && open == memory.chunks.end() && loose == memory.ticks.end()) continue;
    RowMerger rows(wanted);
    if (auto added = rows.add(std::span(at, end)); !added) report(window, slot, added.error().message);
    at = end;
    if (open != memory.chunks.end()) {
      for (const auto& chunk : open->second) {
        if (auto added = rows.add(chunk->ticks); !added) return added;
      }
    }
    if (loose != memory.ticks.end()) {
      for (const auto& [tick, epoch] : loose->second) rows.add(*tick, epoch);
    }
    if (auto taken = sink(std::move(rows).merge()); !taken) return taken;
  }
  return {};
}

Result<void> Reader::read(const Stretch& stretch, std::span<const std::uint32_t> wanted, const Sink& sink) const {
  const auto& [host, from, to, look_back, until, lacks] = stretch;
  const Memory memory = memory_of(host, from - look_back, to);
  const std::set<Day> days = files_.periods();
  if (look_back > 0) {
    auto sealed = files_.newest_slot(host, from, day_of(from - look_back));
    if (!sealed) damaged_(sealed.error().message);  // then only the first rates are missing
    const auto before =
        std::max({newest_in(memory.chunks, from), newest_in(memory.ticks, from), sealed.value_or(std::nullopt)});
    if (before && *before >= from - look_back) {
      if (auto read = read_window({host, *before, *before}, memory, wanted, sink); !read) return read;
    }
  }
  std::set<Slot> windows;  // starts
  for (auto day = days.lower_bound(day_of(from)); day != days.end() && *day <= day_of(to); ++day) {
    for (Slot slot = first_slot(*day); slot < first_slot(*day + 1); slot += kWindow) windows.insert(slot);
  }
  for (const auto& [slot, chunks] : memory.chunks) windows.insert(window_of(slot));
  for (const auto& [slot, ticks] : memory.ticks) windows.insert(window_of(slot));
  for (const Slot window : windows) {
    const Slot first = std::max(window, from), last = std::min(window + kWindow - 1, to);
    if (first > last) continue;
    if (auto read = read_window({.host = host, .from = first, .to = last, .lacks = lacks}, memory, wanted, sink); !read)
      return read;
    if (until && clock_.steady() > *until) return too_long();
  }
  return {};
}

std::vector<std::optional<metrics::CounterPoint>> Reader::newest_samples(HostNumber host, Slot before, Slot look_back,
                                                                         std::span<const std::uint32_t> wanted) const {
  std::vector<std::optional<metrics::CounterPoint>> found(wanted.size());
  const Slot oldest = before - look_back;
  const Memory memory = memory_of(host, oldest, before - 1);
  const auto missing = [&] { return !std::ranges::all_of(found, [](const auto& one) { return one.has_value(); }); };
  for (Slot end = before; end > oldest && missing();) {
    const Slot begin = std::max(window_of(end - 1), oldest);
    std::vector<std::optional<metrics::CounterPoint>> newest(wanted.size());
    auto read = read_window({host, begin, end - 1}, memory, wanted, [&](const Rows& rows) -> Result<void> {
      for (std::size_t n = 0; n < wanted.size(); ++n) {
        const auto cell =
            std::ranges::find(rows.columns[n].rbegin(), rows.columns[n].rend(), true, &metrics::Cell::present);
        if (cell == rows.columns[n].rend()) continue;
        const auto row = static_cast<std::size_t>(rows.columns[n].rend() - cell - 1);
        newest[n] = metrics::CounterPoint{units::from_unix_ms(rows.times[row]), rows.boots[row], *cell};
      }
      return {};
    });
    if (!read) {
      damaged_(read.error().message);
      return found;
    }
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      if (!found[n]) found[n] = newest[n];
    }
    end = begin;
  }
  return found;
}

std::set<Slot> Reader::unsealed(HostNumber host) const {
  std::set<Slot> slots;
  if (intake_ == nullptr) return slots;
  for (const auto& [batch, skip, epoch, bytes] : intake_->waiting(host)) {
    for (std::size_t n = skip; n < batch->ticks.size(); ++n) slots.insert(slot_of(batch->ticks[n].at));
  }
  slots.merge(open_->slots(host));
  return slots;
}

Result<std::optional<units::Instant>> Reader::newest_stored(HostNumber host) const {
  auto slot = files_.newest_slot(host, slot_of(kEndInstant), std::numeric_limits<Day>::min());
  if (!slot) return std::unexpected(std::move(slot.error()));
  std::optional<units::Instant> newest;
  if (!*slot) return newest;
  auto done = read_window({host, **slot, **slot}, {}, {}, [&](const Rows& rows) -> Result<void> {
    if (!rows.times.empty()) newest = units::from_unix_ms(rows.times.back());
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return newest;
}

}  // namespace vedette::history
