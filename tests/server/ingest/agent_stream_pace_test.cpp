// How fast an agent is read, and what a pause costs.
#include "server/ingest/agent_stream.h"

#include "tests/server/ingest/agent_world.h"

namespace vedette::ingest {
namespace {

/// As many ticks as one message may hold, without a value in any: some 200 bytes on the wire.
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

using domain::Ending;

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

}  // namespace
}  // namespace vedette::ingest
