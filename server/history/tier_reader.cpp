#include "server/history/tier_reader.h"

#include <algorithm>
#include <utility>

#include "server/history/tier_codec.h"

namespace vedette::history {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr Slot kWindow = 32;  // slots copied out of a file at a time: what its snapshot is held for

Slot slot_at(Tier tier, std::int64_t ms) noexcept {
  return slot_of(tier, units::from_unix_ms(ms));
}

std::int64_t begin_of(Tier tier, Slot slot) noexcept {
  return units::unix_ms(slot_begin(tier, slot));
}

std::vector<std::uint32_t> groups_of(std::span<const Source> sources) {
  std::set<std::uint32_t> groups;
  for (const auto& source : sources) groups.insert(source.number / kGroupWidth);
  return {groups.begin(), groups.end()};
}

// A row counts if any of it lies within the query.
void cut(TierRows& rows, std::int64_t from, std::int64_t to, std::int64_t length) {
  std::size_t kept = 0;
  for (std::size_t n = 0; n < rows.times.size(); ++n) {
    if (rows.times[n] + length <= from || rows.times[n] > to) continue;
    rows.times[kept] = rows.times[n];
    for (auto& column : rows.columns) column[kept] = column[n];
    ++kept;
  }
  rows.times.resize(kept);
  for (auto& column : rows.columns) column.resize(kept);
}

}  // namespace

Result<void> TierReader::read(const Query& query, const Sink& sink) const {
  return read_any(query.tier, query, ticks_.unsealed(query.host), sink);
}

// What a tier's files don't hold any more may still be there in coarser ones.
Result<void> TierReader::read_any(Tier tier, const Query& query, const std::set<Slot>& unsealed,
                                  const Sink& sink) const {
  if (tier == Tier::hour) return read_tier(tier, query, unsealed, sink);
  std::set<Period> whole = files_.of(tier).periods();
  // Late ticks of a day whose file is gone; rows don't lose by it (Store::rows_of).
  if (tier == Tier::raw) std::erase_if(whole, [&](Period day) { return files_.of(tier).is_partial(day); });
  for (const Slot raw : unsealed) {
    // Late ticks of a day that only coarser files tell of are few beside it; sealed, they make a partial file.
    const Period period = period_of(tier, slot_at(tier, begin_of(Tier::raw, raw)));
    if (whole.contains(period) || !is_built(tier, query.host, period)) whole.insert(period);
  }
  Query rest = query;
  const auto up_to = [&](std::int64_t end, bool here) -> Result<void> {
    Query part = rest;
    part.to = std::min(query.to, end - 1);
    rest.from = std::max(rest.from, end);
    if (part.from > part.to) return {};
    if (here) return read_tier(tier, part, unsealed, sink);
    return read_any(coarser(tier), part, unsealed, sink);
  };
  for (auto it = whole.begin(); it != whole.end() && rest.from <= query.to;) {
    const Period first = *it;
    Period end = first;
    for (; it != whole.end() && *it == end; ++it) ++end;
    if (auto done = up_to(begin_of(tier, first_slot(tier, first)), false); !done) return done;
    if (auto done = up_to(begin_of(tier, first_slot(tier, end)), true); !done) return done;
  }
  return up_to(query.to + 1, false);
}

Result<TierRows> TierReader::built(Tier tier, HostNumber host, Slot slot, std::span<const Source> sources) const {
  auto chunks = files_.of(tier).read(host, slot, slot, groups_of(sources));
  if (!chunks) return std::unexpected(std::move(chunks.error()));
  return decode_tier(*chunks, sources);
}

Result<void> TierReader::read_ticks(const Query& query, const Sink& sink) const {
  return ticks_.read({query.host, slot_at(Tier::raw, query.from), slot_at(Tier::raw, query.to), query.look_back,
                      query.until, query.lacks},
                     query.wanted, [&](const Rows& rows) { return sink.ticks(rows, query.from, query.to); });
}

