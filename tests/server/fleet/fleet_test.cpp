#include <gtest/gtest.h>

#include "tests/server/fleet/world.h"

namespace vedette::fleet {
namespace {

using domain::HostStatus;
using domain::Outage;
namespace seen = domain::seen;

TEST(Fleet, AnEndWithoutGoodbyeIsLostOnlyAfterTwoSeconds) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::EndedWithoutClose{"RST"});
  w.stage.advance(1'900ms);
  EXPECT_EQ(w.state().status, HostStatus::up);
  w.stage.advance(200ms);
  EXPECT_EQ(w.state().status, HostStatus::lost);
  EXPECT_EQ(w.state().reason, kLostWords);
  EXPECT_EQ(w.records.saved.size(), 1u);
}

TEST(Fleet, BackWithinTwoSecondsIsNoOutage) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::EndedWithoutClose{"RST"});
  w.stage.advance(1s);
  w.welcome();
  w.stage.advance(10s);
  EXPECT_EQ(w.state().status, HostStatus::up);
  EXPECT_TRUE(w.records.saved.empty());
}

TEST(Fleet, AfterARestartAHostThatWasUpHasFortyFiveSecondsToComeBack) {
  World w;
  w.records.lasts = {{kHost, HostStatus::up, w.stage.wall, ""}};
  w.start();
  EXPECT_EQ(w.state().status, HostStatus::unknown);
  EXPECT_EQ(w.records.lasts.at(0).status, HostStatus::up) << "a second restart must know it was up";
  w.stage.advance(44s);
  EXPECT_EQ(w.state().status, HostStatus::unknown);
  w.stage.advance(2s);
  EXPECT_EQ(w.state().status, HostStatus::lost);
  EXPECT_EQ(w.state().reason, "not back since the collector started: host off, agent stopped, or path cut");
  EXPECT_EQ(w.records.saved.at(1).reason, w.state().reason);
}

TEST(Fleet, ARevokedHostGoesThoughTheStoreWasBusyWhenItHeardOfIt) {
  World w;
  w.start();
  w.welcome();
  w.records.records[0].revoked = true;
  w.records.busy = true;
  for (int n = 0; n < 3; ++n) w.fleet->refresh(kHost);
  EXPECT_EQ(w.stage.timers.size(), 2u) << "the watch, and one more try";
  w.stage.advance(12s);
  EXPECT_EQ(w.state().status, HostStatus::up);
  w.records.busy = false;
  w.stage.advance(5s);
  EXPECT_EQ(w.state().reason, "revoked");
  EXPECT_TRUE(w.fleet->directory().hosts().at(0).record.revoked);
}

TEST(Fleet, OnceConnectedAHostIsJudgedAtOnceInTheGrace) {
  World w;
  w.records.lasts = {{kHost, HostStatus::up, w.stage.wall, ""}};
  w.start();
  w.stage.advance(5s);
  w.welcome();
  EXPECT_EQ(w.state().status, HostStatus::up);
  w.see(seen::Silent{true, false});
  EXPECT_EQ(w.state().status, HostStatus::unresponsive);
}

TEST(Fleet, AHostThatWasDownBeforeTheRestartStaysDown) {
  World w;
  Outage open;
  open.id = 5;
  open.host = kHost;
  open.from = w.stage.wall - 1h;
  w.records.saved[5] = open;
  w.records.lasts = {{kHost, HostStatus::lost, w.stage.wall - 1h, std::string(kLostWords)}};
  w.start();
  w.stage.advance(60s);
  EXPECT_EQ(w.state().status, HostStatus::lost);
  EXPECT_EQ(w.state().since, w.stage.wall - 1h - 60s);
  w.welcome();
  EXPECT_TRUE(w.records.saved.at(5).to) << "the outage from before the restart ends";
}

TEST(Fleet, OurOwnTroubleHoldsVerdictsBackUntilTheHostWasHeardAgain) {
  World w;
  w.start();
  w.welcome();
  w.stage.advance(60s);
  w.fleet->on_own_trouble(w.stage.wall, "test");
  w.see(seen::EndedWithoutClose{"RST"});
  w.stage.advance(10s);
  EXPECT_EQ(w.state().status, HostStatus::unknown);
  w.welcome();
  EXPECT_EQ(w.state().status, HostStatus::up);
  w.see(seen::EndedWithoutClose{"RST"});
  w.stage.advance(3s);
  EXPECT_EQ(w.state().status, HostStatus::lost) << "heard since the trouble: judged as ever";
}

