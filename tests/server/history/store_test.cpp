#include "server/history/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <latch>
#include <limits>

#include "tests/server/history/a_store.h"
#include "tests/temporary_directory.h"

namespace vedette::history {
namespace {

TEST(Store, AnswersTicksBeforeTheyAreDurable) {
  const tests::TemporaryDirectory directory;
  auto options = options_in(directory.path());
  options.commit_every = std::chrono::hours(1);
  auto store = opened(options);
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 10)));
  expect_run(*store, 10);
  EXPECT_EQ(store->newest(kHost), units::from_unix_ms(kStart + 9000));
}

TEST(Store, BreaksOffQueriesWhenItIsAboutToStop) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 10)));
  store->interrupt_queries();
  const auto from = units::from_unix_ms(kStart), to = units::from_unix_ms(kStart + 60'000);
  const auto answer = store->query({kHost, {{"test.level", std::nullopt}}, from, to, {}, false});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, units::ErrorCode::unavailable);
  EXPECT_TRUE(store->covered(kHost, from, from + std::chrono::seconds(9), std::chrono::seconds(2)))
      << "what judges outages isn't told of gaps that aren't there";
}

TEST(Store, TellsThatItsWriterTurns) {
  const tests::TemporaryDirectory directory;
  std::latch held(1), release(1);
  auto options = options_in(directory.path());
  options.on_step = [&](Step at) {
    if (at != Step::row_committed) return;
    held.count_down();
    release.wait();
  };
  auto store = opened(options);
  const auto began = store->last_round();
  while (store->last_round() == began) std::this_thread::yield();
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 10)));
  held.wait();
  const auto stuck = store->last_round();
  EXPECT_EQ(store->last_round(), stuck);
  release.count_down();
  while (store->last_round() == stuck) std::this_thread::yield();
}

TEST(Store, KeepsEachTickOnceWhateverIsSentAgain) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 10)));
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 10)));
  ASSERT_TRUE(store->submit(batch(1, 6, 5, 10)));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(store->counts().ticks, 15U);
  EXPECT_EQ(store->counts().intake.duplicates, 15U);
  EXPECT_EQ(store->resume_point(kHost, 1), 15U);
  expect_run(*store, 15);
}

TEST(Store, RestartReplaysRowsMarksSeriesAndBoots) {
  const tests::TemporaryDirectory directory;
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    EXPECT_EQ(store->boot_number(kHost, BootId{1}), 1U);
    EXPECT_EQ(store->boot_number(kHost, BootId{2}), 2U);
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 700)));
  }
  auto store = opened(options_in(directory.path()));
  EXPECT_EQ(store->series(kHost).size(), 3U);
  EXPECT_EQ(store->newest_boot(kHost), 2U);
  EXPECT_EQ(store->newest_boot(domain::HostNumber{99}), 0U);
  EXPECT_EQ(store->boot_number(kHost, BootId{2}), 2U);
  EXPECT_EQ(store->boot_number(kHost, BootId{3}), 3U);
  EXPECT_EQ(store->newest_boot(kHost), 3U);
  EXPECT_EQ(store->resume_point(kHost, 1), 700U);
  expect_run(*store, 700);
}

TEST(Store, SealedChunksAnswerAsBeforeAndMarksOutliveTheirRows) {
  const tests::TemporaryDirectory directory;
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 1500)));
    ASSERT_TRUE(store->seal_all());
    EXPECT_EQ(store->counts().open.chunks, 0U);
    expect_run(*store, 1500);
  }
  auto store = opened(options_in(directory.path()));
  EXPECT_EQ(store->resume_point(kHost, 1), 1500U);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 1500)));
  expect_run(*store, 1500);
  EXPECT_TRUE(store->covered(kHost, units::from_unix_ms(kStart), units::from_unix_ms(kStart + 1'500'000),
                             units::Milliseconds{1000}));
}

TEST(Store, LateTicksOfASealedSlotAreMergedInOrder) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(2, 1, 100, 100)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 100)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->submit(batch(3, 1, 150, 100)));
  expect_run(*store, 250);
}

TEST(Store, CountersAnswerAsRatesFromTheSampleBeforeTheRange) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 1200)));
  ASSERT_TRUE(store->seal_all());
  const auto rates = ask(*store, "test.bytes", 600, 605);
  EXPECT_EQ(rates.series.unit, "By/s");
  EXPECT_EQ(rates.average, std::vector<double>(6, 100.0));
  EXPECT_EQ(ask(*store, "test.bytes", 3, 4, 0, true).average, (std::vector<double>{300, 400}));
}

TEST(Store, NoRateSpansABoot) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  auto two = std::make_shared<Batch>(*batch(1, 1, 0, 4));
  two->ticks[2].boot = two->ticks[3].boot = 2;
  ASSERT_TRUE(store->submit(two));
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(ask(*store, "test.bytes", 0, 10).t.size(), 2U);
}

TEST(Store, StepsAreAlignedToTheEpochAndHoldAverageMinimumMaximum) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 20)));
  const auto got = ask(*store, "test.level", 5, 19, 10'000);
  ASSERT_EQ(got.t.size(), 2U);
  EXPECT_EQ(got.t[0], units::from_unix_ms(kStart));
  EXPECT_EQ(got.average, (std::vector<double>{7, 14.5}));
  EXPECT_EQ(got.minimum, (std::vector<double>{5, 10}));
  EXPECT_EQ(got.maximum, (std::vector<double>{9, 19}));
}

