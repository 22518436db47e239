#include "agent/spool/spool.h"

#include <gmock/gmock.h>

namespace vedette::spool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using wire::OpenStream;

const std::vector<bool> kReals{false, true};

TickRow row(std::int64_t second) {
  return {units::from_unix_ms(second * 1000), {metrics::integer(second * 7), metrics::integer(second << 40)}};
}

void add(Spool& spool, std::int64_t from, std::int64_t to) {
  for (std::int64_t second = from; second <= to; ++second) spool.add(row(second), kReals);
}

std::vector<std::int64_t> seconds(const Spool& spool, StreamId stream, TickNumber from, std::size_t most) {
  std::vector<std::int64_t> list;
  const auto batch = spool.read(stream, from, most);
  if (!batch) return list;
  for (const TickRow& one : batch->rows) list.push_back(units::unix_ms(one.at) / 1000);
  return list;
}

TEST(Spool, NumbersTicksFromOneAndReadsThemBackAcrossPackedBlocks) {
  Spool spool(9, {});
  add(spool, 1, 500);
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{9, 1, 500}));
  for (std::int64_t from = 1; from <= 500; from += 97) {
    const auto batch = spool.read(9, static_cast<TickNumber>(from), 150);
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->first, static_cast<TickNumber>(from));
    for (std::size_t i = 0; i < batch->rows.size(); ++i) {
      EXPECT_EQ(batch->rows[i], row(from + static_cast<std::int64_t>(i)));
    }
    EXPECT_EQ(batch->rows.size(), std::min<std::size_t>(150, static_cast<std::size_t>(501 - from)));
  }
  EXPECT_FALSE(spool.read(9, 501, 10).has_value());
  EXPECT_FALSE(spool.read(8, 1, 10).has_value());
}

TEST(Spool, ReleasesUpToAnyTickAndPassesOverWhatIsGone) {
  Spool spool(9, {});
  add(spool, 1, 200);
  spool.release(9, 90);  // inside a packed block
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{9, 91, 200}));
  EXPECT_THAT(seconds(spool, 9, 1, 3), ElementsAre(91, 92, 93));
  spool.release(9, 10'000);
  EXPECT_THAT(spool.open(), IsEmpty());
  EXPECT_EQ(spool.size().value, 0U);
  EXPECT_EQ(spool.add(row(201), kReals), 201U);
  EXPECT_EQ(spool.dropped(), 0U);
}

TEST(Spool, TicksWhileDisconnectedBelongToTheLastStream) {
  Spool spool(1, {});
  add(spool, 1, 2);
  spool.begin(2);
  spool.confirm(0ms);
  add(spool, 3, 4);
  // The connection is gone; nothing tells the spool.
  add(spool, 5, 6);
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{1, 1, 2}, OpenStream{2, 1, 4}));
}

TEST(Spool, AConnectionThatIsNeverWelcomedLeavesItsTicksToTheStreamBefore) {
  Spool spool(1, {});
  add(spool, 1, 2);
  spool.begin(2);
  add(spool, 3, 4);
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{1, 1, 2}, OpenStream{2, 1, 2}));
  spool.withdraw();
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{1, 1, 4}));
  EXPECT_THAT(seconds(spool, 1, 1, 9), ElementsAre(1, 2, 3, 4));
  spool.begin(3);
  spool.begin(4);  // a new one withdraws the one before by itself
  add(spool, 5, 5);
  spool.confirm(0ms);
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{1, 1, 4}, OpenStream{4, 1, 1}));
}

TEST(Spool, TicksBeforeTheFirstWelcomeAreCorrectedAndLaterStreamsKeepTheirOwnOffset) {
  Spool spool(1, {});
  add(spool, 10, 10);
  spool.begin(2);
  add(spool, 11, 11);
  spool.confirm(100s);
  EXPECT_THAT(seconds(spool, 1, 1, 9), ElementsAre(110));
  EXPECT_THAT(seconds(spool, 2, 1, 9), ElementsAre(111));
  spool.begin(3);
  add(spool, 12, 12);
  spool.confirm(7s);
  EXPECT_THAT(seconds(spool, 1, 1, 9), ElementsAre(110));
  EXPECT_THAT(seconds(spool, 2, 1, 9), ElementsAre(111));
  EXPECT_THAT(seconds(spool, 3, 1, 9), ElementsAre(19));
}

TEST(Spool, DropsTheOldestFirstAndCountsWhenItIsFull) {
  Spool spool(1, {.bytes = units::Bytes(20'000), .age = 24h});
  add(spool, 1, 5'000);
  EXPECT_LE(spool.size().value, 20'000U);
  const auto open = spool.open();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].last, 5'000U);
  EXPECT_GT(open[0].first, 1U);
  EXPECT_EQ(spool.dropped(), open[0].first - 1);
  EXPECT_THAT(seconds(spool, 1, 1, 1), ElementsAre(static_cast<std::int64_t>(open[0].first)));
}

TEST(Spool, DropsTheOldestStreamBeforeYoungerOnesAndKeepsTheTickJustTaken) {
  Spool spool(1, {.bytes = units::Bytes(1), .age = 24h});
  add(spool, 1, 3);
  spool.begin(2);
  spool.confirm(0ms);
  add(spool, 4, 4);
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{2, 1, 1}));
  EXPECT_EQ(spool.dropped(), 3U);
}

TEST(Spool, DropsWhatIsTooOld) {
  Spool spool(1, {.bytes = units::mib(8), .age = 60s});
  add(spool, 1, 30);
  add(spool, 100, 100);
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{1, 31, 31}));
  EXPECT_EQ(spool.dropped(), 30U);
}

TEST(Spool, ADayOfFortySeriesFitsTheDefault) {
  Spool spool(1, {});
  for (std::int64_t second = 0; second < 86'400; second += 1) {
    TickRow one{units::from_unix_ms(second * 1000), {}};
    for (int series = 0; series < 40; ++series) {
      one.cells.push_back(metrics::integer(series < 20 ? 1'000'000 : second * 97 + series + (second * 7919) % 13));
    }
    spool.add(std::move(one), {});
  }
  EXPECT_EQ(spool.dropped(), 0U);
  EXPECT_LE(spool.size().value, units::mib(8).value);
}

TEST(Spool, SetsAsideWhatTheCollectorCannotTakeAndCountsIt) {
  Spool spool(1, {});
  add(spool, 1, 10);
  spool.release(1, 2);
  spool.set_aside(1, 6);
  EXPECT_EQ(spool.put_aside(), 4U);
  EXPECT_THAT(spool.open(), ElementsAre(OpenStream{1, 7, 10}));
}

}  // namespace
}  // namespace vedette::spool
