#include "server/alerts/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "schema/metrics/catalogue.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using domain::Phase;
using domain::Transition;

struct Records final : domain::AlertRecords {
  std::map<std::string, std::string> kept;
  std::map<std::uint64_t, domain::Alert> shown;
  std::vector<domain::Delivery> outbox;
  bool broken = false;
  int commits = 0;

  units::Result<std::vector<State>> alert_states() override {
    std::vector<State> all;
    for (const auto& [key, body] : kept) all.push_back({key, body});
    return all;
  }
  units::Result<void> commit(const Change& change) override {
    ++commits;
    if (broken) return units::fail(units::ErrorCode::io, "disk full");
    for (const auto incident : change.cancel) {
      std::erase_if(outbox, [&](const auto& d) { return d.notice.incident == incident && d.attempts == 0; });
    }
    for (const auto& state : change.states) {
      if (state.body.empty()) {
        kept.erase(state.key);
      } else {
        kept[state.key] = state.body;
      }
    }
    for (const auto& alert : change.alerts) shown[alert.id] = alert;
    outbox.insert(outbox.end(), change.queue.begin(), change.queue.end());
    return {};
  }
  units::Result<std::uint64_t> last_alert_id() override { return shown.empty() ? 0 : shown.rbegin()->first; }
  units::Result<std::vector<domain::Alert>> alerts(std::size_t) override { return std::vector<domain::Alert>{}; }
  units::Result<std::vector<domain::Delivery>> undelivered() override { return outbox; }
  units::Result<void> delivered(std::uint64_t, const std::string&, units::Instant) override { return {}; }
  units::Result<void> failed(std::uint64_t, const std::string&, units::Instant,
                             const std::vector<std::string>&) override {
    return {};
  }
  units::Result<void> give_up(std::uint64_t, const std::string&, units::Instant) override { return {}; }
};

struct Bus final : domain::LiveBus {
  std::map<std::string, std::string> rows;
  void header(std::string_view, std::string) override {}
  void publish(std::string_view, std::string_view key, std::string json, bool conflate) override {
    EXPECT_FALSE(conflate);
    rows[std::string(key)] = std::move(json);
  }
  void retire(std::string_view, std::string_view key) override { rows.erase(std::string(key)); }
  bool watched(std::string_view) const override { return true; }
};

struct Told final : domain::NotificationObserver {
  int count = 0;
  void on_notified(domain::HostNumber, units::Instant) override { ++count; }
};

struct Clock final : domain::Clock {
  std::int64_t at = 0;
  units::Instant now() const override { return units::from_unix_ms(1'795'000'000'000 + at * 1000); }
  units::Steady steady() const override { return {}; }
};

struct World {
  Records records;
  Bus bus;
  Told told;
  Clock clock;
  metrics::Series series = metrics::series_of("system.cpu.utilization");

  Engine start() {
    Config config;
    config.receivers = {"ops"};
    Rule cpu;
    cpu.name = "cpu";
    cpu.series.name = "system.cpu.utilization";
    cpu.series.attributes.emplace();
    cpu.limit = 0.9;
    cpu.recover = 0.8;
    config.rules = {cpu};
    Engine engine(config, records, bus, told, clock);
    EXPECT_TRUE(engine.load());
    return engine;
  }
  void see(Engine& engine, HostStatus status, const std::string& words = "", bool revoked = false) {
    domain::HostRecord record;
    record.revoked = revoked;
    record.number = domain::HostNumber{7};
    record.name = "web-07";
    domain::HostState state;
    state.status = status;
    state.since = clock.now();
    state.reason = words;
    engine.on_host(record, state);
  }
  void burn(Engine& engine, double value, int seconds) {
    for (int n = 0; n < seconds; ++n, ++clock.at) {
      const domain::FleetObserver::Value one{&series, value};
      engine.on_values(domain::HostNumber{7}, clock.now(), {&one, 1});
      engine.advance();
    }
  }
};

TEST(Engine, ALostHostFiresAtOnceAndPeopleAreToldAfterTheHold) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::lost, "connection ended without goodbye");
  ASSERT_EQ(world.records.outbox.size(), 1u);
  EXPECT_EQ(world.records.outbox[0].notice.alert.reason, "lost: connection ended without goodbye");
  EXPECT_EQ(world.records.outbox[0].not_before, world.clock.now() + std::chrono::seconds(60));
  world.clock.at = 59;
  engine.advance();
  EXPECT_EQ(world.told.count, 0);
  world.clock.at = 60;
  engine.advance();
  EXPECT_EQ(world.told.count, 1);
  world.see(engine, HostStatus::up);
  ASSERT_EQ(world.records.outbox.size(), 2u);
  EXPECT_EQ(world.records.outbox[1].notice.transition, Transition::resolved);
  EXPECT_NE(world.bus.rows.at("1").find("\"resolved\""), std::string::npos);
  EXPECT_TRUE(world.records.kept.empty());
}

TEST(Engine, BackWithinTheHoldNobodyIsTold) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::lost, "gone");
  world.clock.at = 30;
  world.see(engine, HostStatus::up);
  world.clock.at = 90;
  engine.advance();
  EXPECT_TRUE(world.records.outbox.empty());
  EXPECT_EQ(world.told.count, 0);
}

TEST(Engine, AStoppedHostFiresOnlyAfterTenMinutes) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::stopped, "rebooting");
  world.clock.at = 599;
  engine.advance();
  EXPECT_TRUE(world.records.outbox.empty());
  world.clock.at = 600;
  engine.advance();
  EXPECT_EQ(world.records.outbox.size(), 1u);
}

