// The sealer builds the tiers: each slot of minutes from the ticks of its hour, each slot of hours from the minutes of
// its day, whole, as often as something under it changed. Nothing is kept in memory for it, and a crash costs nothing
// but the work: the mark that a slot is behind is committed with the chunks that made it so, and deleted after what was
// built.
#include <algorithm>
#include <map>

#include "schema/units/log.h"
#include "server/history/store.h"
#include "server/history/tier_codec.h"

namespace vedette::history {

using domain::HostNumber;
using units::Result;

namespace {

constexpr std::size_t kSlotsPerCommit = 64;
// Before a host's counters began, in raw slots: what it counted while it was away belongs to its first minute back.
constexpr Slot kLookBack = 31 * kSlotsPerDay;
// After a slot's end, so that what is under it is sealed or built, and it is built once.
constexpr units::Milliseconds kMinutesSettle{60'000}, kHoursSettle{180'000};

Tier finer(Tier tier) noexcept {
  return tier == Tier::hour ? Tier::minute : Tier::raw;
}

// A row that was built from more samples than there are now stays: what it was built from has been deleted for its age,
// or is damaged.
void keep_fuller(TierRows& rows, const TierRows& before) {
  TierRows all;
  std::ranges::set_union(rows.times, before.times, std::back_inserter(all.times));
  all.columns.resize(rows.columns.size());
  for (std::size_t n = 0; n < all.columns.size(); ++n) {
    all.columns[n].resize(all.times.size());
    for (std::size_t row = 0; row < all.times.size(); ++row) {
      const auto take = [&](const TierRows& from) {
        const auto at = std::ranges::lower_bound(from.times, all.times[row]);
        if (at == from.times.end() || *at != all.times[row]) return;
        const Summary& summary = from.columns[n][static_cast<std::size_t>(at - from.times.begin())];
        if (summary.count > all.columns[n][row].count) all.columns[n][row] = summary;
      };
      take(rows);
      take(before);
    }
  }
  rows = std::move(all);
}

}  // namespace

Result<TierRows> Store::rows_of(Tier tier, HostNumber host, Slot slot, std::span<Source> sources) {
  const std::vector<std::uint32_t> wanted = resolve_inputs(sources);
  TierRows rows;
  rows.columns.resize(sources.size());
  Summarizer summarizer(sources, row_length(tier).count(), [&](std::int64_t begin, std::span<const Summary> summaries) {
    rows.times.push_back(begin);
    for (std::size_t n = 0; n < sources.size(); ++n) rows.columns[n].push_back(summaries[n]);
  });
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
  if (auto done = tier_reader_.read(query, sink); !done) return std::unexpected(std::move(done.error()));
  summarizer.finish();
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
  return writer(tier).replace(period, chunks);
}

// True if there is more to do.
Result<bool> Store::build(Tier tier, bool all) {
  const auto settle = tier == Tier::minute ? kMinutesSettle : kHoursSettle;
  const Slot end = all ? slot_of(tier, kEndInstant) : slot_of(tier, clock_.now() - settle);
  const auto stale = files_.of(finer(tier)).stale_before(end, kSlotsPerCommit);
  if (stale.empty()) return false;
  std::map<Period, std::vector<EncodedChunk>> chunks;
  for (const auto& [slot, host] : stale) {
    auto sources = all_sources(registry_.series(host));
    auto rows = rows_of(tier, host, slot, sources);
    if (!rows) return std::unexpected(std::move(rows.error()));
    auto chunk = encode_tier(host, slot, *rows, sources);
    if (!chunk.groups.empty()) chunks[period_of(tier, slot)].push_back(std::move(chunk));
  }
  for (const auto& [period, some] : chunks) {
    if (auto done = replace_or_set_aside(tier, period, some); !done) return std::unexpected(std::move(done.error()));
  }
  step(Step::tier_committed);
  if (auto done = writer(finer(tier)).built(stale); !done) return std::unexpected(std::move(done.error()));
  built_slots_ += stale.size();
  return stale.size() == kSlotsPerCommit;
}

// Not all: a commit's worth a round, as sealing goes first.
bool Store::build_tiers(bool all) {
  for (const Tier tier : {Tier::minute, Tier::hour}) {
    for (bool more = true; more;) {
      const auto built = build(tier, all);
      if (!built) {
        if (trouble_.failed(Trouble::Part::building, clock_.now(), built.error().message)) {
          units::log_error("minutes and hours of history can't be built; answers come from samples",
                           {{"error", built.error().message}});
        }
        return false;
      }
      more = *built && all;
    }
  }
  if (trouble_.well(Trouble::Part::building)) units::log(units::Level::notice, "minutes and hours are built again");
  return true;
}

std::vector<TierFile> Store::files_on_disk() const {
  std::vector<TierFile> files;
  for (const Tier tier : kTiers) std::ranges::move(files_.of(tier).on_disk(), std::back_inserter(files));
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
  return forecast(files_on_disk(), options_.keep, others_on_disk(), clock_.now());
}

void Store::retain() {
  const units::Steady now = clock_.steady();
  if (retained_ && now - *retained_ < options_.retain_every) return;
  retained_ = now;
  for (const FileName& file : expired(files_on_disk(), options_.keep, others_on_disk(), clock_.now())) {
    const std::string name = file_name(file.tier, file.period);
    if (auto done = writer(file.tier).unlink(file.period); !done) {
      units::log_error("old history can't be removed", {{"file", name}, {"error", done.error().message}});
      return;
    }
    ++expired_files_;
    step(Step::file_removed);
    units::log(units::Level::notice, "old history was removed", {{"file", name}});
  }
}

}  // namespace vedette::history
