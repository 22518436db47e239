// How an agent's connection falls silent and ends, and what is told of it.
#include "server/ingest/agent_stream.h"

#include "tests/server/ingest/agent_world.h"

namespace vedette::ingest {
namespace {

using domain::Ending;

TEST(AgentStream, AStoppedAgentIsSilentWithinFifteenSecondsAndAPongEndsIt) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.live(20);
  agent.connection.tcp = domain::TcpState{0, 500ms};
  w.stage.advance(15s);
  auto silent = w.observer.all<seen::Silent>();
  ASSERT_EQ(silent.size(), 1u);
  EXPECT_TRUE(silent[0].machine_answers);
  agent.pong(agent.connection.pings.size() - 1);
  EXPECT_EQ(w.observer.all<seen::AnswersAgain>().size(), 1u);
  EXPECT_FALSE(agent.connection.aborted);
}

TEST(AgentStream, ACutIsSilentWithoutAMachineAndTheSocketIsDroppedAMinuteLater) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.live(5);
  agent.connection.tcp = domain::TcpState{3, 12s};
  w.stage.advance(60s);
  const auto silent = w.observer.all<seen::Silent>();
  ASSERT_EQ(silent.size(), 1u);
  EXPECT_FALSE(silent[0].machine_answers);
  EXPECT_FALSE(agent.connection.aborted);
  w.stage.advance(12s);
  EXPECT_TRUE(agent.connection.aborted);
  agent.end(Ending::How::we_gave_up, "");
  EXPECT_TRUE(w.observer.all<seen::EndedWithoutClose>().empty()) << "the verdict stands";
}

TEST(AgentStream, LateBytesOfACutDontEndTheVerdict) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.live(5);
  w.stage.advance(15s);
  agent.tick();
  w.stage.advance(2s);
  EXPECT_TRUE(w.observer.all<seen::AnswersAgain>().empty());
  agent.end();
  EXPECT_TRUE(w.observer.all<seen::EndedWithoutClose>().empty());
}

TEST(AgentStream, AKilledAgentsEndIsTold) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.live(2);
  agent.end();
  ASSERT_EQ(w.observer.all<seen::EndedWithoutClose>().size(), 1u);
  EXPECT_TRUE(w.stage.timers.empty()) << "nothing of it is left";
}

TEST(AgentStream, WhatIsSeenTellsThePathOfTheConnection) {
  World w;
  Agent agent(w);
  agent.connection.way = {"10.0.0.5", ""};
  agent.greet();
  agent.end();
  ASSERT_EQ(w.observer.all<seen::Welcomed>().size(), 1u);
  EXPECT_EQ(w.observer.all<seen::Welcomed>()[0].path, (domain::NetworkPath{"10.0.0.5", ""}));
  ASSERT_EQ(w.observer.all<seen::EndedWithoutClose>().size(), 1u);
  EXPECT_TRUE(w.observer.all<seen::EndedWithoutClose>()[0].behind_proxy);
  Agent direct(w, 2);
  direct.greet();
  direct.end();
  EXPECT_FALSE(w.observer.all<seen::EndedWithoutClose>().back().behind_proxy);
}

TEST(AgentStream, GoodbyeIsToldWithItsWordsAndTheEndAfterItIsNoNews) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.say(wire::Goodbye{wire::GoodbyeReason::reboot});
  agent.end(Ending::How::closed, "");
  ASSERT_EQ(w.observer.all<seen::GoodBye>().size(), 1u);
  EXPECT_EQ(w.observer.all<seen::GoodBye>()[0].words, "rebooting");
  EXPECT_TRUE(w.observer.all<seen::EndedWithoutClose>().empty());
}

TEST(AgentStream, AFaultClosesWithItsCodeAndIsTold) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.say(wire::TickMessage{1, "junk"});
  ASSERT_EQ(agent.connection.closes.size(), 1u);
  EXPECT_EQ(agent.connection.closes[0].first, 1007);
  agent.tick();
  EXPECT_TRUE(w.history.kept.empty()) << "nothing is taken after a fault";
  agent.end();
  const auto closed = w.observer.all<seen::ClosedByUs>();
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].code, 1007);
  EXPECT_EQ(closed[0].reason, agent.connection.closes[0].second);
}

