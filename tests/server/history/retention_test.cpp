// What is kept for how long, and what a budget buys.
#include "server/history/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const units::Instant kNow = units::from_unix_ms(kStart);  // 2026-11-23 08:00
constexpr std::uint64_t kMega = 1'000'000;

TierFile file(const char* name, std::uint64_t megabytes, bool stale = false) {
  const FileName parsed = parse_file_name(name).value();
  return {parsed, megabytes * kMega, stale, slot_begin(parsed.tier, first_slot(parsed.tier, parsed.period))};
}

std::vector<std::string> names(const std::vector<FileName>& files) {
  std::vector<std::string> all;
  for (const auto& one : files) all.push_back(file_name(one.tier, one.period));
  return all;
}

std::vector<TierFile> some_files() {
  return {file("1h-2025.db", 1),       file("1h-2026.db", 1),        file("1m-202610.db", 20),
          file("1m-202611.db", 10),    file("raw-20261123.db", 100), file("raw-20261121.db", 100),
          file("raw-20261122.db", 100)};
}

TEST(Retention, FilesGoWhenTheirWholePeriodIsOlderThanTheirAge) {
  const std::vector<TierFile> files{file("raw-20261108.db", 1), file("raw-20261109.db", 1), file("1m-202510.db", 1),
                                    file("1m-202511.db", 1),    file("1h-2020.db", 1),      file("1h-2021.db", 1)};
  EXPECT_THAT(names(expired(files, {}, 0, kNow)), ElementsAre("raw-20261108.db", "1m-202510.db", "1h-2020.db"));
}

TEST(Retention, WhatTheNextTierIsNotBuiltFromYetStaysAWeekLonger) {
  const std::vector<TierFile> files{file("raw-20261101.db", 1, true), file("raw-20261102.db", 1, true),
                                    file("raw-20261108.db", 1)};
  EXPECT_THAT(names(expired(files, {}, 0, kNow)), ElementsAre("raw-20261101.db", "raw-20261108.db"));
}

TEST(Retention, ABudgetTakesWhatIsBuiltFromFirstAndNothingThatWasWrittenToJustNow) {
  Keep keep;
  keep.budget = 0;
  const std::vector<TierFile> files{file("raw-20261120.db", 1, true), file("raw-20261121.db", 1),
                                    file("raw-20261122.db", 1), file("1m-202610.db", 1)};
  const units::Instant midnight = kNow - 8h;
  EXPECT_THAT(names(expired(files, keep, 0, midnight + 9min)),
              ElementsAre("raw-20261121.db", "1m-202610.db", "raw-20261120.db"));
  EXPECT_THAT(names(expired(files, keep, 0, midnight + 10min)),
              ElementsAre("raw-20261121.db", "raw-20261122.db", "1m-202610.db", "raw-20261120.db"));
}

TEST(Retention, ABudgetTakesTheOldestAndFinestFirstAndNeverTodays) {
  Keep keep;
  const auto left = [&](std::uint64_t megabytes, std::uint64_t others = 0) {
    keep.budget = megabytes * kMega;
    return names(expired(some_files(), keep, others * kMega, kNow));
  };
  EXPECT_THAT(left(332), IsEmpty());
  EXPECT_THAT(left(331), ElementsAre("raw-20261121.db"));
  EXPECT_THAT(left(332, 1), ElementsAre("raw-20261121.db")) << "live.db counts";
  EXPECT_THAT(left(131), ElementsAre("raw-20261121.db", "raw-20261122.db", "1m-202610.db"));
  EXPECT_THAT(left(0), ElementsAre("raw-20261121.db", "raw-20261122.db", "1m-202610.db", "1h-2025.db"));
}

