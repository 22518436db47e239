#include <gtest/gtest.h>

#include "tests/server/alerts/world.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using domain::Phase;

TEST(EngineDisk, AFailedCommitIsTriedAgainAndLosesNothing) {
  World world;
  Engine engine = world.start();
  world.records.broken = true;
  world.see(engine, HostStatus::lost, "gone");
  EXPECT_TRUE(world.records.kept.empty());
  world.records.broken = false;
  engine.advance();
  EXPECT_EQ(world.records.kept.size(), 1u);
  EXPECT_EQ(world.records.outbox.size(), 1u);
}

TEST(EngineDisk, SaysWhenSomethingIsQueuedAndDurable) {
  World world;
  Engine engine = world.start();
  int woken = 0;
  engine.on_queued([&] { ++woken; });
  world.records.broken = true;
  world.see(engine, HostStatus::lost, "gone");
  EXPECT_EQ(woken, 0);
  world.records.broken = false;
  engine.advance();
  engine.advance();
  EXPECT_EQ(woken, 1);
}

TEST(EngineDisk, AHeldAlertThatResolvesWhileTheDiskFailsIsNotSentLater) {
  World world;
  Engine engine = world.start();
  world.records.broken = true;
  world.see(engine, HostStatus::lost, "gone");
  world.see(engine, HostStatus::up);
  world.records.broken = false;
  engine.advance();
  EXPECT_TRUE(world.records.outbox.empty());
}

TEST(EngineDisk, SaysAtOnceWhatItTookBackUntilTheStoreKnows) {
  World world;
  Engine engine = world.start();
  std::vector<std::set<std::uint64_t>> said;
  engine.on_withdrawn([&](const auto& incidents) { said.push_back(incidents); });
  world.see(engine, HostStatus::lost, "gone");
  world.records.broken = true;
  world.clock.at = 40;
  world.see(engine, HostStatus::up);
  engine.advance();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0], (std::set<std::uint64_t>{1}));
  EXPECT_EQ(world.records.outbox.size(), 1u);
  world.records.broken = false;
  engine.on_withdrawn([&](const auto& incidents) {
    EXPECT_TRUE(world.records.outbox.empty()) << "said before it was stored";
    said.push_back(incidents);
  });
  engine.advance();
  ASSERT_EQ(said.size(), 2u);
  EXPECT_TRUE(said[1].empty());
}

TEST(EngineDisk, AFiringTakenBackButNotStoredIsResolvedAfterAKill) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::lost, "gone");
    world.records.broken = true;
    world.clock.at = 40;
    world.see(engine, HostStatus::up);
  }
  world.clock.at = 65;  // its delivery went out, or will
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.records.broken = false;
  engine.advance();
  ASSERT_EQ(world.records.outbox.size(), 2u);
  EXPECT_EQ(world.records.outbox[1].notice.transition, domain::Transition::resolved);
  EXPECT_EQ(world.records.outbox[1].notice.incident, world.records.outbox[0].notice.incident);
}

TEST(EngineDisk, WhileTheDiskFailsItTriesOnceASecondHoweverMuchHappens) {
  World world;
  Engine engine = world.start();
  world.records.broken = true;
  world.see(engine, HostStatus::lost, "gone");
  const int before = world.records.commits;
  for (int n = 0; n < 100; ++n) world.see(engine, n % 2 != 0 ? HostStatus::lost : HostStatus::up, "gone");
  EXPECT_EQ(world.records.commits, before);
  engine.advance();
  EXPECT_EQ(world.records.commits, before + 1);
}

TEST(EngineDisk, AHostThatFlapsWhileTheDiskFailsLeavesOneIncidentAndTheCurrentOne) {
  World world;
  Engine engine = world.start();
  world.records.broken = true;
  for (int n = 0; n < 1000; ++n) {
    world.see(engine, HostStatus::lost, "gone");
    world.clock.at += 100;
    engine.advance();
    world.see(engine, HostStatus::up);
  }
  world.see(engine, HostStatus::lost, "gone for good");
  world.records.broken = false;
  engine.advance();
  ASSERT_EQ(world.records.shown.size(), 2u);
  EXPECT_EQ(world.records.shown.begin()->second.phase, Phase::resolved);
  EXPECT_EQ(world.records.shown.rbegin()->second.phase, Phase::firing);
  EXPECT_EQ(world.records.outbox.size(), 3u);  // fired and resolved of the one, fired of the other
  EXPECT_EQ(world.records.kept.size(), 1u);
}

TEST(EngineDisk, AnIncidentStoredBeforeTheDiskFailedIsResolvedWhateverComesAfter) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::lost, "gone");
  world.clock.at = 100;
  engine.advance();
  world.records.broken = true;
  for (int n = 0; n < 5; ++n) {
    world.see(engine, HostStatus::up);
    world.see(engine, HostStatus::lost, "gone");
  }
  world.see(engine, HostStatus::up);
  world.records.broken = false;
  engine.advance();
  EXPECT_EQ(world.records.shown.begin()->second.phase, Phase::resolved);
  EXPECT_EQ(world.records.outbox.back().notice.incident, world.records.outbox.front().notice.incident);
  EXPECT_EQ(world.records.shown.size(), 2u);
  EXPECT_TRUE(world.records.kept.empty());
}

}  // namespace
}  // namespace vedette::alerts