TEST(AgentStream, AFaultBeforeHelloIsToldThoughTheHostWasConnectedBefore) {
  World w;
  Agent before(w, 1);
  before.greet();
  before.end();
  Agent broken(w, 2);
  const std::string newer = "\x02?";
  broken.handler->on_binary(units::as_bytes(newer));
  ASSERT_EQ(broken.connection.closes.size(), 1u);
  EXPECT_EQ(broken.connection.closes[0].first, 4426);
  broken.end();
  const auto closed = w.observer.all<seen::ClosedByUs>();
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].code, 4426);
}

TEST(AgentStream, AFaultBeforeHelloSaysNothingWhileAnotherConnectionLives) {
  World w;
  Agent alive(w, 1), broken(w, 2);
  alive.greet();
  broken.say(announce());
  broken.end();
  EXPECT_TRUE(w.observer.all<seen::ClosedByUs>().empty());
}

TEST(AgentStream, AnAgentThatConnectsOverAndOverIsToldToComeBackLater) {
  World w;
  for (std::uint64_t n = 1; n <= 60; ++n) {
    Agent agent(w, n);
    agent.greet(hello(kStream + n));
    EXPECT_EQ(agent.connection.all<wire::Welcome>().size(), 1u);
    agent.end();
  }
  const auto boots = w.history.boots.size();
  Agent again(w, 61);
  again.say(hello(kStream, 99));
  EXPECT_TRUE(again.connection.all<wire::Welcome>().empty());
  ASSERT_EQ(again.connection.all<wire::Retry>().size(), 1u);
  EXPECT_EQ(again.connection.all<wire::Retry>()[0].after, 30s);
  EXPECT_EQ(w.history.boots.size(), boots) << "nothing is remembered of it";
  again.end(Ending::How::closed);
  w.stage.advance(30s);
  Agent later(w, 62);
  later.greet();
  EXPECT_EQ(later.connection.all<wire::Welcome>().size(), 1u);
}

TEST(AgentStream, NoHelloIsAFaultUnlessWeWereLateOurselves) {
  World w;
  Agent agent(w);
  w.stage.jump(30s);
  w.stage.advance(9s);
  EXPECT_TRUE(agent.connection.closes.empty());
  w.stage.advance(2s);
  ASSERT_EQ(agent.connection.closes.size(), 1u);
  EXPECT_EQ(agent.connection.closes[0].first, 1008);
}

TEST(AgentStream, ALateLoopIsOurOwnTroubleAndNoVerdict) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.live(3);
  w.stage.jump(30s);
  w.stage.advance(5s);
  EXPECT_EQ(w.observer.troubles.size(), 1u);
  EXPECT_TRUE(w.observer.all<seen::Silent>().empty());
}

TEST(AgentStream, ANewConnectionTakesOverAndNewsOfTheOldEndsThere) {
  World w;
  Agent old(w, 1);
  old.greet();
  Agent fresh(w, 2);
  fresh.greet(hello(kStream + 1));
  ASSERT_EQ(old.connection.closes.size(), 1u);
  EXPECT_EQ(old.connection.closes[0].first, 4409);
  old.end();
  EXPECT_TRUE(w.observer.all<seen::EndedWithoutClose>().empty());
  EXPECT_TRUE(w.observer.all<seen::Replaced>().empty());
}

TEST(AgentStream, ARevokedHostIsClosedAtOnceAndSoIsOneThatHasntSaidHello) {
  World w;
  Agent agent(w, 1), quiet(w, 2);
  agent.greet();
  w.streams.on_host_revoked(kHost);
  ASSERT_EQ(agent.connection.closes.size(), 1u);
  EXPECT_EQ(agent.connection.closes[0].first, 4403);
  quiet.greet(hello(kStream + 1));
  ASSERT_EQ(quiet.connection.closes.size(), 1u);
  EXPECT_EQ(quiet.connection.closes[0].first, 4403);
  EXPECT_TRUE(quiet.connection.all<wire::Welcome>().empty());
}

}  // namespace
}  // namespace vedette::ingest
