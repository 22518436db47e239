#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/server/alerts/world.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using domain::Transition;

TEST(Engine, LeavesTheLiveBusAloneUntilItLoadsOnTheControlThread) {
  World world;
  Engine engine({}, world.records, world.bus, world.told, world.clock);
  EXPECT_TRUE(world.bus.headers.empty());
  EXPECT_TRUE(engine.load());
  EXPECT_EQ(world.bus.headers, std::vector<std::string>{"alerts"});
}

TEST(Engine, ALostHostFiresAtOnceAndPeopleAreToldAfterTheHold) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::lost, "connection ended without goodbye");
  ASSERT_EQ(world.records.outbox.size(), 1u);
  EXPECT_EQ(world.records.outbox[0].notice.alert.reason, "lost: connection ended without goodbye");
  EXPECT_EQ(world.records.outbox[0].not_before, world.clock.now() + std::chrono::seconds(60));
  world.clock.at = 59;
  engine.advance();
  EXPECT_EQ(world.told.count, 0);
  world.clock.at = 60;
  engine.advance();
  EXPECT_EQ(world.told.count, 1);
  world.see(engine, HostStatus::up);
  ASSERT_EQ(world.records.outbox.size(), 2u);
  EXPECT_EQ(world.records.outbox[1].notice.transition, Transition::resolved);
  EXPECT_NE(world.bus.rows.at("1").find("\"resolved\""), std::string::npos);
  EXPECT_TRUE(world.records.kept.empty());
}

TEST(Engine, BackWithinTheHoldNobodyIsTold) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::lost, "gone");
  world.clock.at = 30;
  world.see(engine, HostStatus::up);
  world.clock.at = 90;
  engine.advance();
  EXPECT_TRUE(world.records.outbox.empty());
  EXPECT_EQ(world.told.count, 0);
}

TEST(Engine, AStoppedHostFiresOnlyAfterTenMinutes) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::stopped, "rebooting");
  world.clock.at = 599;
  engine.advance();
  EXPECT_TRUE(world.records.outbox.empty());
  world.clock.at = 600;
  engine.advance();
  EXPECT_EQ(world.records.outbox.size(), 1u);
}

TEST(Engine, ABusyProcessorIsToldInWords) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.972, 60);
  EXPECT_TRUE(world.records.outbox.empty());
  world.burn(engine, 0.972, 1);
  ASSERT_EQ(world.records.outbox.size(), 1u);
  EXPECT_EQ(world.records.outbox[0].notice.alert.reason, "CPU utilisation 97.2 % above 90.0 % for 60 s");
}

TEST(Engine, ARevokedHostsThresholdAlertsAreClosed) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 200);
  ASSERT_EQ(world.records.outbox.size(), 1u);
  world.see(engine, HostStatus::rejected, "revoked", true);
  EXPECT_NE(world.bus.rows.at("1").find("\"resolved\""), std::string::npos);
  EXPECT_TRUE(world.records.kept.empty());
  ASSERT_EQ(world.records.outbox.size(), 2u);
  EXPECT_EQ(world.records.outbox[1].notice.transition, Transition::resolved);
  world.burn(engine, 0.95, 100);
  EXPECT_TRUE(world.records.kept.empty()) << "values of a revoked host are judged";
}

TEST(Engine, APendingAlertOfARevokedHostEndsAndNobodyIsTold) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 10);
  ASSERT_EQ(world.records.kept.size(), 1u);
  world.see(engine, HostStatus::up, "", true);
  EXPECT_TRUE(world.records.kept.empty());
  EXPECT_TRUE(world.records.outbox.empty());
}

TEST(Engine, MemoryAndDisksAreJudgedByTheirOwnRules) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  metrics::Series available = metrics::series_of("system.linux.memory.available");
  metrics::Series limit = metrics::series_of("system.memory.limit");
  metrics::Series free = metrics::series_of("system.filesystem.usage"), used = free;
  free.key.attributes = {{"mountpoint", "/var"}, {"state", "free"}};
  used.key.attributes = {{"mountpoint", "/var"}, {"state", "used"}};
  const std::array<domain::FleetObserver::Value, 4> values{
      {{&available, 1e9}, {&limit, 64e9}, {&free, 1e9}, {&used, 99e9}}};
  engine.on_values(domain::HostNumber{7}, world.clock.now(), values);
  std::vector<std::string> rules;
  for (const auto& [id, alert] : world.records.shown) rules.push_back(alert.rule);
  std::ranges::sort(rules);
  EXPECT_EQ(rules, (std::vector<std::string>{"filesystem-full", "memory-low"}));
}

}  // namespace
}  // namespace vedette::alerts
