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
  Bridge bridge(collector, schedule, spool, "");
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - bridge.wall_clock()), 10s);

  bridge.take_tick(start + 1s);
  EXPECT_EQ(bridge.read(1, 1, 1).value().rows.at(0).at, units::from_unix_ms(1'000)) << "ticks stay on the schedule";
}

}  // namespace
}  // namespace vedette::app