// Slots of the tier that are built from all there is.
Result<std::set<Slot>> TierReader::current(Tier tier, const Query& query, const std::set<Slot>& unsealed) const {
  const ChunkFiles& files = files_.of(tier);
  std::set<Slot> found;
  for (const Period period : files.periods()) {
    const Slot from = std::max(slot_at(tier, query.from), first_slot(tier, period));
    const Slot to = std::min(slot_at(tier, query.to), first_slot(tier, period + 1) - 1);
    if (from > to) continue;
    auto slots = files.slots(query.host, from, to);
    if (!slots && leaves_gap(slots.error(), query.lacks)) {
      damaged_(slots.error().message);
      add_unread(query, tier, from, to);
      continue;
    }
    if (!slots) return slots;
    found.merge(*slots);
  }
  // Where what it was built from is gone, it tells more than what came late.
  const auto erase = [&](Slot raw) {
    const Slot slot = slot_at(tier, begin_of(Tier::raw, raw));
    if (is_kept(finer(tier), begin_of(tier, slot))) found.erase(slot);
  };
  for (const Slot raw : unsealed) {
    erase(raw);
    if (unsealed.contains(raw + 1)) continue;
    // What follows a late tick begins with another rate, as once it is sealed (ChunkWriter::mark_followers).
    auto next = files_.of(Tier::raw).next_slot(query.host, raw);
    if (!next && !leaves_gap(next.error(), query.lacks)) return std::unexpected(std::move(next.error()));
    if (next && *next) erase(**next);
  }
  const auto is_behind = [&](Slot slot) {
    if (files_.of(finer(tier)).is_stale(query.host, slot)) return true;
    if (tier == Tier::minute) return false;
    // A day is also behind when one of its hours is.
    const Slot first = slot * slots_per_next(Tier::minute);
    return files_.of(Tier::raw).any_stale(query.host, first, first + slots_per_next(Tier::minute) - 1);
  };
  std::erase_if(found, [&](Slot slot) { return is_behind(slot) && is_kept(finer(tier), begin_of(tier, slot)); });
  return found;
}

Result<void> TierReader::read_tier(Tier tier, const Query& query, const std::set<Slot>& unsealed,
                                   const Sink& sink) const {
  if (tier == Tier::raw) return read_ticks(query, sink);
  auto slots = current(tier, query, unsealed);
  if (!slots) return std::unexpected(std::move(slots.error()));
  Query rest = query;
  for (auto it = slots->begin(); it != slots->end();) {
    const Slot first = *it;
    Slot end = first;
    for (; it != slots->end() && *it == end; ++it) ++end;
    Query before = rest, run = rest;
    before.to = begin_of(tier, first) - 1;
    run.from = std::max(rest.from, begin_of(tier, first));
    run.to = std::min(rest.to, begin_of(tier, end) - 1);
    if (before.from <= before.to) {
      if (auto done = read_tier(finer(tier), before, unsealed, sink); !done) return done;
    }
    if (auto done = read_built(tier, run, unsealed, sink); !done) return done;
    rest.from = begin_of(tier, end);
  }
  if (rest.from > rest.to) return {};
  return read_tier(finer(tier), rest, unsealed, sink);
}

// Of a damaged file what can be read, slot by slot.
Result<std::vector<StoredChunk>> TierReader::stored(Tier tier, const Query& query, Slot from, Slot to) const {
  const auto groups = groups_of(query.sources);
  auto chunks = files_.of(tier).read(query.host, from, to, groups);
  if (chunks || !leaves_gap(chunks.error(), query.lacks)) return chunks;
  if (from == to) {
    report(tier, query, from, chunks.error().message);
    return std::vector<StoredChunk>{};
  }
  std::vector<StoredChunk> whole;
  for (Slot slot = from; slot <= to; ++slot) {
    auto some = stored(tier, query, slot, slot);
    if (!some) return some;
    std::ranges::move(*some, std::back_inserter(whole));
  }
  return whole;
}

// Nothing is lacking if what it was built from is there.
void TierReader::report(Tier tier, const Query& query, Slot slot, const std::string& words) const {
  damaged_(file_name(tier, period_of(tier, slot)) + ", host " + std::to_string(domain::index(query.host)) + ", " +
           units::clock_utc(slot_begin(tier, slot)) + ": " + words);
  if (!is_kept(finer(tier), begin_of(tier, slot))) add_lack(query, Lacks::Why::damaged, tier, slot);
}

