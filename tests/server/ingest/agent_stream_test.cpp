#include "server/ingest/agent_stream.h"

#include "tests/server/ingest/fakes.h"

namespace vedette::ingest {
namespace {

using domain::Ending;

struct World {
  explicit World(Rates rates = {}) : streams(history, observer, stage, router, stage, rates) {}
  Stage stage;
  FakeHistory history;
  FakeObserver observer;
  FakeRouter router;
  AgentStreams streams;
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

TEST(AgentStream, AChattyAgentIsReadMoreSlowlyAndNothingIsLost) {
  World w;
  Agent agent(w);
  agent.greet();
  for (int i = 0; i < 1'200; ++i) agent.tick();
  EXPECT_TRUE(agent.connection.paused);
  EXPECT_LE(w.history.kept.size(), 1'001u) << "what had been read already waits too";
  EXPECT_EQ(w.streams.counters().over_messages, 1u);
  EXPECT_EQ(w.streams.counters().over_bytes, 0u);
  w.stage.advance(2s);
  EXPECT_FALSE(agent.connection.paused);
  EXPECT_EQ(w.history.kept.size(), 1'200u);
}

TEST(AgentStream, MayBeAllowedFewerMessagesOrBytes) {
  World few(Rates{.messages = 10});
  Agent chatty(few);
  chatty.greet();
  for (int i = 0; i < 18; ++i) chatty.tick();
  EXPECT_FALSE(chatty.connection.paused) << "with Hello and Announce twice ten";
  chatty.tick();
  EXPECT_TRUE(chatty.connection.paused);
  EXPECT_EQ(few.streams.counters().over_messages, 1u);
  World little(Rates{.bytes = 100});
  Agent loud(little);
  loud.greet();
  while (!loud.connection.paused) loud.tick();
  EXPECT_LT(loud.number, 100u);
  EXPECT_EQ(little.streams.counters().over_bytes, 1u);
  EXPECT_EQ(little.streams.counters().over_messages, 0u);
}

// As many ticks as one message may hold, without a value in any: some 200 bytes on the wire.
wire::Backfill nothing_but_times(const World& w, std::uint64_t first) {
  chunk::Table table;
  for (std::int64_t n = 0; n < static_cast<std::int64_t>(wire::kMaxBatchCells); ++n) {
    table.times.push_back(units::unix_ms(w.stage.wall) - n);
  }
  wire::Backfill message;
  message.stream = kStream;
  message.first = first;
  message.chunk = chunk::encode(table);
  return message;
}

TEST(AgentStream, FewBytesThatStandForManyTicksArePaidForByTheTick) {
  World w;
  Agent agent(w);
  agent.greet();
  std::uint64_t sent = 0;
  for (; sent < 25; ++sent) agent.say(nothing_but_times(w, 1 + sent * wire::kMaxBatchCells));
  EXPECT_TRUE(agent.connection.paused);
  EXPECT_LE(w.history.kept.size(), 11u);
  w.stage.advance(1s);
  EXPECT_LE(w.history.kept.size(), 21u);
  w.stage.advance(10s);
  EXPECT_EQ(w.history.kept.size(), sent);
  EXPECT_TRUE(agent.connection.closes.empty()) << "nobody is closed for it";
}

TEST(AgentStream, AHostOfVeryManySeriesMayTickOnceASecondButNotAsFastAsItLikes) {
  World w;
  Agent agent(w);
  agent.say(hello());
  wire::Announce all;
  for (std::uint32_t n = 0; n < wire::kMaxSeries; ++n) {
    all.series.push_back({n, metrics::series_of("system.cpu.time", {{"cpu", std::to_string(n)}, {"mode", "user"}})});
    if (all.series.size() < 512) continue;
    agent.say(all);
    all.series.clear();
  }
  const std::vector<metrics::Cell> cells(wire::kMaxSeries, metrics::integer(1));
  const auto tick = [&] {
    agent.say(wire::TickMessage{++agent.number, agent.encoder.encode({w.stage.wall, cells}, {})});
  };
  for (int second = 0; second < 30; ++second) {
    tick();
    ASSERT_FALSE(agent.connection.paused);
    w.stage.advance(1s);
  }
  for (int n = 0; n < 500; ++n) tick();
  EXPECT_TRUE(agent.connection.paused);
  EXPECT_LE(w.history.kept.size(), 30u + 81u);
}

TEST(AgentStream, AGoodbyeThatWasReadDuringAPauseCounts) {
  World w;
  Agent agent(w);
  agent.greet();
  w.history.room = false;
  agent.tick();
  ASSERT_TRUE(agent.connection.paused);
  agent.say(wire::Goodbye{wire::GoodbyeReason::service_stop});
  agent.end(Ending::How::closed, "");
  EXPECT_EQ(w.observer.all<seen::GoodBye>().size(), 1u);
}

TEST(AgentStream, WhatIsReadDuringAPauseIsBounded) {
  World w;
  Agent agent(w);
  agent.greet();
  w.history.room = false;
  for (int n = 0; n < 100'000 && agent.connection.closes.empty(); ++n) agent.tick();
  ASSERT_EQ(agent.connection.closes.size(), 1u);
  EXPECT_EQ(agent.connection.closes[0].first, 1013);
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

TEST(AgentStream, TheBootTimeIsToldInTheCollectorsTime) {
  for (const auto skew : {units::Milliseconds(2h), units::Milliseconds(-2h), units::Milliseconds(-120ms)}) {
    World w;
    Agent agent(w);
    auto message = hello();
    message.agent_time = w.stage.wall + skew;
    message.facts.boot_time = w.stage.wall - 30min + std::chrono::round<std::chrono::seconds>(skew);
    agent.greet(message);
    ASSERT_EQ(w.observer.all<seen::Welcomed>().size(), 1u);
    EXPECT_EQ(w.observer.all<seen::Welcomed>()[0].facts.boot_time, w.stage.wall - 30min) << skew.count();
  }
}

TEST(AgentStream, ABootTimeThatWasNotToldStaysUntold) {
  World w;
  Agent agent(w);
  auto message = hello();
  message.agent_time = w.stage.wall + 2h;
  agent.greet(message);
  ASSERT_EQ(w.observer.all<seen::Welcomed>().size(), 1u);
  EXPECT_EQ(w.observer.all<seen::Welcomed>()[0].facts.boot_time, Instant{});
}

}  // namespace
}  // namespace vedette::ingest
