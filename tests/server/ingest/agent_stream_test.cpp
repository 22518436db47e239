// What an agent's stream takes, stores and acknowledges, and what it tells of its host.
#include "server/ingest/agent_stream.h"

#include "tests/server/ingest/agent_world.h"

namespace vedette::ingest {
namespace {

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

TEST(AgentStream, AcksAHappeningOnceItIsStored) {
  World w;
  Agent agent(w);
  agent.greet();
  agent.say(wire::Happening{w.stage.wall, "boot", "started", 0, 77});
  w.stage.advance(9s);
  EXPECT_TRUE(agent.connection.all<wire::Ack>().empty());
  w.streams.on_noted(kHost, 77);
  w.stage.advance(5s);
  const auto acks = agent.connection.all<wire::Ack>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].happenings, std::vector<std::uint64_t>{77});
}

TEST(AgentStream, AcksProcessesOnceTheyAreStored) {
  World w;
  Agent agent(w);
  agent.greet();
  wire::Processes message{77, w.stage.wall, 60s, 212, {}};
  message.top = {{812, "postgres", 950, 2'000'000, "-D /data", 1, 2}, {1, "systemd"}};
  agent.say(message);
  ASSERT_EQ(w.processes.told.size(), 1u);
  EXPECT_EQ(w.processes.told[0].host, kHost);
  EXPECT_EQ(w.processes.told[0].list,
            (domain::ProcessList{
                w.stage.wall, 60s, 212, {{812, "postgres", 950, 2'000'000, "-D /data", 1, 2}, {1, "systemd"}}}));
  w.stage.advance(9s);
  EXPECT_TRUE(agent.connection.all<wire::Ack>().empty());
  w.processes.commit();
  w.stage.advance(5s);
  const auto acks = agent.connection.all<wire::Ack>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].happenings, std::vector<std::uint64_t>{77});
}

TEST(AgentStream, NeverAcksProcessesThatFoundNoRoom) {
  World w;
  Agent agent(w);
  agent.greet();
  w.processes.room = false;
  agent.say(wire::Processes{77, w.stage.wall, 60s, 212, {}});
  w.processes.commit();
  w.stage.advance(9s);
  EXPECT_TRUE(agent.connection.all<wire::Ack>().empty());
  EXPECT_FALSE(agent.connection.paused) << "ticks go on";
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
