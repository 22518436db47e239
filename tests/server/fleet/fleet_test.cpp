#include "server/fleet/fleet.h"

#include <gtest/gtest.h>

#include "schema/metrics/catalogue.h"

namespace vedette::fleet {
namespace {

using namespace std::chrono_literals;
using domain::HostNumber;
using domain::HostRecord;
using domain::HostStatus;
using domain::Outage;
using units::Instant;
namespace seen = domain::seen;

constexpr HostNumber kHost{1};

/// Time and the control thread in one: advance() runs what is due.
struct Stage final : domain::Executor, domain::Clock {
  Instant wall = Instant{} + 500'000h;
  units::Steady mono = units::Steady{} + 1h;
  std::multimap<units::Steady, Task> timers;
  void post(Task task) override { task(); }
  TimerId after(units::Milliseconds delay, Task task) override {
    timers.emplace(mono + delay, std::move(task));
    return 1;
  }
  void cancel(TimerId) override {}
  Instant now() const override { return wall; }
  units::Steady steady() const override { return mono; }
  void advance(units::Milliseconds span) {
    const auto until = mono + span;
    while (!timers.empty() && timers.begin()->first <= until) {
      auto node = timers.extract(timers.begin());
      wall += std::chrono::floor<units::Milliseconds>(node.key() - mono);
      mono = node.key();
      node.mapped()();
    }
    wall += std::chrono::floor<units::Milliseconds>(until - mono);
    mono = until;
  }
};

struct FakeRecords final : domain::HostRecords {
  std::vector<HostRecord> records;
  std::vector<LastStatus> lasts;
  std::map<std::uint64_t, Outage> saved;
  units::Result<std::vector<HostRecord>> hosts() override { return records; }
  units::Result<HostRecord> enrol(const domain::Digest&, const units::HostId&, const std::string&,
                                  const domain::Digest&, Instant) override {
    return records.front();
  }
  units::Result<std::optional<HostRecord>> host_by_key(const domain::Digest&) override { return std::nullopt; }
  units::Result<HostRecord> revoke(const std::string&) override { return records.front(); }
  units::Result<void> save_facts(HostNumber, const domain::HostFacts&) override { return {}; }
  units::Result<std::optional<domain::HostFacts>> facts(HostNumber) override { return std::nullopt; }
  units::Result<void> save_status(const LastStatus& status) override {
    lasts = {status};
    return {};
  }
  units::Result<std::vector<LastStatus>> last_statuses() override { return lasts; }
  units::Result<std::uint64_t> save_outage(const Outage& outage) override {
    Outage kept = outage;
    if (kept.id == 0) kept.id = saved.size() + 1;
    saved[kept.id] = kept;
    return kept.id;
  }
  units::Result<std::vector<Outage>> outages(HostNumber, Instant, Instant) override {
    std::vector<Outage> out;
    for (const auto& [id, outage] : saved) out.push_back(outage);
    return out;
  }
};

struct FakeHistory final : domain::HistoryStore {
  std::vector<domain::StoredSeries> stored;
  bool is_covered = false;
  units::Result<std::vector<domain::SeriesNumber>> assign(HostNumber, std::span<const metrics::Series>) override {
    return std::vector<domain::SeriesNumber>{};
  }
  std::vector<domain::StoredSeries> series(HostNumber) const override { return stored; }
  std::uint32_t boot_number(HostNumber, const std::array<std::uint8_t, 16>&) override { return 1; }
  bool submit(domain::SharedBatch) override { return true; }
  std::uint64_t resume_point(HostNumber, std::uint64_t) const override { return 0; }
  void on_commit(Committed) override {}
  units::Result<domain::HistoryAnswer> query(const domain::HistoryQuery&) const override {
    return domain::HistoryAnswer{};
  }
  std::optional<Instant> newest(HostNumber) const override { return std::nullopt; }
  bool covered(HostNumber, Instant, Instant, units::Milliseconds) const override { return is_covered; }
  units::Result<void> forget(HostNumber) override { return {}; }
  std::string trouble() const override { return {}; }
  void stop() override {}
};

struct FakeBus final : domain::LiveBus {
  std::map<std::string, std::string> rows, headers;
  std::vector<std::string> retired;
  bool is_watched = false;
  void header(std::string_view topic, std::string json) override { headers[std::string(topic)] = std::move(json); }
  void publish(std::string_view topic, std::string_view, std::string json, bool) override {
    rows[std::string(topic)] = std::move(json);
  }
  void retire(std::string_view topic, std::string_view) override { retired.emplace_back(topic); }
  bool watched(std::string_view) const override { return is_watched; }
};

struct FakeObserver final : domain::FleetObserver {
  std::vector<HostStatus> statuses;
  std::map<std::string, double> values;
  std::vector<Outage> outages;
  HostRecord record;
  domain::HostState state;
  void on_host(const HostRecord& of, const domain::HostState& now) override {
    statuses.push_back(now.status);
    record = of;
    state = now;
  }
  void on_values(HostNumber, Instant, std::span<const Value> all) override {
    for (const Value& v : all) values[metrics::to_string(v.series->key)] = v.value;
  }
  void on_outage(const Outage& outage) override { outages.push_back(outage); }
};

struct World {
  Stage stage;
  FakeRecords records;
  FakeHistory history;
  FakeBus bus;
  FakeObserver observer;
  std::optional<Fleet> fleet;

