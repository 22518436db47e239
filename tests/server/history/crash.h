// What crash tests do to a store, and what must be true of its directory whenever it crashed. The ticks of one stream
// follow from their numbers; those of a day come in another order than that of their times, so that each slot gets many
// parts and is merged.
#pragma once

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "server/history/check.h"
#include "server/sqlite/copy.h"
#include "tests/server/history/a_store.h"
#include "tests/server/history/power_vfs.h"

namespace vedette::history::crash {

inline constexpr std::uint64_t kStream = 1;
inline constexpr std::int64_t kPerDay = 48, kDays = 7, kDay = 86'400;  // all in one month: minutes stay
inline constexpr std::int64_t kEnd = kDays * kPerDay;                  // the last number
inline constexpr std::int64_t kMinute = 60, kHour = 3600;

inline std::int64_t day_of_number(std::int64_t number) {
  return (number - 1) / kPerDay;
}

/// The tick's second after kStart: one every 30 s from 08:50 to 09:13, three slots and two hours.
inline std::int64_t second_of(std::int64_t number) {
  constexpr std::int64_t kStride = 31;  // has no divisor in common with kPerDay
  return day_of_number(number) * kDay + 3000 + (number - 1) * kStride % kPerDay * 30;
}

inline domain::SharedBatch ticks(std::int64_t first, std::int64_t last) {
  auto made = std::make_shared<Batch>();
  made->host = kHost;
  made->stream = kStream;
  made->first = static_cast<std::uint64_t>(first);
  made->live = false;
  for (std::int64_t number = first; number <= last; ++number) made->ticks.push_back(tick(second_of(number)));
  return made;
}

/// The time at which a number is sent: all hours of its day are over, its day isn't.
inline units::Milliseconds sent_at(std::int64_t number) {
  return std::chrono::seconds(day_of_number(number) * kDay + 4 * kHour);
}

inline std::int64_t next_of(const Store& store) {
  return static_cast<std::int64_t>(store.resume_point(kHost, kStream)) + 1;
}

/// Everything is due as soon as it comes. `keep` is one of some_keep().
inline Options options(const std::filesystem::path& directory, const Keep& keep = {}) {
  Options made = options_in(directory);
  made.commit_every = units::Milliseconds{1};
  made.checkpoint_every = units::Milliseconds{1};
  made.retain_every = units::Milliseconds{1};
  made.seal = {.grace = {}, .idle = {}, .late_age = {}, .chunk_bytes = 1000};
  made.space.reserve = 0;
  made.keep = keep;
  return made;
}

/// All for ever; ticks for a day after theirs; or as little as a budget can leave.
inline Keep some_keep(std::uint64_t chosen) {
  Keep keep;
  if (chosen % 3 == 1) keep.ages[0] = std::chrono::days(1);
  if (chosen % 3 == 2) keep.budget = 1;
  return keep;
}

/// One thing that happens to a store: ticks come, some of them again; rows are committed, sealed, built; days pass.
inline void go_on(Store& store, MovedClock& clock, Random& random) {
  const std::int64_t next = next_of(store);
  if (next <= kEnd) {
    // A day is sealed before the next one comes: what comes after its file went makes it anew.
    if ((next - 1) % kPerDay == 0) (void)store.seal_all();
    clock.set(sent_at(next));
    const auto again = static_cast<std::int64_t>(random() % 3), count = static_cast<std::int64_t>(1 + random() % 4);
    const std::int64_t last = std::min(next + count - 1, (day_of_number(next) + 1) * kPerDay);
    (void)store.submit(ticks(std::max<std::int64_t>(1, next - again), last));
  }
  switch (random() % 8) {
    case 0:
      (void)store.flush();
      break;
    case 1:
      (void)store.build_all();
      break;
    case 2:
      break;
    default:
      (void)store.seal_all();
  }
}

/// Without the index files, which a crash leaves to nobody.
inline void copy_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    if (!entry.path().string().ends_with("-shm")) std::filesystem::copy(entry.path(), to / entry.path().filename());
  }
}

