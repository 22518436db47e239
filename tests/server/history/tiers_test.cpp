// Minutes and hours: built from what is sealed, right whatever comes late, and there when the samples are gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/server/history/sparse_ticks.h"

namespace vedette::history {
namespace {

using namespace std::chrono_literals;

TEST(Tiers, AnswerWhatTheSamplesDidOnceTheseAreGone) {
  const tests::TemporaryDirectory directory;
  std::vector<domain::HistoryColumns> before;
  const auto ask_all = [](const Store& store) {
    std::vector<domain::HistoryColumns> all;
    for (const char* name : {"test.level", "test.bytes", "test.real"}) {
      for (const std::int64_t step : {60'000, 300'000, 3'600'000, 86'400'000}) {
        all.push_back(ask(store, name, 0, 3 * kDay, step));
      }
    }
    return all;
  };
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    fill(*store, 0, 2 * kDay);
    before = ask_all(*store);
    ASSERT_TRUE(store->build_all());
    EXPECT_EQ(store->counts().built_slots, 48U + 3U) << "from 08:00 on";
  }
  remove_raw(directory.path());
  auto store = opened(options_in(directory.path()));
  EXPECT_TRUE(ask(*store, "test.level", 0, 3 * kDay).t.empty());
  const auto after = ask_all(*store);
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t n = 0; n < after.size(); ++n) {
    ASSERT_FALSE(after[n].t.empty());
    EXPECT_EQ(after[n].t, before[n].t);
    EXPECT_EQ(after[n].average, before[n].average);
    EXPECT_EQ(after[n].minimum, before[n].minimum);
    EXPECT_EQ(after[n].maximum, before[n].maximum);
  }
  EXPECT_EQ(ask(*store, "test.level", 0, 3 * kDay, 10'000).t.size(), 2U * kDay / 60) << "the minutes that are left";
}

TEST(Tiers, TellWhichAnswered) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  for (const auto& [step, tier] :
       {std::pair{0, "raw"}, {1'000, "raw"}, {90'000, "raw"}, {60'000, "1m"}, {3'600'000, "1h"}}) {
    const auto answer = store->query(
        {kHost, {}, units::from_unix_ms(kStart), units::from_unix_ms(kStart), units::Milliseconds{step}, false});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->tier, tier);
  }
}

TEST(Tiers, LateTicksAreInThemAndInTheRateThatFollows) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  fill(*store, 0, 1'800);
  fill(*store, 4 * 3'600, 3'600, 1'000);
  ASSERT_TRUE(store->build_all());
  const auto first_hour = [&] { return ask(*store, "test.level", 0, 3'599, 3'600'000).average; };
  const auto fifth_hour = [&] { return ask(*store, "test.bytes", 4 * 3'600, 5 * 3'600 - 1, 3'600'000); };
  EXPECT_EQ(first_hour(), std::vector<double>{(0.0 + 1'740) / 2});
  const std::uint64_t built = store->counts().built_slots;
  // Its first rate spans what is missing; then the gap is filled.
  ASSERT_TRUE(store->submit(sparse(2'000, 1'800, 3'600)));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(first_hour(), std::vector<double>{(0.0 + 3'540) / 2}) << "also while nothing is sealed";
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(first_hour(), std::vector<double>{(0.0 + 3'540) / 2}) << "and while nothing is built";
  ASSERT_TRUE(store->build_all());
  EXPECT_EQ(store->counts().built_slots, built + 3 + 1) << "the two hours, the one that follows, and their day";
  EXPECT_EQ(first_hour(), std::vector<double>{(0.0 + 3'540) / 2});
  EXPECT_EQ(fifth_hour().average, std::vector<double>{100});
}

TEST(Tiers, AreBuiltWithoutBeingAskedOnceTheHourIsOver) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  Steps steps;
  auto options = options_in(directory.path());
  options.on_step = steps.watch();
  auto store = opened(options, clock);
  announce(*store);
  clock.set(3'599s);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 3'600)));
  ASSERT_TRUE(store->flush());
  clock.set(3'659s);
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(steps.count(Step::tier_committed), 0);
  clock.set(3'660s);
  steps.await(Step::tier_committed, 1);
  EXPECT_TRUE(std::filesystem::exists(directory / "1m-202611.db"));
  EXPECT_FALSE(std::filesystem::exists(directory / "1h-2026.db")) << "the day isn't over";
  expect_minutes(*store, 3'600);
}

TEST(Tiers, ACrashBetweenTheirCommitAndTheMarksDeletionChangesNothing) {
  const tests::TemporaryDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) {
    auto options = options_in(directory.path());
    options.on_step = [](Step step) {
      if (step == Step::tier_committed) ::_exit(42);
    };
    auto store = opened(options);
    announce(*store);
    fill(*store, 0, 7'200);
    (void)store->build_all();
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(WEXITSTATUS(status), 42);
  auto store = opened(options_in(directory.path()));
  const auto hours = ask(*store, "test.level", 0, 7'199, 3'600'000);
  ASSERT_TRUE(store->build_all());
  EXPECT_EQ(store->counts().built_slots, 3U) << "once more";
  EXPECT_EQ(ask(*store, "test.level", 0, 7'199, 3'600'000).average, hours.average);
  EXPECT_EQ(hours.average, (std::vector<double>{1'770, 5'370}));
}

TEST(Tiers, HoldNothingThatACrashWouldLose) {
  const tests::TemporaryDirectory directory, after;
  auto options = options_in(directory.path());
  options.commit_every = 1h;
  auto store = opened(options);
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 100)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->submit(batch(1, 101, 100, 50)));  // waits in memory
  ASSERT_TRUE(store->build_all());
  expect_minutes(*store, 150);
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    std::filesystem::copy(file.path(), after / file.path().filename());
  }
  auto again = opened(options_in(after.path()));
  EXPECT_EQ(again->resume_point(kHost, 1), 100U);
  expect_minutes(*again, 100);
}

TEST(Tiers, ABackfillOfDaysThatAreLongOverIsAnsweredInFull) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  clock.set(std::chrono::days(5));
  auto store = opened(options_in(directory.path()), clock);
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 7'200)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->build_all());
  EXPECT_EQ(ask(*store, "test.level", 0, 7'199, 10'000).t.size(), 720U) << "nothing was there before that tells more";
}

TEST(Tiers, ThatAreFirstBuiltOnceTheirMonthIsOverAreReadAsOthers) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  clock.set(std::chrono::days(13));  // in December
  auto store = opened(options_in(directory.path()), clock);
  announce(*store);
  fill(*store, 0, 2 * kDay);
  ASSERT_TRUE(store->build_all());
  remove_raw(directory.path());
  store = nullptr;
  store = opened(options_in(directory.path()), clock);
  EXPECT_EQ(ask(*store, "test.level", 0, 2 * kDay - 1, 60'000).t.size(), 2U * kDay / 60);
}

TEST(Tiers, WhatTheyWereBuiltFromMayGoAndLateTicksThatKnowLessChangeNothing) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  {
    auto store = opened(options_in(directory.path()), clock);
    announce(*store);
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 3'600)));
    ASSERT_TRUE(store->seal_all());
    ASSERT_TRUE(store->build_all());
  }
  remove_raw(directory.path());
  clock.set(std::chrono::days(3));
  for (int start = 0; start < 2; ++start) {
    auto store = opened(options_in(directory.path()), clock);
    auto late = std::make_shared<Batch>();
    late->host = kHost;
    late->stream = 10 + static_cast<std::uint64_t>(start);
    late->first = 1;
    late->live = false;
    late->ticks = {tick(61 + start), tick(3'660)};
    ASSERT_TRUE(store->submit(late));
    ASSERT_TRUE(store->seal_all());
    ASSERT_TRUE(store->build_all());
    const auto minutes = ask(*store, "test.level", 0, 3'719, 60'000);
    ASSERT_EQ(minutes.t.size(), 61U) << "start " << start;
    EXPECT_EQ(minutes.minimum[1], 60);
    EXPECT_EQ(minutes.average[1], (60.0 + 119) / 2);
    EXPECT_EQ(minutes.average[60], 3'660) << "what is new counts";
    EXPECT_EQ(ask(*store, "test.level", 0, 3'599, 10'000).t.size(), 60U) << "minutes tell more than the late ticks";
  }
}

TEST(Tiers, AClockThatWasSetBackLeavesNothingOfTheWrongTimeInThem) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  auto store = opened(options_in(directory.path()), clock);
  announce(*store);
  const auto live = [&](std::uint64_t stream, std::int64_t from, std::int64_t count, std::int64_t now) {
    clock.set(std::chrono::seconds(now));
    auto made = std::make_shared<Batch>(*batch(stream, 1, from, count));
    made->live = true;
    ASSERT_TRUE(store->submit(made));
    ASSERT_TRUE(store->seal_all());
    ASSERT_TRUE(store->build_all());
  };
  live(1, 600, 120, 720);  // the clock runs ahead …
  live(2, 590, 70, 660);   // … and is set back: this time is lived again, with fewer ticks
  const auto raw = ask(*store, "test.level", 600, 719);
  const auto minutes = ask(*store, "test.level", 600, 719, 60'000);
  ASSERT_EQ(raw.average.size(), 60U);
  ASSERT_EQ(minutes.t.size(), 1U) << "what was told by the wrong clock is gone";
  EXPECT_EQ(minutes.average[0], (600.0 + 659) / 2);
}

TEST(Tiers, WholeRowsAreAnsweredAtBothEndsBuiltOrNot) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 7'200)));
  ASSERT_TRUE(store->seal_all());
  for (const bool built : {false, true}) {
    SCOPED_TRACE(built);
    if (built) {
      ASSERT_TRUE(store->build_all());
    }
    EXPECT_EQ(ask(*store, "test.level", 30, 90, 60'000).average, (std::vector<double>{29.5, 89.5}));
    EXPECT_EQ(ask(*store, "test.level", 1'800, 5'400, 3'600'000).average, (std::vector<double>{1'799.5, 5'399.5}));
    EXPECT_EQ(ask(*store, "test.level", 35, 44, 10'000).average, (std::vector<double>{37, 42}))
        << "ticks are cut exactly";
  }
}

TEST(Tiers, OfAForgottenHostAreGone) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  fill(*store, 0, 3'600);
  ASSERT_TRUE(store->build_all());
  ASSERT_TRUE(store->forget(kHost));
  announce(*store);
  EXPECT_TRUE(ask(*store, "test.level", 0, 3'599, 60'000).t.empty());
  EXPECT_TRUE(ask(*store, "test.level", 0, 3'599, 3'600'000).t.empty());
}

}  // namespace
}  // namespace vedette::history
