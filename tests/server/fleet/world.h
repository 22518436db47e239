// A fleet among fakes, with time by hand.
#pragma once

#include <gtest/gtest.h>
#include <algorithm>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schema/metrics/catalogue.h"
#include "server/fleet/fleet.h"

namespace vedette::fleet {

using namespace std::chrono_literals;

inline constexpr domain::HostNumber kHost{1};

/// Time and the control thread in one: advance() runs what is due.
struct Stage final : domain::Executor, domain::Clock {
  units::Instant wall = units::Instant{} + 500'000h;
  units::Steady mono = units::Steady{} + 1h;
  std::multimap<units::Steady, Task> timers;
  void post(Task task) override { task(); }
  TimerId after(units::Milliseconds delay, Task task) override {
    timers.emplace(mono + delay, std::move(task));
    return 1;
  }
  void cancel(TimerId) override {}
  units::Instant now() const override { return wall; }
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
  std::vector<domain::HostRecord> records;
  std::vector<LastStatus> lasts;
  std::map<std::uint64_t, domain::Outage> saved;
  bool busy = false;  ///< host() fails
  units::Result<std::vector<domain::HostRecord>> hosts() override { return records; }
  units::Result<std::optional<domain::HostRecord>> host(domain::HostNumber number) override {
    if (busy) return units::fail(units::ErrorCode::unavailable, "control.db is busy; try again");
    const auto found = std::ranges::find(records, number, &domain::HostRecord::number);
    return found == records.end() ? std::nullopt : std::optional(*found);
  }
  units::Result<domain::HostRecord> enrol(const domain::Digest&, const units::HostId&, const std::string&,
                                          const domain::Digest&, units::Instant) override {
    return records.front();
  }
  units::Result<std::optional<domain::HostRecord>> host_by_key(const domain::Digest&) override { return std::nullopt; }
  units::Result<domain::HostRecord> revoke(const std::string&) override { return records.front(); }
  units::Result<void> remove(domain::HostNumber) override { return {}; }
  units::Result<void> save_facts(std::span<const Facts>) override { return {}; }
  units::Result<std::optional<domain::HostFacts>> facts(domain::HostNumber) override { return std::nullopt; }
  units::Result<void> save_statuses(std::span<const LastStatus> all) override {
    lasts = {all.back()};
    return {};
  }
  units::Result<std::vector<LastStatus>> last_statuses() override { return lasts; }
  units::Result<std::vector<std::uint64_t>> save_outages(std::span<const domain::Outage> all) override {
    std::vector<std::uint64_t> ids;
    for (domain::Outage kept : all) {
      if (kept.id == 0) kept.id = saved.size() + 1;
      saved[kept.id] = kept;
      ids.push_back(kept.id);
    }
    return ids;
  }
  units::Result<std::vector<domain::Outage>> outages(domain::HostNumber, units::Instant, units::Instant) override {
    std::vector<domain::Outage> out;
    for (const auto& [id, outage] : saved) out.push_back(outage);
    return out;
  }
  units::Result<void> save_happenings(std::span<const domain::Happening> all) override {
    happened.insert(happened.end(), all.begin(), all.end());
    return {};
  }
  units::Result<std::vector<domain::Happening>> happenings(domain::HostNumber, units::Instant,
                                                           units::Instant) override {
    return happened;
  }
  std::vector<domain::Happening> happened;
};

struct FakeHistory final : domain::HistoryStore {
  std::vector<domain::StoredSeries> stored;
  bool is_covered = false;
  std::uint32_t stored_boot = 0;  ///< what earlier runs of the collector knew
  units::Result<std::vector<domain::SeriesNumber>> assign(domain::HostNumber,
                                                          std::span<const metrics::Series>) override {
    return std::vector<domain::SeriesNumber>{};
  }
  std::vector<domain::StoredSeries> series(domain::HostNumber) const override { return stored; }
  std::uint32_t boot_number(domain::HostNumber, const std::array<std::uint8_t, 16>&) override { return 1; }
  std::uint32_t newest_boot(domain::HostNumber) const override { return stored_boot; }
  bool submit(domain::SharedBatch) override { return true; }
  std::uint64_t resume_point(domain::HostNumber, std::uint64_t) const override { return 0; }
  void on_commit(Committed) override {}
  units::Result<domain::HistoryAnswer> query(const domain::HistoryQuery&) const override {
    return domain::HistoryAnswer{};
  }
  units::Result<std::vector<domain::CounterIncreases>> increases(const domain::IncreaseQuery&) const override {
    return std::vector<domain::CounterIncreases>{};
  }
  std::optional<units::Instant> newest(domain::HostNumber) const override { return std::nullopt; }
  bool covered(domain::HostNumber, units::Instant, units::Instant, units::Milliseconds) const override {
    return is_covered;
  }
  units::Result<void> forget(domain::HostNumber) override { return {}; }
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
  std::vector<domain::HostStatus> statuses;
  std::map<std::string, double> values;
  std::vector<domain::Outage> outages;
  domain::HostRecord record;
  domain::HostState state;
  void on_host(const domain::HostRecord& of, const domain::HostState& now) override {
    statuses.push_back(now.status);
    record = of;
    state = now;
  }
  void on_values(domain::HostNumber, units::Instant, std::span<const Value> all) override {
    for (const Value& v : all) values[metrics::to_string(v.series->key)] = v.value;
  }
  void on_outage(const domain::Outage& outage) override { outages.push_back(outage); }
};

struct World {
  Stage stage;
  FakeRecords records;
  FakeHistory history;
  FakeBus bus;
  FakeObserver observer;
  std::optional<Fleet> fleet;

  World() {
    domain::HostRecord record;
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
  void ticks(units::Instant from, int count, bool live = false) {
    auto batch = std::make_shared<domain::Batch>();
    batch->host = kHost;
    batch->live = live;
    for (int i = 0; i < count; ++i) batch->ticks.push_back({from + i * 1s, 1, {}});
    fleet->on_ticks(batch);
  }
  [[nodiscard]] std::string words() const { return observer.outages.back().correction; }
  void welcome(std::uint32_t boot = 1, units::Instant boot_time = {}) {
    domain::seen::Welcomed welcomed;
    welcomed.boot = boot;
    welcomed.facts.boot_time = boot_time;
    see(welcomed);
  }
  domain::HostState state() { return fleet->directory().hosts().at(0).state; }
};

}  // namespace vedette::fleet