TEST(Store, AbsentAndNotANumberCellsAreLeftOutAndNothingElse) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  auto some = std::make_shared<Batch>(*batch(1, 1, 0, 4));
  some->ticks[1].cells[2] = metrics::integer(std::bit_cast<std::int64_t>(std::numeric_limits<double>::quiet_NaN()));
  some->ticks[2].cells.resize(1);
  ASSERT_TRUE(store->submit(some));
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(ask(*store, "test.real", 0, 10).average, (std::vector<double>{0, 0.75}));
  EXPECT_EQ(ask(*store, "test.level", 0, 10).average.size(), 4U);
}

TEST(Store, UtilizationGoesOnWhenTheQuantumOfItsInputsChanges) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  const auto cpu = [](const char* mode, std::int64_t divide) {
    return metrics::Series{{"system.cpu.time", {{"mode", mode}}}, "s", metrics::Kind::counter, {1, divide}};
  };
  const auto run = [&](std::uint64_t stream, std::int64_t from, std::int64_t divide) {
    const auto numbers = store->assign(kHost, std::vector{cpu("idle", divide), cpu("user", divide)});
    ASSERT_TRUE(numbers);
    auto made = std::make_shared<Batch>(*batch(stream, 1, from, 10));
    for (auto& tick : made->ticks) {
      const std::int64_t second = (units::unix_ms(tick.at) - kStart) / 1000;
      tick.cells.assign(10, {});
      tick.cells[domain::index((*numbers)[0])] = metrics::integer(second * divide * 3);
      tick.cells[domain::index((*numbers)[1])] = metrics::integer(second * divide);
    }
    ASSERT_TRUE(store->submit(made));
  };
  run(1, 0, 100);
  run(2, 10, 1000);
  run(3, 20, 100);  // and back: the newest number is what the host has now
  EXPECT_EQ(store->series(kHost).size(), 6U);
  const auto utilization = ask(*store, "system.cpu.utilization", 0, 100);
  EXPECT_EQ(utilization.average.size(), 27U);
  for (const auto value : utilization.average) EXPECT_NEAR(value, 0.25, 1e-9);
  EXPECT_TRUE(std::is_sorted(utilization.t.begin(), utilization.t.end()));
}

TEST(Store, BackwardsRangeIsInvalid) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  const auto answer = store->query({kHost, {}, units::from_unix_ms(2), units::from_unix_ms(1), {}, false});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, units::ErrorCode::invalid);
}

TEST(Store, ForgottenHostIsGoneAfterARestartToo) {
  const tests::TemporaryDirectory directory;
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 100)));
    ASSERT_TRUE(store->seal_all());
    ASSERT_TRUE(store->submit(batch(1, 101, 100, 100)));
    ASSERT_TRUE(store->flush());
    ASSERT_TRUE(store->forget(kHost));
  }
  auto store = opened(options_in(directory.path()));
  EXPECT_TRUE(store->series(kHost).empty());
  EXPECT_EQ(store->newest(kHost), std::nullopt);
}

TEST(Store, WhatComesAfterAHostWasForgottenIsReplayedThoughRowsWereNumberedAnew) {
  const tests::TemporaryDirectory directory;
  for (int run = 0; run < 3; ++run) {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    EXPECT_EQ(store->resume_point(kHost, 1), run == 0 ? 0U : 5U);
    if (run == 0) {
      ASSERT_TRUE(store->submit(batch(9, 1, 0, 100)));
      ASSERT_TRUE(store->flush());
      ASSERT_TRUE(store->submit(batch(9, 101, 100, 100)));
      ASSERT_TRUE(store->seal_all());
      ASSERT_TRUE(store->forget(kHost));
      announce(*store);
    }
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 5)));
    ASSERT_TRUE(store->flush());
    expect_run(*store, 5);
  }
}

TEST(Store, DamagedDatabaseIsOneLineThatSaysWhatToDo) {
  const tests::TemporaryDirectory directory;
  std::ofstream(directory / "live.db") << std::string(8192, 'x');
  const auto store = Store::open(options_in(directory.path()), kClock);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, units::ErrorCode::corrupt);
  EXPECT_NE(store.error().message.find("live.db"), std::string::npos);
  EXPECT_EQ(store.error().message.find('\n'), std::string::npos);
}

// What the child acked before it was killed, read from a pipe.
std::uint64_t run_until_killed(const std::filesystem::path& directory, Step at, int times) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    auto options = options_in(directory);
    int left = times;
    options.on_step = [&left, at](Step step) {
      if (step == at && --left == 0) ::kill(::getpid(), SIGKILL);
    };
    auto store = Store::open(options, kClock);
    if (!store) ::_exit(1);
    (*store)->on_commit([&](auto marks) {
      for (const auto& mark : marks) (void)!::write(ends[1], &mark.last, sizeof mark.last);
    });
    (*store)->start();
    announce(**store);
    std::uint64_t next = (*store)->resume_point(kHost, 1);
    for (int n = 0; n < 1000; ++n, next += 50) {
      (void)(*store)->submit(batch(1, next + 1, static_cast<std::int64_t>(next), 50));
      (void)(*store)->seal_all();
    }
    ::_exit(2);
  }
  ::close(ends[1]);
  std::uint64_t acked = 0, read = 0;
  while (::read(ends[0], &read, sizeof read) == sizeof read) acked = read;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  return acked;
}

TEST(Store, KilledBetweenAnyTwoStepsLosesNothingAckedAndDoublesNothing) {
  const char* rounds = std::getenv("VEDETTE_ROUNDS");
  const tests::TemporaryDirectory directory;
  for (int round = 0; round < (rounds ? std::atoi(rounds) : 12); ++round) {
    const auto acked = run_until_killed(directory.path(), static_cast<Step>(round % 4), 1 + round % 3);
    auto store = opened(options_in(directory.path()));
    const auto accepted = store->resume_point(kHost, 1);
    ASSERT_GE(accepted, acked);
    expect_run(*store, static_cast<std::int64_t>(accepted));
  }
}

}  // namespace
}  // namespace vedette::history
