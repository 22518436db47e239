// The sealer builds the tiers: each slot of minutes from the ticks of its hour, each slot of hours from the minutes of
// its day, whole, as often as something under it changed. Nothing is kept in memory for it, and a crash costs nothing
// but the work: the mark that a slot is behind is committed with the chunks that made it so, and deleted after what was
// built.
#include <algorithm>
#include <map>
#include <set>

#include "schema/units/log.h"
#include "server/history/store.h"
#include "server/history/tier_codec.h"

namespace vedette::history {

using domain::HostNumber;
using units::Result;

namespace {

constexpr std::size_t kSlotsPerCommit = 64;
// After a slot's end, so that what is under it is sealed or built, and it is built once.
constexpr units::Milliseconds kMinutesSettle{60'000}, kHoursSettle{180'000};

constexpr std::chrono::minutes kTryAgain{10};  // what couldn't be built

// A row that was built from as many samples as there are now, or more, stays.
void keep_fuller(TierRows& rows, const TierRows& before) {
  TierRows all;
  std::ranges::set_union(rows.times, before.times, std::back_inserter(all.times));
  all.columns.resize(rows.columns.size());
  const auto take = [&](const TierRows& from) {
    for (std::size_t row = 0; row < from.times.size(); ++row) {
      const auto to =
          static_cast<std::size_t>(std::ranges::lower_bound(all.times, from.times[row]) - all.times.begin());
      for (std::size_t n = 0; n < all.columns.size(); ++n) {
        if (from.columns[n][row].count > all.columns[n][to].count) all.columns[n][to] = from.columns[n][row];
      }
    }
  };
  for (auto& column : all.columns) column.resize(all.times.size());
  take(before);
  take(rows);
  rows = std::move(all);
}

}  // namespace

Result<TierRows> Store::rows_of(Tier tier, HostNumber host, Slot slot, std::span<Source> sources) {
  const std::vector<std::uint32_t> wanted = resolve_inputs(sources);
  TierRows rows;
  rows.columns.resize(sources.size());
  const auto keep = [&](std::int64_t begin, std::span<const Summary> summaries) {
    rows.times.push_back(begin);
    for (std::size_t n = 0; n < sources.size(); ++n) rows.columns[n].push_back(summaries[n]);
  };
  Summarizer summarizer(sources, row_length(tier).count(), keep, earlier_of(sealed_, host));
  const TierReader::Sink sink{[&](const Rows& ticks, std::int64_t from, std::int64_t to) -> Result<void> {
                                summarizer.feed(ticks, from, to);
                                return {};
                              },
                              [&](const TierRows& finer_rows) -> Result<void> {
                                summarizer.feed(finer_rows);
                                return {};
                              }};
  const TierReader::Query query{.host = host,
                                .from = units::unix_ms(slot_begin(tier, slot)),
                                .to = units::unix_ms(slot_begin(tier, slot + 1)) - 1,
                                .tier = finer(tier),
                                .wanted = wanted,
                                .sources = sources,
                                .look_back = kLookBack};
  const std::uint64_t damages = damages_;
  if (auto done = sealed_tiers_.read(query, sink); !done) return std::unexpected(std::move(done.error()));
  summarizer.finish();
  // What it was built from before may be gone for its age, or be damaged now.
  const Slot under = slot * slots_per_next(finer(tier));
  if (damages == damages_ && !files_.of(finer(tier)).is_partial(period_of(finer(tier), under))) return rows;
  auto before = sealed_tiers_.built(tier, host, slot, sources);
  if (before && !before->times.empty()) keep_fuller(rows, *before);
  if (!before && before.error().code != units::ErrorCode::corrupt) return before;
  return rows;
}

// What was built in a period is gone: whatever it can be built from is behind now.
void Store::mark_again(Tier tier, Period period) {
  const Slot first = first_slot(tier, period), end = first_slot(tier, period + 1);
  for (const Period under : files_.of(finer(tier)).periods()) {
    const auto begin = slot_begin(finer(tier), first_slot(finer(tier), under));
    if (begin < slot_begin(tier, first) || begin >= slot_begin(tier, end)) continue;
    if (auto done = writer(finer(tier)).mark_all(under); !done) report_damage(done.error().message);
  }
}

// At the start: a file of the tier that isn't there was moved away, or is still to be made.
void Store::mark_missing(Tier tier) {
  std::set<Period> missing;
  for (const Period under : files_.of(finer(tier)).periods()) {
    const auto begin = slot_begin(finer(tier), first_slot(finer(tier), under));
    const Period period = period_of(tier, slot_of(tier, begin));
    if (!files_.of(tier).periods().contains(period)) missing.insert(period);
  }
  for (const Period period : missing) mark_again(tier, period);
  writer(finer(tier)).close_files();
}

// What is behind and may be built now: not what just failed, and no day of which an hour is still to be built.
std::vector<StaleSlot> Store::to_build(Tier tier, bool all) {
  const auto settle = tier == Tier::minute ? kMinutesSettle : kHoursSettle;
  const Slot end = all ? slot_of(tier, kEndInstant) : slot_of(tier, clock_.now() - settle);
  const units::Steady now = clock_.steady();
  return files_.of(finer(tier)).stale_before(end, kSlotsPerCommit, [&](const StaleSlot& stale) {
    const auto put_off = put_off_of(tier).find(stale);
    if (put_off != put_off_of(tier).end() && now < put_off->second) return false;
    if (tier == Tier::minute) return true;
    const Slot first = stale.slot * slots_per_next(Tier::minute);
    return !files_.of(Tier::raw).any_stale(stale.host, first, first + slots_per_next(Tier::minute) - 1);
  });
}

// One host's trouble isn't another's: it is told, and tried again later.
void Store::put_off(Tier tier, const StaleSlot& slot, const units::Error& error) {
  put_off_of(tier)[slot] = clock_.steady() + kTryAgain;
  if (trouble_.failed(Trouble::Part::building, clock_.now(), error.message)) {
    units::log_error(
        "a part of history can't be summed up to minutes or hours; answers come from samples, which are kept a week "
        "longer for it",
        {{"host", std::to_string(domain::index(slot.host))},
         {"from", units::clock_utc(slot_begin(tier, slot.slot))},
         {"error", error.message}});
  }
}

// True if there is more to do.
bool Store::build(Tier tier, bool all) {
  const auto stale = to_build(tier, all);
  std::map<Period, std::vector<EncodedChunk>> chunks;
  std::map<Period, std::vector<StaleSlot>> built;
  for (const StaleSlot& slot : stale) {
    auto sources = all_sources(registry_.series(slot.host));
    auto rows = rows_of(tier, slot.host, slot.slot, sources);
    if (!rows) {
      put_off(tier, slot, rows.error());
      continue;
    }
    const Period period = period_of(tier, slot.slot);
    built[period].push_back(slot);
    auto chunk = encode_tier(slot.host, slot.slot, *rows, sources);
    if (!chunk.groups.empty()) chunks[period].push_back(std::move(chunk));
  }
  for (const auto& [period, slots] : built) {
    auto done = or_set_aside(tier, period, [&] { return writer(tier).replace(period, chunks[period]); });
    if (done) step(Step::tier_committed);
    if (done) done = writer(finer(tier)).built(slots);
    if (done) built_slots_ += slots.size();
    for (const StaleSlot& slot : slots) {
      if (!done) put_off(tier, slot, done.error());
    }
  }
  // What is built now, or whose host or file is gone.
  std::erase_if(put_off_of(tier),
                [&](const auto& one) { return !files_.of(finer(tier)).is_stale(one.first.host, one.first.slot); });
  return stale.size() == kSlotsPerCommit;
}

// Not all: a commit's worth a round, as sealing goes first, and days only once no hour is due.
bool Store::build_tiers(bool all) {
  for (const Tier tier : {Tier::minute, Tier::hour}) {
    bool more = build(tier, all);
    while (more && all) more = build(tier, all);
    if (more) break;
  }
  if (std::ranges::any_of(put_off_, [](const auto& slots) { return !slots.empty(); })) return false;
  if (trouble_.well(Trouble::Part::building)) units::log(units::Level::notice, "minutes and hours are built again");
  return true;
}

}  // namespace vedette::history