TEST(Fleet, ARevokedHostLeavesTheTopicStaysFindableAndAlertsHearWhy) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::Silent{false, false});
  w.records.records[0].revoked = true;
  w.fleet->on_host_revoked(kHost);
  w.stage.advance(0ms);
  EXPECT_TRUE(w.observer.record.revoked) << "or an alert would come after ten minutes";
  EXPECT_EQ(w.observer.state.status, HostStatus::stopped);
  EXPECT_EQ(w.observer.state.reason, "revoked");
  EXPECT_EQ(w.bus.rows.at("fleet"), R"(["00000000000000000000000000000000"])") << "nothing but its key: gone";
  EXPECT_EQ(w.bus.retired, std::vector<std::string>{"fleet"});
  const auto view = w.fleet->directory().host({});
  ASSERT_TRUE(view) << "its history stays";
  EXPECT_TRUE(view->record.revoked);
  EXPECT_EQ(view->state.reason, "revoked");
  w.stage.advance(1s);
  EXPECT_TRUE(w.records.saved.at(1).to) << "its outage is over";
  w.welcome();
  EXPECT_EQ(w.state().status, HostStatus::stopped);
}

TEST(Fleet, AHostRevokedWhileNobodyRanIsFoundAndItsOutageAndAlertsEnd) {
  World w;
  w.records.records[0].revoked = true;
  Outage open;
  open.id = 5;
  open.host = kHost;
  open.from = w.stage.wall - 1h;
  w.records.saved[5] = open;
  w.records.lasts = {{kHost, HostStatus::lost, w.stage.wall - 1h, std::string(kLostWords)}};
  w.start();
  w.stage.advance(1s);
  EXPECT_TRUE(w.observer.record.revoked);
  EXPECT_TRUE(w.records.saved.at(5).to);
  const auto since = w.state().since;
  EXPECT_EQ(w.state().reason, "revoked");
  w.stage.advance(1h);
  w.start();
  EXPECT_EQ(w.state().since, since) << "the second start knows it";
}

TEST(Fleet, WhatWaitsIsWrittenWhenTheFleetEnds) {
  World w;
  w.start();
  w.welcome();
  w.fleet->on_sighting(kHost, w.stage.wall, seen::GoodBye{"service stopped"});
  EXPECT_TRUE(w.records.saved.empty());
  w.fleet.reset();
  EXPECT_EQ(w.records.saved.size(), 1u);
  EXPECT_EQ(w.records.lasts.at(0).reason, "service stopped");
}

TEST(Fleet, WithoutReceiversNobodyIsPromisedToBeTold) {
  for (const bool receivers : {true, false}) {
    World w;
    FleetTimes times;
    if (!receivers) times.hold.reset();
    w.fleet.emplace(FleetPorts{w.records, w.history, w.bus, w.observer, w.stage, w.stage}, times);
    ASSERT_TRUE(w.fleet->start());
    w.welcome();
    w.see(seen::Silent{false, false});
    EXPECT_EQ(w.bus.rows.at("fleet").ends_with(",null,null]"), !receivers);
  }
}

TEST(Fleet, TheNewestTickFollowsACollectorsClockThatWasSetBack) {
  World w;
  w.start();
  w.welcome();
  w.ticks(w.stage.wall + 3h, 1, true);
  w.ticks(w.stage.wall, 1, true);
  EXPECT_EQ(w.state().last_tick, w.stage.wall);
  w.ticks(w.stage.wall - 3h, 1);
  EXPECT_EQ(w.state().last_tick, w.stage.wall) << "what is sent later is no news";
}

TEST(Fleet, TellsOfAHappeningOnceItIsStoredAndShowsThatThereIsOne) {
  World w;
  w.start();
  w.welcome();
  std::vector<std::uint64_t> noted;
  w.fleet->on_noted([&](const domain::Happening& one) { noted.push_back(one.id); });
  const auto at = w.stage.wall - 5s;
  w.see(seen::Happened{at, "oom_kill", "killed db", 1, 77});
  w.stage.advance(1s);
  ASSERT_EQ(w.records.happened.size(), 1U);
  EXPECT_EQ(w.records.happened[0].kind, "oom_kill");
  EXPECT_EQ(noted, std::vector<std::uint64_t>{77});
  EXPECT_TRUE(w.bus.rows.at("fleet").ends_with("," + units::unix_seconds(at) + "]")) << w.bus.rows.at("fleet");
}

TEST(Tags, AreTheAgentsUnlessSomeWereSetHere) {
  for (const bool set_here : {false, true}) {
    World w;
    if (set_here) w.records.records.front().tags = {"own"};
    w.start();
    const auto tags = [&] { return w.fleet->directory().hosts().at(0).record.tags; };
    seen::Welcomed welcomed;
    welcomed.facts.tags = {"site=berlin"};
    w.see(welcomed);
    EXPECT_EQ(tags(), std::vector<std::string>{set_here ? "own" : "site=berlin"});
    EXPECT_NE(w.bus.rows["fleet"].find(set_here ? "[\"own\"]" : "[\"site=berlin\"]"), std::string::npos);
    w.fleet->refresh(kHost);  // read anew, as after a change
    EXPECT_EQ(tags(), std::vector<std::string>{set_here ? "own" : "site=berlin"});
    w.see(seen::Welcomed{});
    EXPECT_EQ(tags(), set_here ? std::vector<std::string>{"own"} : std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace vedette::fleet