  World() {
    HostRecord record;
    record.number = kHost;
    record.name = "web";
    records.records = {record};
  }
  void start() {
    fleet.emplace(FleetPorts{records, history, bus, observer, stage, stage});
    ASSERT_TRUE(fleet->start());
  }
  void see(const domain::Sighting& sighting) {
    fleet->on_sighting(kHost, stage.wall, sighting);
    stage.advance(0ms);
  }
  void ticks(Instant from, int count, bool live = false) {
    auto batch = std::make_shared<domain::Batch>();
    batch->host = kHost;
    batch->live = live;
    for (int i = 0; i < count; ++i) batch->ticks.push_back({from + i * 1s, 1, {}});
    fleet->on_ticks(batch);
  }
  [[nodiscard]] std::string words() const { return observer.outages.back().correction; }
  void welcome(std::uint32_t boot = 1) {
    seen::Welcomed welcomed;
    welcomed.boot = boot;
    see(welcomed);
  }
  domain::HostState state() { return fleet->directory().hosts().at(0).state; }
};

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

TEST(Fleet, AnOutageThatBackfillCoversIsCorrectedToANetworkCut) {
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

TEST(Fleet, AnOutageWithoutSamplesStaysALabelledGap) {
  World w;
  w.start();
  w.welcome();
  w.see(seen::Silent{true, false});
  w.stage.advance(60s);
  w.see(seen::AnswersAgain{});
  w.stage.advance(10s);  // the same connection goes on: nothing else tells that it is over
  EXPECT_TRUE(w.words().starts_with("agent was stopped or frozen, no samples "));
}

TEST(Fleet, AnAgentThatDiedAndCameBackIsToldFromOneThatFroze) {
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

TEST(Fleet, AnOutageBeginsWithTheLastSignOfLife) {
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

TEST(Fleet, ACutThatTheSameConnectionOutlivesIsCorrectedToo) {
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

TEST(Fleet, SamplesThatCameForAPartNameTheHole) {
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

TEST(Fleet, ALateBackfillSetsEarlierWordsRight) {
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

TEST(Fleet, AnOutageLongerThanAgentsKeepIsNotReadThrough) {
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

TEST(Fleet, ATickThatIsNotNewerLeavesTheValuesAndRowsAlone) {
  World w;
  w.history.stored = {{domain::SeriesNumber{0}, metrics::series_of("system.cpu.load_average.1m")}};
  w.bus.is_watched = true;
  w.start();
  w.welcome();
  const std::string topic = "host/00000000000000000000000000000000";
  const auto tick = [&](Instant at, double load) {
    auto batch = std::make_shared<domain::Batch>();
    batch->host = kHost;
    batch->ticks = {{at, 1, {metrics::cell(load, w.history.stored[0].series.quantum)}}};
    w.fleet->on_ticks(batch);
  };
  tick(w.stage.wall, 0.5);
  const std::string before = w.bus.rows.at("fleet"), row = w.bus.rows.at(topic);
  EXPECT_NE(before.find(",0.5,"), std::string::npos) << before;
  tick(w.stage.wall - 5s, 0.25);
  EXPECT_EQ(w.bus.rows.at("fleet"), before);
  EXPECT_EQ(w.bus.rows.at(topic), row);
}

TEST(Fleet, ATopicThatWasForgottenAndMadeAgainGetsItsHeader) {
  World w;
  w.history.stored = {{domain::SeriesNumber{0}, metrics::series_of("system.cpu.load_average.1m")}};
  w.bus.is_watched = true;
  w.start();
  w.welcome();
  const auto tick = [&](Instant at) {
    auto batch = std::make_shared<domain::Batch>();
    batch->host = kHost;
    batch->ticks = {{at, 1, {metrics::cell(1, w.history.stored[0].series.quantum)}}};
    w.fleet->on_ticks(batch);
  };
  tick(w.stage.wall);
  w.bus.headers.clear();
  tick(w.stage.wall + 1s);
  EXPECT_EQ(w.bus.headers.at("host/00000000000000000000000000000000"), R"(["t","system.cpu.load_average.1m"])");
}

TEST(Fleet, AnotherBootMeansRebooted) {
  World w;
  w.start();
  w.welcome(1);
  w.see(seen::GoodBye{"rebooting"});
  EXPECT_EQ(w.state().status, HostStatus::stopped);
  w.stage.advance(30s);
  w.welcome(2);
  EXPECT_TRUE(w.observer.outages.back().correction.starts_with("rebooted at "));
}

TEST(Fleet, CountersBecomeRatesForAlertsAndLiveRows) {
  World w;
  w.history.stored = {
      {domain::SeriesNumber{0}, metrics::series_of("system.disk.io", {{"device", "sda"}, {"direction", "read"}})}};
  w.bus.is_watched = true;
  w.start();
  w.welcome();
  const auto tick = [&](units::Milliseconds at, double bytes) {
    auto batch = std::make_shared<domain::Batch>();
    batch->host = kHost;
    batch->ticks = {{w.stage.wall + at, 1, {metrics::cell(bytes, w.history.stored[0].series.quantum)}}};
    w.fleet->on_ticks(batch);
  };
  tick(0s, 1'024'000);
  EXPECT_TRUE(w.observer.values.empty()) << "one reading of a counter says nothing";
  tick(1s, 3'072'000);
  EXPECT_EQ(w.observer.values.at("system.disk.io{device=sda,direction=read}"), 2'048'000);
  EXPECT_EQ(w.bus.headers.at("host/00000000000000000000000000000000"),
            R"(["t","system.disk.io{device=sda,direction=read}"])");
  EXPECT_TRUE(w.bus.rows.at("host/00000000000000000000000000000000").ends_with(",2048000]"));
}

}  // namespace
}  // namespace vedette::fleet
