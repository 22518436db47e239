// What an answer says of itself where it tells less than was asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "server/sqlite/database.h"
#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

using domain::Incomplete;
using Why = domain::Incomplete::Why;
using testing::ElementsAre;
using testing::IsEmpty;

// "damaged raw 0 600": seconds since kStart.
std::vector<std::string> incomplete(const Store& store, std::int64_t from, std::int64_t to, std::int64_t step) {
  auto answer = store.query({kHost,
                             {{"test.level", {}}},
                             units::from_unix_ms(kStart + from * 1000),
                             units::from_unix_ms(kStart + to * 1000),
                             units::Milliseconds{step}});
  EXPECT_TRUE(answer) << answer.error().message;
  std::vector<std::string> words;
  if (!answer) return words;
  for (const Incomplete& one : answer->incomplete) {
    constexpr const char* kNames[] = {"damaged", "removed", "coarser", "open"};
    const auto seconds = [](units::Instant time) { return std::to_string((units::unix_ms(time) - kStart) / 1000); };
    words.push_back(std::string(kNames[static_cast<int>(one.why)]) + " " + one.tier + " " + seconds(one.from) + " " +
                    seconds(one.to));
  }
  return words;
}

// Four hours of ticks, sealed and built.
void fill(const std::filesystem::path& directory) {
  build_in(directory, {batch(1, 1, 0, 4 * 3'600)});
}

void spoil(const std::filesystem::path& file, Tier tier, Slot slot) {
  auto database = sqlite::Database::open(file);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("UPDATE chunk SET v = x'01ff' WHERE k = " +
                                std::to_string(pack(key_of(tier, kHost, slot, 0, 0)))));
}

// What is read from samples as long as these are there, and what the minutes then lack.
void expect_without_samples(const std::filesystem::path& directory, const std::string& lacking) {
  {
    auto store = opened(options_in(directory), kLater);
    EXPECT_THAT(incomplete(*store, 0, 4 * 3'600 - 1, 60'000), IsEmpty()) << "read from samples";
  }
  std::filesystem::remove(directory / "raw-20261123.db");
  auto store = opened(options_in(directory), kLater);
  EXPECT_THAT(incomplete(*store, 0, 4 * 3'600 - 1, 60'000), ElementsAre(lacking));
}

TEST(Incomplete, IsNothingOfWhatIsAllThere) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  auto store = opened(options_in(directory.path()), kLater);
  for (const std::int64_t step : {0, 1'000, 60'000, 3'600'000}) {
    EXPECT_THAT(incomplete(*store, 0, 4 * 3'600 - 1, step), IsEmpty()) << step;
  }
  EXPECT_THAT(incomplete(*store, -86'400 * 40, 86'400 * 40, 3'600'000), IsEmpty()) << "nor where there never was any";
}

TEST(Incomplete, IsWhatIsDamagedAndToldByNothingElse) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  const Slot slot = slot_of(units::from_unix_ms(kStart));
  spoil(directory.path() / "raw-20261123.db", Tier::raw, slot + 1);
  spoil(directory.path() / "raw-20261123.db", Tier::raw, slot + 2);
  auto store = opened(options_in(directory.path()), kLater);
  EXPECT_THAT(incomplete(*store, 0, 4 * 3'600 - 1, 0), ElementsAre("damaged raw 600 1800"));
  EXPECT_THAT(incomplete(*store, 700, 4 * 3'600 - 1, 0), ElementsAre("damaged raw 700 1800")) << "of what was asked";
  EXPECT_THAT(incomplete(*store, 1'800, 4 * 3'600 - 1, 0), IsEmpty());
  EXPECT_THAT(incomplete(*store, 0, 4 * 3'600 - 1, 60'000), IsEmpty()) << "minutes tell it";
}

TEST(Incomplete, IsADamagedHourOfMinutesOnceTheirSamplesAreGone) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  spoil(directory.path() / "1m-202611.db", Tier::minute, slot_of(Tier::minute, units::from_unix_ms(kStart)) + 1);
  expect_without_samples(directory.path(), "damaged 1m 3600 7200");
}

TEST(Incomplete, IsWhatIsOnlyKeptInCoarserRows) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  std::filesystem::remove(directory.path() / "raw-20261123.db");
  auto store = opened(options_in(directory.path()), kLater);
  EXPECT_THAT(incomplete(*store, 0, 86'399, 0), ElementsAre("removed raw 0 14400")) << "as far as there was any";
  EXPECT_THAT(incomplete(*store, 0, 4 * 3'600 - 1, 10'000), ElementsAre("coarser 1m 0 14399"));
  EXPECT_THAT(incomplete(*store, 0, 4 * 3'600 - 1, 60'000), IsEmpty());
}

TEST(Incomplete, IsStillADayOfWhichLateTicksMadeANewFile) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  std::filesystem::remove(directory.path() / "raw-20261123.db");
  auto store = opened(options_in(directory.path()), kLater);
  ASSERT_TRUE(store->submit(batch(2, 1, 5'000, 3)));
  ASSERT_TRUE(store->flush());
  const auto tens = [&] { return ask(*store, "test.level", 0, 4 * 3'600 - 1, 10'000).t.size(); };
  EXPECT_EQ(tens(), 240U) << "its minutes, though ticks of it wait";
  EXPECT_THAT(incomplete(*store, 0, 4 * 3'600, 0), ElementsAre("removed raw 0 14400"));
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(tens(), 240U);
  EXPECT_THAT(incomplete(*store, 0, 4 * 3'600, 0), ElementsAre("removed raw 0 14400"));
}

TEST(Incomplete, IsWhatAFileHeldThatCannotTellWhatItHas) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  {
    auto database = sqlite::Database::open(directory.path() / "1m-202611.db");
    ASSERT_TRUE(database->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  std::fstream file(directory.path() / "1m-202611.db", std::ios::in | std::ios::out | std::ios::binary);
  const auto root = [&] {
    auto database = sqlite::Database::open(directory.path() / "1m-202611.db");
    return **database->scalar("SELECT rootpage FROM sqlite_schema WHERE name = 'chunk'");
  }();
  file.seekp((root - 1) * 4'096);
  file << std::string(8, '\x7f');
  file.close();
  expect_without_samples(directory.path(), "damaged 1m 0 14400");
}

TEST(Incomplete, IsTheStepThatIsNotOver) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  clock.set(std::chrono::seconds(90));
  auto store = opened(options_in(directory.path()), clock);
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 90)));
  ASSERT_TRUE(store->flush());
  EXPECT_THAT(incomplete(*store, 0, 89, 60'000), ElementsAre("open 1m 60 120"));
  EXPECT_THAT(incomplete(*store, 0, 89, 20'000), ElementsAre("open raw 80 100")) << "to its end, whatever was asked";
  EXPECT_THAT(incomplete(*store, 0, 59, 60'000), IsEmpty());
  EXPECT_THAT(incomplete(*store, 0, 89, 0), IsEmpty());
}

TEST(Query, EndsWhenNobodyWaitsForItsAnswer) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 90)));
  ASSERT_TRUE(store->flush());
  std::stop_source gone;
  domain::HistoryQuery query{
      kHost, {{"test.level", {}}}, units::from_unix_ms(kStart), units::from_unix_ms(kStart + 90'000)};
  query.gone = gone.get_token();
  EXPECT_TRUE(store->query(query));
  gone.request_stop();
  const auto refused = store->query(query);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, units::ErrorCode::unavailable);
}

TEST(Lacks, JoinWhatFollowsAndNameNoMoreThanAHundred) {
  Lacks lacks;
  for (std::int64_t n = 0; n < 300; ++n) lacks.add(Why::damaged, 2 * n, 2 * n + 1, Tier::raw);
  lacks.add(Why::coarser, 50, 60, Tier::minute);
  lacks.add(Why::coarser, 40, 50, Tier::minute);
  const auto found = std::move(lacks).within(41, 500);
  ASSERT_EQ(found.size(), Lacks::kMost);
  EXPECT_EQ(units::unix_ms(found.front().from), 41);
  EXPECT_EQ(units::unix_ms(found.front().to), 60) << "both stretches of minutes are one";
  EXPECT_EQ(units::unix_ms(found.back().to), 500);
}

}  // namespace
}  // namespace vedette::history
