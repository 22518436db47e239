#include "server/ingest/intake.h"

#include <limits>

#include "tests/server/ingest/fakes.h"

namespace vedette::ingest {
namespace {

const Instant kNow = Instant{} + 490'000h;

struct Desk {
  FakeHistory history;
  Intake intake{record(), history};
  wire::TickEncoder encoder;

  void greet(const wire::Hello& message = hello()) {
    ASSERT_TRUE(intake.hello(message, kNow));
    ASSERT_TRUE(intake.announce(announce()));
  }
  Outcome<SharedBatch> tick(std::uint64_t number, Instant at = kNow) {
    return intake.tick({number, encoder.encode(row(at), {false})}, kNow);
  }
};

std::uint16_t code(const auto& outcome) {
  return outcome ? std::uint16_t{0} : outcome.error().code;
}

TEST(Intake, NothingComesBeforeHelloAndHelloComesOnce) {
  Desk d;
  EXPECT_EQ(code(d.tick(1)), 1002);
  EXPECT_EQ(code(d.intake.announce(announce())), 1002);
  EXPECT_EQ(code(d.intake.backfill(backfill(kOld, 1, kNow, 1), kNow)), 1002);
  d.greet();
  EXPECT_EQ(code(d.intake.hello(hello(), kNow)), 1002);
}

TEST(Intake, AnOlderProtocolIsToldToUpgrade) {
  Desk d;
  auto old = hello();
  old.protocol = 0;
  EXPECT_EQ(code(d.intake.hello(old, kNow)), 4426);
}

TEST(Intake, LiveTicksMayHaveGapsAndNeverGoBack) {
  Desk d;
  d.greet();
  ASSERT_TRUE(d.tick(1));
  const auto later = d.tick(9);
  ASSERT_TRUE(later);
  EXPECT_EQ((*later)->first, 9u);
  EXPECT_TRUE((*later)->live);
  EXPECT_EQ(code(d.tick(9)), 1002);
}

TEST(Intake, BackfillIsCutTickByTickToWhatIsNew) {
  Desk d;
  d.history.accepted[kOld] = 5;
  auto message = hello();
  message.open = {{kOld, 1, 20}};
  d.greet(message);
  const auto overlapping = d.intake.backfill(backfill(kOld, 3, kNow - 60s, 6), kNow);
  ASSERT_TRUE(overlapping && *overlapping);
  EXPECT_EQ((*overlapping)->first, 6u);
  EXPECT_EQ((*overlapping)->ticks.size(), 3u);
  EXPECT_EQ((*overlapping)->ticks[0].at, kNow - 57s);
  const auto again = d.intake.backfill(backfill(kOld, 3, kNow - 60s, 6), kNow);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, nullptr) << "nothing is left of what came before";
}

TEST(Intake, TheConnectionsOwnStreamMayComePacked) {
  Desk d;
  d.greet();
  ASSERT_TRUE(d.tick(1));
  const auto packed = d.intake.backfill(backfill(kStream, 2, kNow - 20s, 10), kNow);
  ASSERT_TRUE(packed && *packed);
  EXPECT_EQ((*packed)->ticks.size(), 10u);
  EXPECT_TRUE(*d.tick(12));
}

TEST(Intake, BackfillIsDoneWhenEveryOpenStreamIsWhole) {
  Desk d;
  d.history.accepted[kOld] = 5;
  auto message = hello();
  message.open = {{kOld, 1, 5}, {kOld + 1, 1, 8}};
  d.greet(message);
  EXPECT_FALSE(d.intake.backfilled());
  ASSERT_TRUE(d.intake.backfill(backfill(kOld + 1, 1, kNow - 60s, 4), kNow));
  EXPECT_FALSE(d.intake.backfilled());
  ASSERT_TRUE(d.intake.backfill(backfill(kOld + 1, 5, kNow - 56s, 4), kNow));
  EXPECT_TRUE(d.intake.backfilled());
}

TEST(Intake, TheAgentsWordThatNothingIsLeftEndsBackfill) {
  Desk d;
  auto message = hello();
  message.open = {{kOld, 1, 5}};
  d.greet(message);
  wire::Backfill last;
  last.stream = kOld;
  last.first = 1;
  last.end = true;
  ASSERT_TRUE(d.intake.backfill(last, kNow));
  EXPECT_TRUE(d.intake.backfilled());
}

TEST(Intake, AnyTimeInAChunkIsSafe) {
  Desk d;
  auto message = hello();
  message.open = {{kOld, 1, 4}};
  d.greet(message);
  using Limits = std::numeric_limits<std::int64_t>;
  chunk::Table table{{Limits::min(), Limits::max(), -1, units::unix_ms(kNow)}, {{0, false, {1, 2, 3, 4}, {}}}};
  wire::Backfill hostile;
  hostile.stream = kOld;
  hostile.first = 1;
  hostile.chunk = chunk::encode(table);
  const auto batch = d.intake.backfill(hostile, kNow);
  ASSERT_TRUE(batch && *batch);
  for (const auto& tick : (*batch)->ticks) {
    EXPECT_GE(tick.at, kNow - std::chrono::days{14});
    EXPECT_LE(tick.at, kNow + 60s);
  }
  EXPECT_EQ((*batch)->ticks[1].at, kNow) << "the newest one is now";
  EXPECT_EQ(d.intake.restamped(), 4u);
}

TEST(Intake, AClockOf1970MakesNoOldTicks) {
  Desk d;
  d.greet();
  EXPECT_EQ((*d.tick(1, Instant{} + 1s))->ticks[0].at, kNow);
  EXPECT_EQ((*d.tick(2, kNow + 61s))->ticks[0].at, kNow);
  EXPECT_EQ((*d.tick(3, kNow + 62s))->ticks[0].at, kNow + 1s) << "its spacing is kept";
  EXPECT_EQ((*d.tick(4, kNow + 29s))->ticks[0].at, kNow + 29s) << "a clock that was set right is believed";
}

TEST(Intake, WhatBreaksTheRulesNamesItsFault) {
  Desk d;
  auto message = hello();
  message.open = {{kOld, 1, 4}};
  d.greet(message);
  EXPECT_EQ(code(d.intake.backfill(backfill(0x999, 1, kNow, 1), kNow)), 1002) << "a stream that Hello didn't name";
  EXPECT_EQ(code(d.intake.backfill(backfill(kOld, 0, kNow, 1), kNow)), 1002);
  auto garbage = backfill(kOld, 1, kNow, 1);
  garbage.chunk = "no chunk";
  EXPECT_EQ(code(d.intake.backfill(garbage, kNow)), 1007);
  chunk::Table unknown{{units::unix_ms(kNow)}, {{5, false, {1}, {}}}};
  garbage.chunk = chunk::encode(unknown);
  EXPECT_EQ(code(d.intake.backfill(garbage, kNow)), 1007) << "a series that wasn't announced";
  EXPECT_EQ(code(d.intake.tick({1, "junk"}, kNow)), 1007);
  EXPECT_EQ(code(d.intake.announce({{{4, metrics::series_of("system.memory.limit")}}})), 1002);
}

TEST(Intake, DuplicatesAreDroppedBeforeTheyAreDecoded) {
  Desk d;
  auto message = hello();
  message.open = {{kOld, 1, 20}};
  d.history.accepted[kOld] = 20;
  d.greet(message);
  auto again = backfill(kOld, 1, kNow - 60s, 20);
  again.chunk.back() ^= 1;  // a column's check sum: the head before it is whole
  const auto dropped = d.intake.backfill(again, kNow);
  ASSERT_TRUE(dropped) << dropped.error().reason;
  EXPECT_EQ(*dropped, nullptr);
  again.first = 2;
  EXPECT_EQ(code(d.intake.backfill(again, kNow)), 1007) << "one of these is new";
}

TEST(Intake, TicksTimesSeriesOfABackfillAreBounded) {
  Desk d;
  ASSERT_TRUE(d.intake.hello(hello(), kNow));
  wire::Announce all;
  for (std::uint32_t n = 0; n < 1'000; ++n) {
    all.series.push_back({n, metrics::series_of("system.cpu.time", {{"cpu", std::to_string(n)}, {"mode", "user"}})});
  }
  ASSERT_TRUE(d.intake.announce(all));
  const auto thin = [](std::size_t ticks, std::uint32_t series) {
    chunk::Table table{std::vector<std::int64_t>(ticks, units::unix_ms(kNow)),
                       {{series, false, std::vector<std::int64_t>(ticks, 1), {}}}};
    wire::Backfill message;
    message.stream = kStream;
    message.first = 1;
    message.chunk = chunk::encode(table);
    return message;
  };
  EXPECT_EQ(code(d.intake.backfill(thin(132, 999), kNow)), 1009);
  wire::Backfill empty = thin(1, 0);
  empty.chunk = chunk::encode({std::vector<std::int64_t>(wire::kMaxBatchCells + 1, 0), {}});
  EXPECT_EQ(code(d.intake.backfill(empty, kNow)), 1009) << "no column is no licence";
}

TEST(Intake, AHostWithManyOldSeriesBackfillsInPartsOfBoundedSize) {
  Desk d;
  for (std::uint32_t n = 0; n < 16'000; ++n) {
    d.history.known.push_back(
        {domain::SeriesNumber{n}, metrics::series_of("system.memory.limit", {{"n", std::to_string(n)}})});
  }
  d.greet();
  auto part = d.intake.backfill(backfill(kStream, 1, kNow - 240s, 240), kNow);
  ASSERT_TRUE(part) << part.error().reason;
  std::uint64_t next = 1;
  for (SharedBatch batch = *part; batch; batch = d.intake.more()) {
    EXPECT_EQ(batch->first, next);
    EXPECT_LE(batch->ticks.size() * batch->ticks[0].cells.size(), wire::kMaxBatchCells);
    for (const auto& tick : batch->ticks) EXPECT_EQ(tick.cells.back(), metrics::integer(5));
    next += batch->ticks.size();
  }
  EXPECT_EQ(next, 241u);
}

TEST(Intake, BootsOfOneConnectionAreBounded) {
  FakeHistory history;
  Intake intake(record(), history, {.boots = 2});
  ASSERT_TRUE(intake.hello(hello(), kNow));
  ASSERT_TRUE(intake.announce(announce()));
  for (std::uint8_t boot = 1; boot <= 3; ++boot) {
    auto message = backfill(kStream, boot, kNow, 1);
    message.boot_id[0] = boot;
    EXPECT_EQ(code(intake.backfill(message, kNow)), boot <= 2 ? 0 : 1008);
  }
}

}  // namespace
}  // namespace vedette::ingest
