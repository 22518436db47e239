#include "agent/app/bridge.h"

#include <gtest/gtest.h>

namespace vedette::app {
namespace {

using namespace std::chrono_literals;

TEST(Bridge, TellsTheClockAsItStandsNotAsItStoodWhenTheAgentStarted) {
  collect::Collector collector;
  // The agent started in 1970; the clock was set since.
  const units::Steady start{1000s};
  sample::Schedule schedule(units::from_unix_ms(0), start, 1s);
  spool::Spool spool(1, {});
  watch::Outbox<wire::Happening> outbox{10};
  watch::Outbox<wire::Processes> processes{10};
  Bridge bridge(collector, schedule, spool, {outbox, processes}, {});
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - bridge.wall_clock()), 10s);

  bridge.take_tick(start + 1s);
  EXPECT_EQ(bridge.read(1, 1, 1).value().rows.at(0).at, units::from_unix_ms(1'000)) << "ticks stay on the schedule";
}

TEST(Bridge, TellsReportsInTheCollectorsTimeUntilTheyAreAcked) {
  collect::Collector collector;
  const units::Steady start{1000s};
  const auto host = units::from_unix_ms(1'795'425'204'000);
  sample::Schedule schedule(host, start, 1s);
  spool::Spool spool(1, {});
  watch::Outbox<wire::Happening> outbox{10};
  watch::Outbox<wire::Processes> processes{10};
  Bridge bridge(collector, schedule, spool, {outbox, processes}, {});
  outbox.add({.at = host, .kind = "boot", .text = "started", .id = 5});
  outbox.add({.at = units::from_unix_ms(0), .kind = "boot", .text = "long ago", .id = 6});
  bridge.begin(2);
  bridge.welcomed(host - 1h + 1s, 10ms, start + 1s);
  processes.add({.id = 7, .at = host, .top = {}});
  const auto told = bridge.reports({}, 10);
  ASSERT_EQ(told.size(), 3U);
  EXPECT_LE(std::chrono::abs(std::get<wire::Happening>(told[0].message).at - (host - 1h)), 5ms);
  EXPECT_EQ(std::get<wire::Happening>(told[1].message).at, units::from_unix_ms(0)) << "no time before 1970 travels";
  EXPECT_LE(std::chrono::abs(std::get<wire::Processes>(told[2].message).at - (host - 1h)), 5ms);
  EXPECT_EQ(bridge.reports({5}, 1).at(0).id, 6U);
  const std::uint64_t acked[] = {5, 7};
  bridge.reports_acked(acked);
  ASSERT_EQ(bridge.reports({}, 10).size(), 1U);
  EXPECT_EQ(bridge.reports({}, 10)[0].id, 6U);
}

}  // namespace
}  // namespace vedette::app
