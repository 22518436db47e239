#include "agent/app/bridge.h"

#include <gtest/gtest.h>

#include "agent/app/spool_source.h"
#include "agent/link/conversation.h"
#include "agent/spool/directory.h"
#include "schema/chunk/chunk.h"
#include "schema/metrics/catalogue.h"
#include "schema/units/bytes.h"
#include "tests/temporary_directory.h"

namespace vedette::app {
namespace {

using namespace std::chrono_literals;

/// A run of the agent on a state directory, without a socket.
struct Agent {
  Agent(const std::filesystem::path& state, std::uint8_t run, std::uint8_t boot)
      : directory(state / "spool"),
        origin{.host = {1}, .boot = {boot}, .run = {run}},
        journal(directory, {}, origin, [this] { return collector.roster().series(); }),
        spool(run, {}, &journal),
        bridge(collector, schedule, spool, {happenings, processes}, {origin.boot, origin.run, "test"}) {
    collector.add(std::make_unique<SpoolSource>(spool));
  }
  void tick() {
    now += 1s;
    bridge.take_tick(now);
  }

  units::Steady now{1000s};
  collect::Collector collector;
  sample::Schedule schedule{units::from_unix_ms(1'795'425'204'000), now, 1s};
  spool::Directory directory;
  spool::Origin origin;
  spool::Journal journal;
  spool::Spool spool;
  watch::Outbox<wire::Happening> happenings{10};
  watch::Outbox<wire::Processes> processes{10};
  Bridge bridge;
};

/// The collector's end of a conversation: what it is told.
class Heard final : public wire::SessionEvents {
 public:
  void on_message(wire::Opcode, std::span<const std::uint8_t> data) override {
    const auto message = wire::decode_agent(data).value();
    if (const auto* announce = std::get_if<wire::Announce>(&message)) {
      for (const auto& one : announce->series) {
        ASSERT_EQ(one.number, series.size());
        series.push_back(one.series);
      }
    }
    if (const auto* backfill = std::get_if<wire::Backfill>(&message)) backfills.push_back(*backfill);
    if (const auto* hello = std::get_if<wire::Hello>(&message)) open = hello->open;
  }
  void on_ping(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_close(std::uint16_t, std::string_view) override {}
  std::vector<metrics::Series> series;
  std::vector<wire::Backfill> backfills;
  std::vector<wire::OpenStream> open;
};

metrics::Series gone_disk() {
  return metrics::series_of("system.disk.io", {{"device", "gone"}, {"direction", "read"}});
}

/// The first run's ticks also have a disk that the second run doesn't know, under the lowest number.
void live_before_the_reboot(const std::filesystem::path& state) {
  Agent killed(state, 1, 0xb1);
  ASSERT_EQ(killed.collector.adopt(gone_disk()), 0U);
  for (int i = 0; i < 3; ++i) killed.tick();
  wire::TickRow row{killed.schedule.take(killed.now + 1s), killed.collector.collect()};
  row.cells[0] = metrics::integer(4711);
  killed.spool.add(std::move(row), killed.bridge.reals());
}

TEST(Bridge, TicksOfAnEarlierBootAreSentWithItsIdAndWithSeriesAnnouncedAnew) {
  tests::TemporaryDirectory state;
  live_before_the_reboot(state.path());
  Agent agent(state.path(), 2, 0xb2);
  agent.tick();
  link::Conversation conversation(agent.bridge, agent.bridge, {.stream = 9, .version = "test"});
  wire::Session collector(wire::Role::server, {});
  Heard heard;
  conversation.start(agent.now);
  wire::Welcome welcome;
  welcome.host_id = std::string(32, '0');
  welcome.collector_time = agent.schedule.host_time(agent.now) + 1h;
  collector.send(wire::Opcode::binary, wire::encode(wire::CollectorMessage(welcome)));
  ASSERT_TRUE(conversation.receive(collector.output(), agent.now).has_value());
  for (int i = 0; i < 5; ++i) conversation.pump(agent.now += 200ms);
  ASSERT_TRUE(collector.receive(conversation.session().output(), heard).has_value());

  EXPECT_EQ(heard.open.size(), 2U);
  ASSERT_EQ(heard.backfills.size(), 2U);
  EXPECT_EQ(heard.backfills[0].stream, 1U);
  EXPECT_EQ(heard.backfills[0].boot_id, wire::Id128{0xb1});
  EXPECT_FALSE(heard.backfills[0].end);
  EXPECT_EQ(heard.backfills[1].boot_id, wire::Id128{0xb2});
  EXPECT_TRUE(heard.backfills[1].end);

  const auto disk = std::ranges::find(heard.series, gone_disk());
  ASSERT_NE(disk, heard.series.end()) << "announced before its ticks";
  const auto table = chunk::decode(units::as_bytes(heard.backfills[0].chunk), {}).value();
  ASSERT_EQ(table.times.size(), 4U);
  EXPECT_EQ(table.times[0], 1'795'425'205'000 + 3'600'000) << "this boot's offset stands in";
  for (const chunk::Column& column : table.columns) {
    ASSERT_LT(column.id, heard.series.size());
    if (heard.series[column.id] == gone_disk()) {
      EXPECT_EQ(column.values.back(), 4711);
    }
    if (heard.series[column.id].key.name == "system.memory.limit") {
      EXPECT_GT(column.values.back(), 0);
    }
  }
}

TEST(Bridge, TheSpoolsOwnFiguresAreSeries) {
  tests::TemporaryDirectory state;
  Agent agent(state.path(), 1, 1);
  agent.tick();
  agent.tick();
  const auto series = agent.collector.roster().series();
  const auto usage = std::ranges::find(series, metrics::series_of("vedette.agent.spool.usage"));
  const auto dropped = std::ranges::find(series, metrics::series_of("vedette.agent.spool.dropped"));
  ASSERT_TRUE(usage != series.end() && dropped != series.end());
  const auto rows = agent.bridge.read(1, 1, 2).value().rows;
  EXPECT_EQ(rows[0].cells[static_cast<std::size_t>(usage - series.begin())], metrics::integer(0));
  EXPECT_GT(rows[1].cells[static_cast<std::size_t>(usage - series.begin())].bits, 1'000) << "without a connection";
  EXPECT_EQ(rows[1].cells[static_cast<std::size_t>(dropped - series.begin())], metrics::integer(0));
}

TEST(Bridge, TellsTheClockAsItStandsNotAsItStoodWhenTheAgentStarted) {
  collect::Collector collector;
  // The agent started in 1970; the clock was set since.
  const units::Steady start{1000s};
  sample::Schedule schedule(units::from_unix_ms(0), start, 1s);
  spool::Spool spool(1, {});
  watch::Outbox<wire::Happening> outbox{10};
  watch::Outbox<wire::Processes> processes{10};
  Bridge bridge(collector, schedule, spool, {outbox, processes}, {});
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - bridge.wall_clock()), 10s);

