#include "server/processes/store.h"

#include <sqlite3.h>

#include "tests/logged.h"
#include "tests/server/processes/a_store.h"

namespace vedette::processes {
namespace {

using Times = std::vector<units::Instant>;

const units::Instant kMidnight = day_begin(day_of(kNoon));

TEST(ProcessStore, AnswersWhatWasStoredOldestFirstAndOfThatHostOnly) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Running running(options_in(directory.path()), clock);
  for (const auto at : {kNoon - 1min, kNoon - 3min, kNoon - 2min}) running.keep(at);
  running.keep(kNoon - 2min, kOther);
  EXPECT_EQ(running.told.ids(), (Told::Ids{{kHost, 1}, {kHost, 2}, {kHost, 3}, {kOther, 4}}));
  EXPECT_EQ(running.times(kNoon - 1h, kNoon), (Times{kNoon - 3min, kNoon - 2min, kNoon - 1min}));
  EXPECT_EQ(running.times(kNoon - 3min, kNoon - 2min), (Times{kNoon - 3min, kNoon - 2min})) << "both ends included";
  EXPECT_EQ(running.times(kNoon - 1h, kNoon, kOther), Times{kNoon - 2min});
  EXPECT_EQ(running.times(kNoon - 1h, kNoon, HostNumber{9}), Times{});
  EXPECT_EQ(running.times(kNoon, kNoon - 1h), Times{});
  EXPECT_EQ(running.store.trouble(), "");
  EXPECT_GT(running.store.disk_bytes(), 4'096U);
  EXPECT_EQ(running.store.counts().stored, 4U);
}

TEST(ProcessStore, PutsEachDayIntoItsFileAndAnswersOverBoth) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Running running(options_in(directory.path()), clock);
  running.keep(kMidnight - 1ms);
  running.keep(kMidnight);
  running.keep(kMidnight - kDays1);
  EXPECT_TRUE(exists(directory, "top-20261123.db"));
  EXPECT_TRUE(exists(directory, "top-20261122.db"));
  EXPECT_EQ(running.times(kMidnight - 3 * kDays1, kNoon), (Times{kMidnight - kDays1, kMidnight - 1ms, kMidnight}));
}

TEST(ProcessStore, FindsTheListWhoseSpanHoldsATimeOrTheNearest) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Running running(options_in(directory.path()), clock);
  running.keep(kMidnight - 30s);
  running.keep(kMidnight + 10min);
  const auto nearest = [&](units::Instant at) {
    const auto found = running.store.nearest(kHost, at, 90s);
    if (!found) ADD_FAILURE() << found.error().message;
    return found && *found ? std::optional((*found)->at) : std::nullopt;
  };
  EXPECT_EQ(nearest(kMidnight - 30s), kMidnight - 30s);
  EXPECT_EQ(nearest(kMidnight - 90s), kMidnight - 30s) << "its span began here";
  EXPECT_EQ(nearest(kMidnight + 60s), kMidnight - 30s) << "of the day before";
  EXPECT_EQ(nearest(kMidnight + 60s + 1ms), std::nullopt);
  EXPECT_EQ(nearest(kMidnight - 120s), kMidnight - 30s) << "90 s before it";
  EXPECT_EQ(nearest(kMidnight - 120s - 1ms), std::nullopt);
  EXPECT_EQ(nearest(kMidnight + 9min), kMidnight + 10min);
  EXPECT_EQ(nearest(kMidnight + 10min + 90s), kMidnight + 10min);
  running.keep(kMidnight + 3min);
  running.keep(kMidnight + 3min + 100s);
  EXPECT_EQ(nearest(kMidnight + 3min + 10s), kMidnight + 3min) << "between two whose spans don't hold it";
  EXPECT_EQ(nearest(kMidnight + 3min + 30s), kMidnight + 3min);
}

TEST(ProcessStore, KeepsOneOfTwoOfTheSameTimeAndTellsBoth) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Running running(options_in(directory.path()), clock);
  running.keep(kNoon);
  ProcessList other = list_at(kNoon);
  other.count = 1;
  ASSERT_TRUE(running.store.submit(kHost, 1, other));
  EXPECT_EQ(running.told.await(2), (Told::Ids{{kHost, 1}, {kHost, 1}}));
  EXPECT_EQ(running.times(kNoon - 1h, kNoon), Times{kNoon});
}

TEST(ProcessStore, DropsAndTellsWhatIsTooOldOrAhead) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Running running(options_in(directory.path()), clock);
  for (const auto at :
       {kNoon - 7 * kDays1 - 1ms, kNoon + 60s + 1ms, units::Instant{}, units::from_unix_ms(units::kLatestMs)}) {
    running.keep(at);
  }
  EXPECT_EQ(running.store.counts().dropped, 4U);
  EXPECT_EQ(days_in(directory.path())->size(), 0U) << "no file was made for them";
  running.keep(kNoon - 7 * kDays1);
  running.keep(kNoon + 60s);
  EXPECT_EQ(running.times(kNoon - 8 * kDays1, kNoon + 1h), (Times{kNoon - 7 * kDays1, kNoon + 60s}));
}

TEST(ProcessStore, AnswersTheNewestOfTooMany) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Running running(options_in(directory.path()), clock);
  const std::size_t most = domain::ProcessRecords::kMostLists;
  for (std::size_t n = 0; n < most + 10; ++n) {
    ASSERT_TRUE(running.store.submit(kHost, n, list_at(kNoon - units::Milliseconds{1000 * n})));
  }
  (void)running.told.await(most + 10);
  const auto times = running.times(kNoon - kDays1, kNoon);
  ASSERT_EQ(times.size(), most);
  EXPECT_EQ(times.back(), kNoon);
  EXPECT_TRUE(std::ranges::is_sorted(times));
}