TEST(Engine, AFiringAlertSurvivesARestartAndResolvesOnce) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::lost, "gone");
  }
  world.clock.at = 100;
  Engine engine = world.start();
  world.see(engine, HostStatus::unknown);
  EXPECT_EQ(world.bus.rows.size(), 1u);
  world.see(engine, HostStatus::lost, "gone");
  EXPECT_EQ(world.records.outbox.size(), 1u);
  world.see(engine, HostStatus::up);
  ASSERT_EQ(world.records.outbox.size(), 2u);
  EXPECT_EQ(world.records.outbox[1].notice.incident, world.records.outbox[0].notice.incident);
}

TEST(Engine, AFailedCommitIsTriedAgainAndLosesNothing) {
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

TEST(Engine, SaysWhenSomethingIsQueuedAndDurable) {
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

TEST(Engine, AHeldAlertThatResolvesWhileTheDiskFailsIsNotSentLater) {
  World world;
  Engine engine = world.start();
  world.records.broken = true;
  world.see(engine, HostStatus::lost, "gone");
  world.see(engine, HostStatus::up);
  world.records.broken = false;
  engine.advance();
  EXPECT_TRUE(world.records.outbox.empty());
}

TEST(Engine, ABusyProcessorIsToldInWords) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.972, 60);
  EXPECT_TRUE(world.records.outbox.empty());
  world.burn(engine, 0.972, 1);
  ASSERT_EQ(world.records.outbox.size(), 1u);
  EXPECT_EQ(world.records.outbox[0].notice.alert.reason, "CPU utilisation 97.2 % above 90.0 % for 60 s");
}

TEST(Engine, APendingAlertGoesOnAfterAKillAndAShortGap) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::up);
    world.burn(engine, 0.95, 31);
  }
  world.clock.at = 50;  // the newest tick stored is that of second 30
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 10);
  EXPECT_TRUE(world.records.outbox.empty());
  world.burn(engine, 0.95, 1);
  ASSERT_EQ(world.records.outbox.size(), 1u);
  EXPECT_EQ(world.records.shown.size(), 1u);
}

TEST(Engine, AfterALongGapAPendingAlertStartsAnew) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::up);
    world.burn(engine, 0.95, 31);
  }
  world.clock.at = 121;  // 91 s after the newest tick stored
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 60);
  EXPECT_TRUE(world.records.outbox.empty());
  world.burn(engine, 0.95, 1);
  EXPECT_EQ(world.records.outbox.size(), 1u);
}

TEST(Engine, OnlyTheGapOfTheRestartItselfIsBridged) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::up);
    world.burn(engine, 0.95, 31);
  }
  world.clock.at = 40;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 5);
  world.clock.at += 10;
  world.burn(engine, 0.95, 60);
  EXPECT_TRUE(world.records.outbox.empty());
  world.burn(engine, 0.95, 1);
  EXPECT_EQ(world.records.outbox.size(), 1u);
}

TEST(Engine, APendingAlertWhoseValueIsFineAfterTheRestartEnds) {
  World world;
  {
    Engine engine = world.start();
    world.see(engine, HostStatus::up);
    world.burn(engine, 0.95, 31);
  }
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.5, 1);
  EXPECT_TRUE(world.records.kept.empty());
  EXPECT_TRUE(world.bus.rows.empty());
}

TEST(Engine, ARevokedHostsThresholdAlertsAreClosed) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 200);
  ASSERT_EQ(world.records.outbox.size(), 1u);
  world.see(engine, HostStatus::rejected, "revoked", true);
  EXPECT_NE(world.bus.rows.at("1").find("\"resolved\""), std::string::npos);
  EXPECT_TRUE(world.records.kept.empty());
  ASSERT_EQ(world.records.outbox.size(), 2u);
  EXPECT_EQ(world.records.outbox[1].notice.transition, Transition::resolved);
  world.burn(engine, 0.95, 100);
  EXPECT_TRUE(world.records.kept.empty()) << "values of a revoked host are judged";
}

TEST(Engine, APendingAlertOfARevokedHostEndsAndNobodyIsTold) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  world.burn(engine, 0.95, 10);
  ASSERT_EQ(world.records.kept.size(), 1u);
  world.see(engine, HostStatus::up, "", true);
  EXPECT_TRUE(world.records.kept.empty());
  EXPECT_TRUE(world.records.outbox.empty());
}

TEST(Engine, WhileTheDiskFailsItTriesOnceASecondHoweverMuchHappens) {
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

TEST(Engine, AHostThatFlapsWhileTheDiskFailsLeavesOneIncidentAndTheCurrentOne) {
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

TEST(Engine, AnIncidentStoredBeforeTheDiskFailedIsResolvedWhateverComesAfter) {
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

TEST(Engine, MemoryAndDisksAreJudgedByTheirOwnRules) {
  World world;
  Engine engine = world.start();
  world.see(engine, HostStatus::up);
  metrics::Series available = metrics::series_of("system.linux.memory.available");
  metrics::Series limit = metrics::series_of("system.memory.limit");
  metrics::Series free = metrics::series_of("system.filesystem.usage"), used = free;
  free.key.attributes = {{"mountpoint", "/var"}, {"state", "free"}};
  used.key.attributes = {{"mountpoint", "/var"}, {"state", "used"}};
  const std::array<domain::FleetObserver::Value, 4> values{
      {{&available, 1e9}, {&limit, 64e9}, {&free, 1e9}, {&used, 99e9}}};
  engine.on_values(domain::HostNumber{7}, world.clock.now(), values);
  std::vector<std::string> rules;
  for (const auto& [id, alert] : world.records.shown) rules.push_back(alert.rule);
  std::ranges::sort(rules);
  EXPECT_EQ(rules, (std::vector<std::string>{"filesystem-full", "memory-low"}));
}

}  // namespace
}  // namespace vedette::alerts
