#include <gtest/gtest.h>

#include "tests/server/alerts/world.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;

TEST(EngineRestart, AFiringAlertSurvivesARestartAndResolvesOnce) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::lost, "gone");
  }
  world.clock.at = 100;
  Engine engine = world.start();
  world.see(engine, HostStatus::unknown);
  EXPECT_EQ(world.bus.rows.size(), 1u);
  world.see(engine, HostStatus::lost, "gone");
  EXPECT_EQ(world.records.outbox.size(), 1u);
  world.see(engine, HostStatus::up);
  ASSERT_EQ(world.records.outbox.size(), 2u);
  EXPECT_EQ(world.records.outbox[1].notice.incident, world.records.outbox[0].notice.incident);
}

TEST(EngineRestart, APendingAlertGoesOnAfterAKillAndAShortGap) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::up);
    world.burn(engine, 0.95, 31);
  }
  world.clock.at = 50;  // the newest tick stored is that of second 30
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 10);
  EXPECT_TRUE(world.records.outbox.empty());
  world.burn(engine, 0.95, 1);
  ASSERT_EQ(world.records.outbox.size(), 1u);
  EXPECT_EQ(world.records.shown.size(), 1u);
}

TEST(EngineRestart, AfterALongGapAPendingAlertStartsAnew) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::up);
    world.burn(engine, 0.95, 31);
  }
  world.clock.at = 121;  // 91 s after the newest tick stored
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 60);
  EXPECT_TRUE(world.records.outbox.empty());
  world.burn(engine, 0.95, 1);
  EXPECT_EQ(world.records.outbox.size(), 1u);
}

TEST(EngineRestart, OnlyTheGapOfTheRestartItselfIsBridged) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::up);
    world.burn(engine, 0.95, 31);
  }
  world.clock.at = 40;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 5);
  world.clock.at += 10;
  world.burn(engine, 0.95, 60);
  EXPECT_TRUE(world.records.outbox.empty());
  world.burn(engine, 0.95, 1);
  EXPECT_EQ(world.records.outbox.size(), 1u);
}

TEST(EngineRestart, APendingAlertWhoseValueIsFineAfterTheRestartEnds) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::up);
    world.burn(engine, 0.95, 31);
  }
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.5, 1);
  EXPECT_TRUE(world.records.kept.empty());
  EXPECT_TRUE(world.bus.rows.empty());
}

}  // namespace
}  // namespace vedette::alerts
