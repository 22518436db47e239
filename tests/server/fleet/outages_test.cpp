#include <gtest/gtest.h>

#include "tests/server/fleet/world.h"

namespace vedette::fleet {
namespace {

using domain::HostStatus;
using units::Instant;
namespace seen = domain::seen;

TEST(Outages, AnOutageThatBackfillCoversIsCorrectedToANetworkCut) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::Silent{false, false});
  w.stage.advance(60s);
  w.history.is_covered = true;
  w.welcome();
  w.see(seen::BackfillDone{});
  ASSERT_FALSE(w.observer.outages.empty());
  EXPECT_TRUE(w.observer.outages.back().correction.starts_with("host was up; network cut "));
}

TEST(Outages, AnOutageWithoutSamplesStaysALabelledGap) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::Silent{true, false});
  w.stage.advance(60s);
  w.see(seen::AnswersAgain{});
  w.stage.advance(10s);  // the same connection goes on: nothing else tells that it is over
  EXPECT_TRUE(w.words().starts_with("agent was stopped or frozen, no samples "));
}

TEST(Outages, AnAgentThatDiedAndCameBackIsToldFromOneThatFroze) {
  World w;
  w.start();
  w.welcome();
  for (const bool same : {false, true}) {
    w.see(seen::EndedWithoutClose{"FIN"});
    w.stage.advance(60s);
    w.see(seen::Welcomed{1, {}, {}, same, {}});
    w.see(seen::BackfillDone{});
    w.stage.advance(10s);
    EXPECT_TRUE(w.words().starts_with(same ? "agent was stopped or frozen, " : "agent died and was started again, "))
        << w.words();
  }
}

TEST(Outages, AnOutageBeginsWithTheLastSignOfLife) {
  World w;
  w.start();
  w.welcome();
  w.stage.advance(5s);
  const Instant heard = w.stage.wall;
  w.ticks(heard, 1);
  w.stage.advance(11s);
  w.see(seen::Silent{false, false});
  ASSERT_EQ(w.observer.outages.size(), 1u);
  EXPECT_EQ(w.observer.outages[0].from, heard);
}

TEST(Outages, ACutThatTheSameConnectionOutlivesIsCorrectedToo) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::Silent{false, false});
  w.stage.advance(5s);
  w.see(seen::AnswersAgain{});
  w.history.is_covered = true;
  w.stage.advance(4s);
  EXPECT_TRUE(w.words().starts_with("host was up; network cut "));
}

TEST(Outages, SamplesThatCameForAPartNameTheHole) {
  World w;
  w.start();
  w.welcome();
  const Instant from = w.stage.wall;
  w.see(seen::Silent{false, false});
  w.stage.advance(600s);
  w.welcome();
  w.ticks(from + 1s, 400);
  w.see(seen::BackfillDone{});
  w.stage.advance(10s);
  const auto minute = [](Instant at) { return units::clock_utc(at).substr(0, 5); };
  EXPECT_EQ(w.words(), "host was up; network cut " + minute(from) + "–" + minute(from + 600s) + "; no samples " +
                           minute(from + 400s) + "–" + minute(from + 600s));
}

TEST(Outages, ALateBackfillSetsEarlierWordsRight) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::Silent{false, false});
  w.stage.advance(20s);
  w.see(seen::AnswersAgain{});
  w.stage.advance(10s);
  EXPECT_TRUE(w.words().starts_with("agent was stopped or frozen, "));
  w.history.is_covered = true;
  w.welcome();
  w.see(seen::BackfillDone{});
  EXPECT_TRUE(w.words().starts_with("host was up; network cut "));
  EXPECT_EQ(w.records.saved.size(), 1u);
  EXPECT_EQ(w.records.saved.at(1).correction, w.words());
}

TEST(Outages, AnOutageLongerThanAgentsKeepIsNotReadThrough) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::Silent{false, false});
  w.stage.advance(50h);
  w.history.is_covered = true;
  w.welcome();
  w.see(seen::BackfillDone{});
  w.stage.advance(10s);
  EXPECT_TRUE(w.words().starts_with("agent took no samples "));
}

TEST(Outages, AnotherBootMeansRebootedAtItsTime) {
  World w;
  w.stage.wall = units::Instant{} + 500'000h + 2min;  // 08:02
  w.start();
  w.welcome(1, w.stage.wall - 20h);
  w.see(seen::GoodBye{"rebooting"});
  EXPECT_EQ(w.state().status, HostStatus::stopped);
  w.stage.advance(10min);
  w.welcome(2, w.stage.wall - 3min);
  EXPECT_EQ(w.words(), "rebooted at 08:09");
}

/// A host that was last connected in boot `known`, and was lost before the collector was started again.
void restarted_during_an_outage(World& w, std::uint32_t known) {
  w.stage.wall = units::Instant{} + 500'000h + 7min;  // 08:07
  w.history.stored_boot = known;
  w.records.lasts = {{kHost, HostStatus::lost, w.stage.wall - 5min, "gone"}};
  domain::Outage outage;
  outage.id = 1;
  outage.host = kHost;
  outage.from = w.stage.wall - 5min;
  outage.status = HostStatus::lost;
  w.records.saved[1] = outage;
  w.start();
  w.stage.advance(10s);
}

TEST(Outages, AfterARestartAKnownBootIsNoRebootWhateverItsTime) {
  World w;
  restarted_during_an_outage(w, 3);
  w.history.is_covered = true;
  w.welcome(3, w.stage.wall - 4min);
  w.see(seen::BackfillDone{});
  EXPECT_EQ(w.words(), "host was up; network cut 08:02–08:07");
}

TEST(Outages, AfterARestartANewBootIsARebootWhateverItsTime) {
  World w;
  restarted_during_an_outage(w, 3);
  w.history.is_covered = true;
  w.welcome(4, w.stage.wall - 2h);
  w.see(seen::BackfillDone{});
  EXPECT_EQ(w.words(), "rebooted at 08:02") << "no earlier than the last sign of life";
}

TEST(Outages, OfAHostWithoutKnownBootsTheTimeTells) {
  World w;
  restarted_during_an_outage(w, 0);
  w.welcome(1, w.stage.wall - 3min);
  EXPECT_EQ(w.words(), "rebooted at 08:04");
}

}  // namespace
}  // namespace vedette::fleet
