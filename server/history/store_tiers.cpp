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
constexpr std::chrono::hours kClockDoubt{24};  // how long nothing goes for its age after the clock jumped …
constexpr std::chrono::hours kJump{1};         // … ahead by more than this, …
constexpr std::chrono::days kAway{7};          // … or was ahead of all history by more than this at the start

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
  Summarizer summarizer(sources, row_length(tier).count(), keep, earlier_of(host));
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
  if (auto done = tier_reader_.read(query, sink); !done) return std::unexpected(std::move(done.error()));
  summarizer.finish();
  // What it was built from before may be gone for its age, or be damaged now.
  const Slot under = slot * slots_per_next(finer(tier));
  if (damages == damages_ && !files_.of(finer(tier)).is_partial(period_of(finer(tier), under))) return rows;
  auto before = tier_reader_.built(tier, host, slot, sources);
  if (before && !before->times.empty()) keep_fuller(rows, *before);
  if (!before && before.error().code != units::ErrorCode::corrupt) return before;
  return rows;
}

Result<void> Store::replace_or_set_aside(Tier tier, Period period, std::span<const EncodedChunk> chunks) {
  auto done = writer(tier).replace(period, chunks);
  if (done || done.error().code != units::ErrorCode::corrupt) return done;
  auto aside = writer(tier).set_aside(period);
  if (!aside) return std::unexpected(std::move(aside.error()));
  report_damage(done.error().message + "; it was renamed to " + aside->filename().string() +
                " and what is built goes into a new file");
  mark_again(tier, period);
  return writer(tier).replace(period, chunks);
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
std::vector<StaleSlot> Store::to_build(Tier tier, bool all) const {
  const auto settle = tier == Tier::minute ? kMinutesSettle : kHoursSettle;
  const Slot end = all ? slot_of(tier, kEndInstant) : slot_of(tier, clock_.now() - settle);
  const units::Steady now = clock_.steady();
  return files_.of(finer(tier)).stale_before(end, kSlotsPerCommit, [&](const StaleSlot& stale) {
    const auto failed = failed_[tier == Tier::hour ? 1 : 0].find(stale);
    if (failed != failed_[tier == Tier::hour ? 1 : 0].end() && now < failed->second) return false;
    if (tier == Tier::minute) return true;
    const Slot first = stale.slot * slots_per_next(Tier::minute);
    return !files_.of(Tier::raw).any_stale(stale.host, first, first + slots_per_next(Tier::minute) - 1);
  });
}

// One host's trouble isn't another's: it is told, and tried again later.
void Store::put_off(Tier tier, const StaleSlot& slot, const units::Error& error) {
  failed_[tier == Tier::hour ? 1 : 0][slot] = clock_.steady() + kTryAgain;
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
    auto done = replace_or_set_aside(tier, period, chunks[period]);
    if (done) step(Step::tier_committed);
    if (done) done = writer(finer(tier)).built(slots);
    for (const StaleSlot& slot : slots) {
      if (done) {
        failed_[tier == Tier::hour ? 1 : 0].erase(slot);
      } else {
        put_off(tier, slot, done.error());
      }
    }
    if (done) built_slots_ += slots.size();
  }
  return stale.size() == kSlotsPerCommit;
}

// Not all: a commit's worth a round, as sealing goes first.
bool Store::build_tiers(bool all) {
  for (const Tier tier : {Tier::minute, Tier::hour}) {
    while (build(tier, all) && all) {
    }
  }
  if (!failed_[0].empty() || !failed_[1].empty()) return false;
  if (trouble_.well(Trouble::Part::building)) units::log(units::Level::notice, "minutes and hours are built again");
  return true;
}

std::vector<TierFile> Store::files_on_disk(bool begins) const {
  std::vector<TierFile> files;
  for (const Tier tier : kTiers) std::ranges::move(files_.of(tier).on_disk(begins), std::back_inserter(files));
  return files;
}

// Whatever else of history counts against the budget.
std::uint64_t Store::others_on_disk() const {
  std::uint64_t bytes = 0;
  for (const char* name : {"live.db", "live.db-wal", "reserve"}) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(options_.directory / name, missing);
    if (!missing) bytes += size;
  }
  return bytes;
}

domain::HistoryBudget Store::budget() const {
  return forecast(files_on_disk(true), options_.keep, others_on_disk(), clock_.now());
}

// A clock that jumps ahead makes all history look old. It may be right: then it is still there a day later.
bool Store::doubts_clock(units::Steady steady, units::Instant now) {
  std::optional<std::string> why;
  if (!retained_) {
    const auto periods = files_.of(Tier::raw).periods();
    const auto newest = periods.empty() ? now : slot_begin(Tier::raw, first_slot(Tier::raw, *periods.rbegin() + 1));
    if (now - newest > kAway) why = "no history is younger than " + units::spoken_duration(now - newest);
  } else if (const auto jumped = (now - retained_->second) - (steady - retained_->first); jumped > kJump) {
    why = "the clock was set ahead by " + units::spoken_duration(std::chrono::floor<units::Milliseconds>(jumped));
  }
  retained_ = {steady, now};
  if (why) {
    doubted_until_ = steady + kClockDoubt;
    units::log_warning("nothing is removed for its age within a day, in case the clock is wrong", {{"reason", *why}});
  }
  return doubted_until_ && steady < *doubted_until_;
}

void Store::retain() {
  const units::Steady steady = clock_.steady();
  if (retained_ && steady - retained_->first < options_.retain_every) return;
  Keep keep = options_.keep;
  if (doubts_clock(steady, clock_.now())) keep.ages.fill(units::Milliseconds::max() / 4);
  auto gone = expired(files_on_disk(false), keep, others_on_disk(), clock_.now());
  if (!space_.low()) shed_ = false;
  if (space_.low() && gone.empty() && !std::exchange(shed_, true)) {
    // A full disk: the oldest samples make room for the newest, one file each time that it gets full.
    keep.budget = 0;
    gone = expired(files_on_disk(false), keep, 0, clock_.now());
    if (gone.size() > 1) gone.resize(1);
    std::erase_if(gone, [](const FileName& file) { return file.tier != Tier::raw; });
  }
  for (const FileName& file : gone) {
    const std::string name = file_name(file.tier, file.period);
    if (auto done = writer(file.tier).unlink(file.period); !done) {
      units::log_error(
          "old history can't be removed and takes room that the budget doesn't give it; remove the file by hand",
          {{"file", name}, {"error", done.error().message}});
      continue;
    }
    ++expired_files_;
    step(Step::file_removed);
    units::log(units::Level::notice, "old history was removed", {{"file", name}});
  }
}

}  // namespace vedette::history
