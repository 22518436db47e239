#include "server/history/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <limits>

#include "tests/temporary_directory.h"

namespace vedette::history {
namespace {

using domain::Batch;
using domain::HostNumber;
using metrics::Cell;

constexpr HostNumber kHost{7};
constexpr std::int64_t kStart = 1'795'420'800'000;  // 2026-11-23 16:00 UTC, the start of a slot

class TestClock final : public domain::Clock {
 public:
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(kStart); }
  [[nodiscard]] units::Steady steady() const override { return std::chrono::steady_clock::now(); }
};
const TestClock kClock;

Options options_in(const std::filesystem::path& directory) {
  Options options;
  options.directory = directory;
  options.commit_every = units::Milliseconds{5};
  options.checkpoint_every = units::Milliseconds{5};
  return options;
}

std::unique_ptr<Store> opened(Options options) {
  auto store = Store::open(std::move(options), kClock);
  EXPECT_TRUE(store) << store.error().message;
  if (!store) std::abort();
  (*store)->start();
  return std::move(*store);
}

const metrics::Series kGauge{{"test.level", {}}, "1", metrics::Kind::gauge, {1, 1}};
const metrics::Series kCounter{{"test.bytes", {{"device", "a"}}}, "By", metrics::Kind::counter, {1, 1}};
const metrics::Series kDouble{{"test.real", {}}, "1", metrics::Kind::gauge, metrics::kReal};

void announce(Store& store) {
  const std::vector<metrics::Series> series{kGauge, kCounter, kDouble};
  ASSERT_TRUE(store.assign(kHost, series));
}

// Tick n of a run: at n seconds, level n, 100 bytes a second, n / 4.
domain::Tick tick(std::int64_t n, std::uint32_t boot = 1) {
  return {units::from_unix_ms(kStart + n * 1000),
          boot,
          {metrics::integer(n), metrics::integer(n * 100),
           metrics::integer(std::bit_cast<std::int64_t>(0.25 * static_cast<double>(n)))}};
}

domain::SharedBatch batch(std::uint64_t stream, std::uint64_t first, std::int64_t from, std::int64_t count) {
  auto made = std::make_shared<Batch>();
  made->host = kHost;
  made->stream = stream;
  made->first = first;
  for (std::int64_t n = from; n < from + count; ++n) made->ticks.push_back(tick(n));
  return made;
}

domain::HistoryColumns ask(const Store& store, const char* name, std::int64_t from, std::int64_t to,
                           std::int64_t step = 0, bool totals = false) {
  auto answer = store.query({kHost,
                             {{name, std::nullopt}},
                             units::from_unix_ms(kStart + from * 1000),
                             units::from_unix_ms(kStart + to * 1000),
                             units::Milliseconds{step},
                             totals});
  EXPECT_TRUE(answer) << answer.error().message;
  if (!answer || answer->series.empty()) return {};
  return answer->series.front();
}

// Every tick 0 … count-1 exactly once.
void expect_run(const Store& store, std::int64_t count) {
  const auto got = ask(store, "test.level", 0, 100'000);
  ASSERT_EQ(got.average.size(), static_cast<std::size_t>(count));
  for (std::int64_t n = 0; n < count; ++n) {
    ASSERT_EQ(got.average[static_cast<std::size_t>(n)], static_cast<double>(n));
    ASSERT_EQ(units::unix_ms(got.t[static_cast<std::size_t>(n)]), kStart + n * 1000);
  }
}

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
  EXPECT_EQ(store->boot_number(kHost, BootId{2}), 2U);
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