TEST(ProcessStore, RefusesWhatFindsNoRoomAndTellsNothingOfIt) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Options options = options_in(directory.path());
  options.waiting_bytes = 1'000;
  Told told;
  Store store(options, clock);
  store.on_stored([&](HostNumber host, std::uint64_t id) { told.add(host, id); });
  std::size_t taken = 0;  // nobody takes them off yet
  while (taken < 100 && store.submit(kHost, taken + 1, list_at(kNoon - taken * 1min))) ++taken;
  EXPECT_GT(taken, 3U);
  EXPECT_LT(taken, 20U);
  EXPECT_EQ(store.counts().refused, 1U);
  EXPECT_TRUE(told.ids().empty());
  store.start();
  EXPECT_EQ(told.await(taken).size(), taken);
  EXPECT_TRUE(store.submit(kHost, 1'000, list_at(kNoon)));
  store.stop();
  EXPECT_EQ(told.ids().size(), taken + 1) << "what was taken is stored before it ends";
  EXPECT_FALSE(store.submit(kHost, 1'001, list_at(kNoon)));
}

TEST(ProcessStore, OfOneHostADayHoldsNoMoreThanItsShare) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  const tests::Logged logged;
  ProcessList large{.at = kNoon, .span = 1s, .count = 64, .top = {}};
  for (std::uint32_t n = 0; n < 64; ++n)
    large.top.push_back({.pid = n, .name = "x", .arguments = std::string(1024, 'a')});
  constexpr std::size_t kLists = 300;  // 20 MB
  const auto send_all = [&](units::Instant from) {
    Running running(options_in(directory.path()), clock);
    for (std::size_t n = 0; n < kLists; ++n) {
      large.at = from - units::Milliseconds{n};
      ASSERT_TRUE(await([&] { return running.store.submit(kHost, n, large); }));
    }
    EXPECT_EQ(running.told.await(kLists).size(), kLists) << "told, so that its agent forgets them";
    running.keep(kNoon - 1h, kOther);
  };
  send_all(kNoon);
  send_all(kNoon - 1h);  // a restart doesn't give it more
  EXPECT_EQ(logged.count("more of its processes", "top-20261123.db"), 2U);
  std::uintmax_t bytes = std::filesystem::file_size(directory / "top-20261123.db");
  EXPECT_GT(bytes, FilesWriter::kMostBytesADay * 9 / 10);
  EXPECT_LT(bytes, FilesWriter::kMostBytesADay * 12 / 10);
}

TEST(ProcessStore, ForgetsAHostWithItsRoomAndWhatComesOfItLater) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Running running(options_in(directory.path()), clock);
  std::size_t count = 0;
  for (const auto day : {0, 1}) {
    for (int n = 0; n < 500; ++n, ++count) {
      ASSERT_TRUE(running.store.submit(kHost, count, list_at(kNoon - day * kDays1 - n * 1s)));
    }
  }
  (void)running.told.await(count);
  running.sent = count;
  running.keep(kNoon, kOther);
  ASSERT_TRUE(running.store.forget(kHost));
  EXPECT_EQ(running.times(kNoon - 2 * kDays1, kNoon), Times{});
  EXPECT_EQ(running.times(kNoon - 2 * kDays1, kNoon, kOther), Times{kNoon});
  EXPECT_LT(running.store.disk_bytes(), 60'000U);
  running.keep(kNoon - 1min);
  EXPECT_EQ(running.times(kNoon - 2 * kDays1, kNoon), Times{}) << "it is told, but not kept";
}

TEST(ProcessStore, ForgetsWithoutBeingStarted) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  {
    Running(options_in(directory.path()), clock).keep(kNoon);
  }
  Store store(options_in(directory.path()), clock);
  ASSERT_TRUE(store.forget(kHost));
  EXPECT_TRUE(store.lists(kHost, kNoon - 1h, kNoon)->empty());
}

TEST(ProcessStore, RemovesFilesOnceAllOfTheirDayIsTooOld) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  Running running(options_in(directory.path()), clock);
  running.keep(kNoon);
  running.keep(kNoon - kDays1);
  clock.advance(6 * kDays1 + 11h + 59min);
  running.keep(clock.now());
  clock.advance(59s);
  running.keep(clock.now());
  EXPECT_TRUE(exists(directory, "top-20261122.db"));
  clock.advance(1s);  // 2026-11-30 00:00
  EXPECT_TRUE(await([&] { return !exists(directory, "top-20261122.db"); }));
  EXPECT_FALSE(exists(directory, "top-20261122.db-wal"));
  EXPECT_TRUE(exists(directory, "top-20261123.db"));
  EXPECT_EQ(running.times(kNoon - 8 * kDays1, kNoon), Times{kNoon});
}

TEST(ProcessStore, RemovesNothingForADayWhenTheClockWasSetAhead) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  const tests::Logged logged;
  Running running(options_in(directory.path()), clock);
  running.keep(kNoon);
  clock.jump(365 * kDays1);
  ASSERT_TRUE(logged.await("in case the clock is wrong"));
  clock.advance(23h);
  running.keep(clock.now());
  EXPECT_TRUE(exists(directory, "top-20261123.db"));
  clock.advance(1h);
  EXPECT_TRUE(await([&] { return !exists(directory, "top-20261123.db"); })) << "it was right";
}

}  // namespace
}  // namespace vedette::processes
