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
    w.see(seen::Welcomed{1, {}, {}, same});
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
  w.stage.advance(26h);
  w.history.is_covered = true;
  w.welcome();
  w.see(seen::BackfillDone{});
  w.stage.advance(10s);
  EXPECT_TRUE(w.words().starts_with("agent took no samples "));
}

TEST(Outages, AnotherBootMeansRebooted) {
  World w;
  w.start();
  w.welcome(1);
  w.see(seen::GoodBye{"rebooting"});
  EXPECT_EQ(w.state().status, HostStatus::stopped);
  w.stage.advance(30s);
  w.welcome(2);
  EXPECT_TRUE(w.observer.outages.back().correction.starts_with("rebooted at "));
}

}  // namespace
}  // namespace vedette::fleet