/// A collector of the first schema left this: a day and a half, of which the last rows aren't sealed. Returns the
/// newest number.
inline std::int64_t make_old(const std::filesystem::path& directory) {
  constexpr std::int64_t kSealed = kPerDay + 10, kLast = kSealed + 14;
  {
    auto store = opened(options_in(directory));
    announce(*store);
    for (std::int64_t number = 1; number <= kSealed; number += 6) {
      EXPECT_TRUE(store->submit(ticks(number, std::min(number + 5, kSealed))) && store->seal_all());
    }
    EXPECT_TRUE(store->submit(ticks(kSealed + 1, kLast)) && store->flush());
  }
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const std::string name = file.path().filename().string();
    const auto run = [&](const char* sql) {
      auto database = sqlite::Database::open(file.path(), {.create = false});
      EXPECT_TRUE(database && database->execute(sql)) << name;
    };
    if (name == "live.db") run("DROP TABLE epoch; PRAGMA user_version = 1");
    if (name.starts_with("raw-") && name.ends_with(".db")) {
      run("DROP TABLE stale; DROP TABLE partial; PRAGMA user_version = 1");
    }
  }
  return kLast;
}

/// Every file's pages and chunks once SQLite has recovered them; empty if all are well.
inline std::string damage_once_recovered(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".db")) continue;
    auto database = sqlite::Database::open(entry.path(), {.vfs = PowerVfs::kName});
    const auto faults = sqlite::faults_of(*database, sqlite::Depth::full);
    if (!faults) return name + ": " + faults.error().message;
    if (!faults->empty()) return name + ": " + faults->front();
    const auto chunks = parse_file_name(name);
    const auto read = chunks ? check_chunks(entry.path(), *chunks, Use::live) : check_live(entry.path(), Use::live);
    if (!read) return name + ": " + read.error().message;
    if (!read->damage.empty()) return name + ": " + read->damage.front().words;
  }
  return "";
}

/// The same of a copy, without the store's doing.
inline std::string damage_in(const std::filesystem::path& directory) {
  PowerVfs::install();
  const tests::TemporaryDirectory copy;
  copy_files(directory, copy.path());
  auto found = damage_once_recovered(copy.path());
  PowerVfs::forget(copy.path());
  return found;
}

/// The seconds of ticks 1 … last, ascending.
inline std::set<std::int64_t> seconds_until(std::int64_t last) {
  std::set<std::int64_t> seconds;
  for (std::int64_t number = 1; number <= last; ++number) seconds.insert(second_of(number));
  return seconds;
}

/// Every tick once, but for the files of days that retention may have removed: oldest first, each as a whole.
inline std::string fault_in_ticks(const Store& store, std::int64_t last, const Keep& keep) {
  const auto got = ask(store, "test.level", 0, kDays * kDay);
  std::set<std::int64_t> found;
  for (std::size_t n = 0; n < got.t.size(); ++n) {
    const std::int64_t second = (units::unix_ms(got.t[n]) - kStart) / 1000;
    if (got.average[n] != static_cast<double>(second)) return "wrong value at " + std::to_string(second);
    if (!found.insert(second).second) return "doubled: " + std::to_string(second);
  }
  std::set<std::int64_t> expected = seconds_until(last);
  const std::int64_t today = day_of_number(last + 1), oldest = found.empty() ? today : *found.begin() / kDay;
  const std::int64_t kept_days = keep.budget ? 1 : (keep.ages[0] < std::chrono::days(7) ? 2 : kDays + 1);
  if (oldest <= today + 1 - kept_days) {
    expected.erase(expected.begin(), expected.lower_bound(oldest * kDay));
  }
  for (const auto second : expected) {
    if (!found.contains(second)) return "missing: " + std::to_string(second);
  }
  for (const auto second : found) {
    if (!expected.contains(second)) return "from nowhere: " + std::to_string(second);
  }
  return "";
}