TEST(Retention, ForecastsFromTheNewestWholePeriodWhatABudgetHolds) {
  Keep keep;
  auto files = some_files();
  const auto unbounded = forecast(files, keep, 8 * kMega, kNow);
  EXPECT_EQ(unbounded.bytes, std::nullopt);
  EXPECT_EQ(unbounded.used, 340 * kMega);
  ASSERT_EQ(unbounded.tiers.size(), 3U);
  EXPECT_EQ(unbounded.tiers[0].name, "raw");
  EXPECT_EQ(unbounded.tiers[0].bytes, 300 * kMega);
  EXPECT_DOUBLE_EQ(unbounded.tiers[0].bytes_per_day, 100.0 * kMega);
  EXPECT_EQ(unbounded.tiers[0].oldest, files[5].begin);
  EXPECT_DOUBLE_EQ(unbounded.tiers[1].bytes_per_day, 20.0 * kMega / 31);
  EXPECT_EQ(unbounded.tiers[1].holds, units::Milliseconds(std::chrono::days(366)));
  // Minutes and hours take 366 × 20/31 + 1830 × 1/365 = 241.1 MB, 8 are others': the rest is 10 days of samples.
  keep.budget = 1'249'143'000;
  const auto bounded = forecast(files, keep, 8 * kMega, kNow);
  EXPECT_NEAR(static_cast<double>(bounded.tiers[0].holds.count()), 10.0 * 86'400'000, 10'000);
  EXPECT_EQ(bounded.tiers[1].holds, units::Milliseconds(std::chrono::days(366)));
  keep.budget = 8 * kMega;
  for (const auto& tier : forecast(files, keep, 8 * kMega, kNow).tiers)
    EXPECT_NEAR(static_cast<double>(tier.holds.count()), 0, 1);
}

TEST(Retention, OfAFreshInstallTellsTheRateOfWhatThereIs) {
  TierFile today = file("raw-20261123.db", 2);
  today.begin = kNow - 2h;
  const auto found = forecast(std::vector{today}, {}, 0, kNow);
  EXPECT_DOUBLE_EQ(found.tiers[0].bytes_per_day, 24.0 * kMega);
  EXPECT_EQ(found.tiers[1].bytes_per_day, 0);
}

TEST(Store, RemovesOldFilesByItselfAndAnswersFromWhatIsLeft) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  auto options = options_in(directory.path());
  options.keep.ages[0] = std::chrono::hours(24);
  Steps steps;
  options.on_step = steps.watch();
  auto store = opened(options, clock);
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 3'600)));
  ASSERT_TRUE(store->seal_all());
  EXPECT_TRUE(std::filesystem::exists(directory / "raw-20261123.db"));
  EXPECT_EQ(store->budget().tiers[0].oldest, units::from_unix_ms(kStart));
  clock.set(41h);  // over a day after the end of the 23rd
  steps.await(Step::file_removed, 1);
  EXPECT_EQ(store->counts().expired_files, 1U);
  EXPECT_FALSE(std::filesystem::exists(directory / "raw-20261123.db"));
  EXPECT_FALSE(std::filesystem::exists(directory / "raw-20261123.db-wal"));
  EXPECT_EQ(ask(*store, "test.level", 0, 3'600).t.size(), 0U);
  expect_minutes(*store, 3'600);
  EXPECT_EQ(store->budget().tiers[0].bytes, 0U);
}

// Its two hands are moved apart.
class SkewedClock final : public domain::Clock {
 public:
  void set(units::Milliseconds wall, units::Milliseconds steady) {
    wall_ = wall.count();
    steady_ = steady.count();
  }
  [[nodiscard]] units::Instant now() const override { return kNow + units::Milliseconds(wall_); }
  [[nodiscard]] units::Steady steady() const override { return units::Steady{} + 1h + units::Milliseconds(steady_); }

 private:
  std::atomic<std::int64_t> wall_{0}, steady_{0};
};

TEST(Store, AClockThatJumpsAheadRemovesNothingForADay) {
  const tests::TemporaryDirectory directory;
  SkewedClock clock;
  auto options = options_in(directory.path());
  Steps steps;
  options.on_step = steps.watch();
  auto store = opened(options, clock);
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 600)));
  ASSERT_TRUE(store->seal_all());
  clock.set(std::chrono::days(700), 2min);
  for (int round = 3; round < 8; ++round) {
    ASSERT_TRUE(store->seal_all());
    clock.set(std::chrono::days(700) + std::chrono::minutes(round), std::chrono::minutes(round));
  }
  EXPECT_EQ(steps.count(Step::file_removed), 0);
  EXPECT_TRUE(std::filesystem::exists(directory / "raw-20261123.db"));
  clock.set(std::chrono::days(702), 48h);  // it was right
  steps.await(Step::file_removed, 1);
  EXPECT_FALSE(std::filesystem::exists(directory / "raw-20261123.db"));
}

TEST(Store, AStartLongAfterAllHistoryRemovesNothingForADay) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  {
    auto store = opened(options_in(directory.path()), clock);
    announce(*store);
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 600)));
    ASSERT_TRUE(store->seal_all());
  }
  clock.set(std::chrono::days(700));
  auto store = opened(options_in(directory.path()), clock);
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(store->counts().expired_files, 0U);
}

TEST(Store, AFullDiskTakesTheOldestSamplesOnceAndNeverTodays) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  std::atomic<std::uint64_t> room{1U << 30};
  auto options = options_in(directory.path());
  options.retain_every = 1ms;
  options.space.free_bytes = [&] { return room.load(); };
  Steps steps;
  options.on_step = steps.watch();
  auto store = opened(options, clock);
  announce(*store);
  for (int day = 0; day < 3; ++day) {
    ASSERT_TRUE(store->submit(batch(static_cast<std::uint64_t>(day + 1), 1, day * 86'400, 60)));
    ASSERT_TRUE(store->seal_all());
  }
  clock.set(std::chrono::days(2) + 1h);
  ASSERT_TRUE(store->build_all());
  room = 0;
  // It may look for old files just before it looks at the disk: each minute it does both again.
  int minute = 0;
  const auto pass = [&] {
    clock.set(std::chrono::days(2) + 1h + std::chrono::minutes(++minute));
    return store->build_all();  // on the sealer's thread, so between two of its rounds
  };
  while (steps.count(Step::file_removed) == 0 && minute < 1'000) ASSERT_TRUE(pass());
  for (int round = 0; round < 3; ++round) ASSERT_TRUE(pass());
  EXPECT_EQ(steps.count(Step::file_removed), 1);
  EXPECT_FALSE(std::filesystem::exists(directory / "raw-20261123.db"));
  EXPECT_TRUE(std::filesystem::exists(directory / "raw-20261124.db"));
  EXPECT_TRUE(std::filesystem::exists(directory / "raw-20261125.db"));
  room = 1U << 30;
}

TEST(Store, FreesTheRoomOfAForgottenHost) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 40'000)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->build_all());
  const auto before = store->budget();
  ASSERT_TRUE(store->forget(kHost));
  const auto after = store->budget();
  for (std::size_t tier = 0; tier < 2; ++tier) {
    EXPECT_GT(before.tiers[tier].bytes, 50'000U);
    EXPECT_LT(after.tiers[tier].bytes, before.tiers[tier].bytes / 4) << before.tiers[tier].name;
  }
}

}  // namespace
}  // namespace vedette::history
