#include "server/ingest/agent_stream.h"

#include "tests/server/ingest/fakes.h"

namespace vedette::ingest {
namespace {

using domain::Ending;

struct World {
  Stage stage;
  FakeHistory history;
  FakeObserver observer;
  FakeRouter router;
  AgentStreams streams{history, observer, stage, router, stage};
};

/// One agent's connection, driven as net drives it.
struct Agent {
  World& world;
  FakeConnection connection;
  std::unique_ptr<domain::ConnectionHandler> handler;
  wire::TickEncoder encoder;
  std::uint64_t number = 0;

  explicit Agent(World& w, std::uint64_t id = 1)
      : world(w), connection(w.stage, id), handler(w.streams.accept(record())) {
    world.router.open[connection.id()] = &connection;
    handler->on_open(connection);
  }
  void say(const wire::AgentMessage& message) {
    connection.heard = world.stage.mono;
    const std::string bytes = wire::encode(message);
    handler->on_binary({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }
  void greet(const wire::Hello& message = hello()) {
    say(message);
    say(announce());
  }
  void tick() { say(wire::TickMessage{++number, encoder.encode(row(world.stage.wall), {false})}); }
  void pong(std::size_t ping) {
    connection.heard = world.stage.mono;
    const std::string& payload = connection.pings.at(ping);
    handler->on_pong({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
  }
  void end(Ending::How how = Ending::How::without_close, std::string words = "FIN") {
    world.router.open.erase(connection.id());
    handler->on_end({.how = how, .code = 1006, .words = std::move(words), .by_us = false});
  }
  /// Ticks and pongs each second, and a commit, as when all is well.
  void live(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      tick();
      world.history.commit();
      world.stage.advance(1s);
      connection.heard = world.stage.mono;
    }
  }
};

TEST(AgentStream, WelcomesAndTellsTheResumePoints) {
  World w;
  w.history.accepted[kOld] = 4;
  Agent agent(w);
  auto message = hello();
  message.open = {{kOld, 1, 9}};
  agent.greet(message);
  const auto welcomes = agent.connection.all<wire::Welcome>();
  ASSERT_EQ(welcomes.size(), 1u);
  EXPECT_EQ(welcomes[0].resume, (std::vector<wire::Resume>{{kOld, 4}}));
  EXPECT_EQ(welcomes[0].interval, 1s);
  EXPECT_EQ(w.observer.all<seen::Welcomed>().size(), 1u);
  EXPECT_TRUE(w.observer.all<seen::BackfillDone>().empty()) << "five ticks are missing";
}

TEST(AgentStream, CountsTicksWithAnImpossibleTime) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.tick();
  EXPECT_EQ(w.streams.counters().restamped, 0u);
  for (int i = 0; i < 2; ++i)
    agent.say(wire::TickMessage{++agent.number, agent.encoder.encode(row(Instant{}), {false})});
  EXPECT_EQ(w.streams.counters().restamped, 2u);
}

TEST(AgentStream, AcksOnlyWhatWasCommitted) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.tick();
  w.stage.advance(9s);
  EXPECT_TRUE(agent.connection.all<wire::Ack>().empty());
  w.history.commit();
  w.stage.advance(1s);
  const auto acks = agent.connection.all<wire::Ack>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].streams, (std::vector<wire::Resume>{{kStream, 1}}));
}

TEST(AgentStream, AcksOldStreamsThatAreDurableWithoutWaitingForNewTicks) {
  World w;
  w.history.accepted[kOld] = 9;
  Agent agent(w);
  auto message = hello();
  message.open = {{kOld, 1, 9}};
  agent.greet(message);
  w.history.commit();
  w.stage.advance(2s);
  const auto acks = agent.connection.all<wire::Ack>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].streams, (std::vector<wire::Resume>{{kOld, 9}}));
  EXPECT_TRUE(w.observer.batches.empty()) << "asking the store again brings no tick twice";
}

TEST(AgentStream, WithNothingOpenOrNothingMissingBackfillIsDoneAtOnce) {
  World w;
  w.history.accepted[kOld] = 9;
  Agent fresh(w);
  fresh.greet();
  EXPECT_EQ(w.observer.all<seen::BackfillDone>().size(), 1u);
  Agent again(w, 2);
  auto message = hello(kStream + 1);
  message.open = {{kOld, 1, 9}};
  again.greet(message);
  EXPECT_EQ(w.observer.all<seen::BackfillDone>().size(), 2u);
  again.live(3);
  EXPECT_EQ(w.observer.all<seen::BackfillDone>().size(), 2u) << "told once";
}

TEST(AgentStream, BackfillIsDoneWhenTheLastMissingTickIsWithTheStore) {
  World w;
  Agent agent(w);
  auto message = hello();
  message.open = {{kOld, 1, 4}};
  agent.greet(message);
  w.history.room = false;
  agent.say(backfill(kOld, 1, w.stage.wall - 60s, 4));
  EXPECT_TRUE(agent.connection.paused) << "no room: read no further";
  EXPECT_TRUE(w.observer.all<seen::BackfillDone>().empty());
  w.history.room = true;
  w.stage.advance(100ms);
  EXPECT_FALSE(agent.connection.paused);
  ASSERT_EQ(w.observer.batches.size(), 1u);
  EXPECT_FALSE(w.observer.batches[0]->live);
  EXPECT_EQ(w.observer.all<seen::BackfillDone>().size(), 1u);
}

TEST(AgentStream, TicksThatTheAgentLostDontKeepBackfillOpenForEver) {
  World w;
  Agent agent(w);
  auto message = hello();
  message.open = {{kOld, 1, 4}};
  agent.greet(message);
  agent.live(9);
  EXPECT_TRUE(w.observer.all<seen::BackfillDone>().empty());
  agent.live(3);
  EXPECT_EQ(w.observer.all<seen::BackfillDone>().size(), 1u);
}

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

TEST(AgentStream, AChattyAgentIsReadMoreSlowlyAndNothingIsLost) {
  World w;
  Agent agent(w);
  agent.greet();
  for (int i = 0; i < 1'200; ++i) agent.tick();
  EXPECT_TRUE(agent.connection.paused);
  EXPECT_EQ(w.history.kept.size(), 1'200u);
  w.stage.advance(2s);
  EXPECT_FALSE(agent.connection.paused);
}

TEST(AgentStream, RoundTripAndSkewComeFromThePong) {
  World w;
  Agent agent(w);
  auto message = hello();
  message.agent_time = w.stage.wall + 5s;
  agent.greet(message);
  w.stage.advance(40ms);
  agent.pong(0);
  const auto trips = w.observer.all<seen::RoundTrip>();
  ASSERT_EQ(trips.size(), 1u);
  EXPECT_EQ(trips[0].rtt, 40ms);
  EXPECT_EQ(trips[0].skew, 5'020ms);
}

}  // namespace
}  // namespace vedette::ingest