  bridge.take_tick(start + 1s);
  EXPECT_EQ(bridge.read(1, 1, 1).value().rows.at(0).at, units::from_unix_ms(1'000)) << "ticks stay on the schedule";
}

TEST(Bridge, TellsReportsInTheCollectorsTimeUntilTheyAreAcked) {
  collect::Collector collector;
  const units::Steady start{1000s};
  const auto host = units::from_unix_ms(1'795'425'204'000);
  sample::Schedule schedule(host, start, 1s);
  spool::Spool spool(1, {});
  watch::Outbox<wire::Happening> outbox{10};
  watch::Outbox<wire::Processes> processes{10};
  Bridge bridge(collector, schedule, spool, {outbox, processes}, {});
  outbox.add({.at = host, .kind = "boot", .text = "started", .id = 5});
  outbox.add({.at = units::from_unix_ms(0), .kind = "boot", .text = "long ago", .id = 6});
  bridge.begin(2);
  bridge.welcomed(host - 1h + 1s, 10ms, start + 1s);
  processes.add({.id = 7, .at = host, .top = {}});
  const auto told = bridge.reports({}, 10);
  ASSERT_EQ(told.size(), 3U);
  EXPECT_LE(std::chrono::abs(std::get<wire::Happening>(told[0].message).at - (host - 1h)), 5ms);
  EXPECT_EQ(std::get<wire::Happening>(told[1].message).at, units::from_unix_ms(0)) << "no time before 1970 travels";
  EXPECT_LE(std::chrono::abs(std::get<wire::Processes>(told[2].message).at - (host - 1h)), 5ms);
  EXPECT_EQ(bridge.reports({5}, 1).at(0).id, 6U);
  const std::uint64_t acked[] = {5, 7};
  bridge.reports_acked(acked);
  ASSERT_EQ(bridge.reports({}, 10).size(), 1U);
  EXPECT_EQ(bridge.reports({}, 10)[0].id, 6U);
}

}  // namespace
}  // namespace vedette::app
