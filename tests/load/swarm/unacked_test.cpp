#include "tests/load/swarm/unacked.h"

#include <gmock/gmock.h>

namespace vedette::swarm {
namespace {

using testing::ElementsAre;
using units::from_unix_ms;
using units::Milliseconds;

struct Bench {
  Unacked unacked{1};
  Report report;
  units::Steady now{std::chrono::seconds(100)};
  void tick(wire::TickNumber number, std::int64_t ms) { unacked.add(number, from_unix_ms(ms), now); }
  void release(wire::StreamId stream, wire::TickNumber last) { unacked.release(stream, last, now, report); }
};

TEST(Unacked, AnAckTakesItsStreamsTicksUpToItsNumberAndTellsHowLongTheyWaited) {
  Bench bench;
  bench.unacked.begin(2);
  bench.unacked.confirm(Milliseconds(0));
  bench.tick(1, 1'000);
  bench.tick(2, 2'000);
  bench.now += Milliseconds(300);
  bench.release(1, 2);  // another stream's
  EXPECT_EQ(bench.report.ticks_acked, 0u);
  bench.release(2, 1);
  EXPECT_EQ(bench.report.ticks_acked, 1u);
  EXPECT_EQ(bench.unacked.size(), 1u);
  EXPECT_NEAR(bench.report.to_ack.percentile(0.5), 300, 0.2);
  EXPECT_THAT(bench.unacked.acked(), ElementsAre(1'000));
}

TEST(Unacked, TicksOfAConnectionWithoutWelcomeGoToTheEndOfTheStreamBefore) {
  Bench bench;
  bench.tick(1, 1'000);
  bench.unacked.begin(2);
  bench.tick(1, 2'000);
  bench.unacked.withdraw();
  bench.unacked.begin(3);
  bench.unacked.confirm(Milliseconds(0));
  bench.release(2, 9);
  EXPECT_EQ(bench.report.ticks_acked, 0u);
  bench.release(1, 2);
  EXPECT_THAT(bench.unacked.acked(), ElementsAre(1'000, 2'000));
}

TEST(Unacked, TimesAreTheCollectorsAsFarAsItsClockIsKnown) {
  Bench bench;
  bench.tick(1, 1'000);
  bench.unacked.begin(2);
  bench.unacked.confirm(Milliseconds(70));  // ticks from before any Welcome get it too
  bench.tick(1, 2'000);
  bench.unacked.begin(3);
  bench.unacked.confirm(Milliseconds(90));  // those of the stream before keep theirs
  bench.tick(1, 3'000);
  for (const wire::StreamId stream : {1, 2, 3}) bench.release(stream, 9);
  EXPECT_THAT(bench.unacked.acked(), ElementsAre(1'070, 2'070, 3'090));
}

TEST(Latencies, PercentilesAreTheUpperEndOfTheirTenthOfAMillisecond) {
  Latencies latencies;
  EXPECT_EQ(latencies.percentile(0.99), 0);
  for (int ms = 1; ms <= 100; ++ms) latencies.add(Milliseconds(ms));
  EXPECT_NEAR(latencies.percentile(0.5), 50, 0.11);
  EXPECT_NEAR(latencies.percentile(0.99), 99, 0.11);
  latencies.add(std::chrono::hours(1));
  EXPECT_GE(latencies.percentile(1), 60'000);
}

}  // namespace
}  // namespace vedette::swarm