/// Minutes or hours as the ticks 1 … last make them, whether or not these are still there.
inline std::string fault_in_steps(const Store& store, std::int64_t last, std::int64_t step) {
  std::map<std::int64_t, std::vector<std::int64_t>> levels;
  std::set<std::int64_t> rates;  // steps that have one
  std::optional<std::int64_t> before;
  for (const auto second : seconds_until(last)) {
    levels[second / step * step].push_back(second);
    if (before && second - *before <= 600) rates.insert(second / step * step);
    before = second;
  }
  const auto at = [&](const domain::HistoryColumns& columns, std::size_t n) {
    return (units::unix_ms(columns.t[n]) - kStart) / 1000;
  };
  const std::string what = " of " + std::to_string(step) + " s";
  const auto level = ask(store, "test.level", 0, kDays * kDay, step * 1000);
  if (level.t.size() != levels.size()) {
    return std::to_string(level.t.size()) + " for " + std::to_string(levels.size()) + " steps" + what;
  }
  std::size_t n = 0;
  for (const auto& [begin, within] : levels) {
    double sum = 0;
    for (const auto second : within) sum += static_cast<double>(second);
    const double average = sum / static_cast<double>(within.size());
    if (at(level, n) != begin || level.minimum[n] != static_cast<double>(within.front()) ||
        level.maximum[n] != static_cast<double>(within.back()) || std::abs(level.average[n] - average) > 1e-6) {
      return "wrong step" + what + " at " + std::to_string(begin);
    }
    ++n;
  }
  const auto bytes = ask(store, "test.bytes", 0, kDays * kDay, step * 1000);
  std::set<std::int64_t> found;
  for (std::size_t i = 0; i < bytes.t.size(); ++i) {
    found.insert(at(bytes, i));
    if (bytes.minimum[i] != 100 || bytes.maximum[i] != 100 || bytes.average[i] != 100) return "wrong rate" + what;
  }
  return found == rates ? "" : "rates" + what + " missing or from nowhere";
}

struct Found {
  std::string fault;      ///< empty: nothing acked is lost, nothing is doubled, every file is whole
  std::int64_t last = 0;  ///< the newest number that is there
};

/// Deletes the write-ahead rows of all that was acked, as the store does, but whenever it is called: if that is before
/// the chunks are committed, a crash must lose ticks, or the tests prove nothing.
inline void drop_rows_too_early(const std::filesystem::path& directory, const std::string& vfs, std::int64_t acked) {
  auto live = LiveDb::open(directory, vfs, false);
  const MarkRow mark{{kHost, kStream, static_cast<std::uint64_t>(acked)}, units::from_unix_ms(kStart)};
  EXPECT_TRUE(live && live->drop_rows(INT64_MAX, std::span(&mark, 1), {}, {}));
}

/// What a crash left in the directory, which is a copy that may be changed.
inline Found look_into(const std::filesystem::path& directory, std::int64_t acked, const Keep& keep) {
  PowerVfs::install();
  Options opening = options(directory);
  opening.vfs = PowerVfs::kName;  // it doesn't wait for the disk
  MovedClock clock;
  auto store = Store::open(opening, clock);
  if (!store) return {store.error().message};
  const std::int64_t last = next_of(**store) - 1;
  if (last < acked) return {std::to_string(acked) + " was acked, " + std::to_string(last) + " is stored"};
  clock.set(sent_at(last + 1));
  (*store)->start();
  announce(**store);
  for (const bool built : {false, true}) {
    if (built && !(*store)->build_all()) return {"can't be built: " + (*store)->trouble()};
    for (const auto& fault : {fault_in_ticks(**store, last, keep), fault_in_steps(**store, last, kMinute),
                              fault_in_steps(**store, last, kHour)}) {
      if (!fault.empty()) return {fault + (built ? " once built" : "")};
    }
  }
  if (const auto trouble = (*store)->trouble(); !trouble.empty()) return {trouble};
  return {"", last};
}

/// What a crash left in the directory, which stays as it is. `acked`: the newest number that was.
inline Found look_at(const std::filesystem::path& directory, std::int64_t acked, const Keep& keep) {
  if (auto damage = damage_in(directory); !damage.empty()) return {damage};
  const tests::TemporaryDirectory copy;
  copy_files(directory, copy.path());
  auto found = look_into(copy.path(), acked, keep);
  PowerVfs::forget(copy.path());
  return found;
}

}  // namespace vedette::history::crash