bool TierReader::is_built(Tier tier, HostNumber host, Period period) const {
  const std::int64_t begin = begin_of(tier, first_slot(tier, period));
  const std::int64_t end = begin_of(tier, first_slot(tier, period + 1));
  for (Tier built = tier; built != Tier::hour;) {
    built = coarser(built);
    const auto slots = files_.of(built).slots(host, slot_at(built, begin), slot_at(built, end - 1));
    if (slots && !slots->empty()) return true;
  }
  return false;
}

bool TierReader::is_kept(Tier tier, std::int64_t ms) const {
  return files_.of(tier).is_whole(period_of(tier, slot_at(tier, ms)));
}

// Slots of a file that can't even tell which it has. Nothing is lacking where what they were built from is there.
void TierReader::add_unread(const Query& query, Tier tier, Slot from, Slot to) const {
  for (Slot slot = from; slot <= to; ++slot) {
    if (!is_kept(finer(tier), begin_of(tier, slot))) add_lack(query, Lacks::Why::damaged, tier, slot);
  }
}

void TierReader::add_lack(const Query& query, Lacks::Why why, Tier tier, Slot slot) {
  if (query.lacks == nullptr) return;
  query.lacks->add(why, std::max(begin_of(tier, slot), query.from), std::min(begin_of(tier, slot + 1), query.to + 1),
                   tier);
}

Result<void> TierReader::look_for_removed(const Query& query) const {
  for (const Tier tier : {Tier::minute, Tier::hour}) {
    for (const Period period : files_.of(tier).periods()) {
      const Slot from = std::max(slot_at(tier, query.from), first_slot(tier, period));
      const Slot to = std::min(slot_at(tier, query.to), first_slot(tier, period + 1) - 1);
      if (from > to) continue;
      auto slots = files_.of(tier).slots(query.host, from, to);
      if (!slots && !leaves_gap(slots.error(), query.lacks)) return std::unexpected(std::move(slots.error()));
      if (!slots) add_unread(query, tier, from, to);
      for (const Slot slot : slots.value_or(std::set<Slot>{})) {
        const std::int64_t begin = begin_of(tier, slot);
        if (is_kept(Tier::raw, begin) || (tier == Tier::hour && is_kept(Tier::minute, begin))) continue;
        query.lacks->add(Lacks::Why::removed, begin, begin_of(tier, slot + 1), Tier::raw);
      }
    }
  }
  return {};
}

// What is damaged is read from what it was built from, as long as that is there.
Result<void> TierReader::read_slot(Tier tier, Slot slot, std::span<const StoredChunk> chunks, const Query& query,
                                   const std::set<Slot>& unsealed, const Sink& sink) const {
  auto rows = decode_tier(chunks, query.sources);
  if (rows && !chunks.empty()) {
    cut(*rows, query.from, query.to, row_length(tier).count());
    if (tier > query.tier) add_lack(query, Lacks::Why::coarser, tier, slot);
    return sink.rows(*rows);
  }
  if (!rows) report(tier, query, slot, rows.error().message);
  Query part = query;
  part.from = std::max(query.from, begin_of(tier, slot));
  part.to = std::min(query.to, begin_of(tier, slot + 1) - 1);
  return read_tier(finer(tier), part, unsealed, sink);
}

Result<void> TierReader::read_built(Tier tier, const Query& query, const std::set<Slot>& unsealed,
                                    const Sink& sink) const {
  const Slot end = slot_at(tier, query.to) + 1;
  for (Slot from = slot_at(tier, query.from); from < end;) {
    const Slot to = std::min({from + kWindow, end, first_slot(tier, period_of(tier, from) + 1)});
    auto chunks = stored(tier, query, from, to - 1);
    if (!chunks) return std::unexpected(std::move(chunks.error()));
    for (auto at = chunks->begin(); from < to; ++from) {
      const auto next = std::find_if(at, chunks->end(), [&](const auto& chunk) { return chunk.slot != from; });
      if (auto read = read_slot(tier, from, std::span(at, next), query, unsealed, sink); !read) return read;
      at = next;
    }
    if (query.until && clock_.steady() > *query.until) return too_long();
  }
  return {};
}

}  // namespace vedette::history
