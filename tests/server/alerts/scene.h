// An engine with its store, live bus and clock in the test's hands, and one host that sends what the test says.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schema/metrics/catalogue.h"
#include "server/alerts/engine.h"

namespace vedette::alerts::testing {

/// The store as server/control keeps it.
struct Records : domain::AlertRecords {
  std::map<std::string, std::string> kept;
  std::map<std::uint64_t, domain::Alert> shown;
  std::vector<domain::Delivery> outbox;
  bool broken = false;  ///< the disk refuses
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
    for (const auto& delivery : change.queue) {
      const bool there = std::ranges::any_of(outbox, [&](const auto& other) {
        return other.receiver == delivery.receiver && other.notice.incident == delivery.notice.incident &&
               other.notice.transition == delivery.notice.transition;
      });
      if (!there) outbox.push_back(delivery);
    }
    return {};
  }
  units::Result<std::uint64_t> last_alert_id() override {
    std::uint64_t last = 0;
    for (const auto& [id, alert] : shown) last = std::max({last, id, alert.incident});
    return last;
  }
  units::Result<std::vector<domain::Alert>> alerts(std::size_t most) override {
    std::vector<domain::Alert> resolved;
    for (auto at = shown.rbegin(); at != shown.rend() && resolved.size() < most; ++at) {
      if (at->second.phase == domain::Phase::resolved) resolved.push_back(at->second);
    }
    return resolved;
  }
  units::Result<std::vector<domain::Delivery>> undelivered() override { return outbox; }
  units::Result<void> delivered(std::uint64_t, const std::string&, units::Instant) override { return {}; }
  units::Result<void> failed(std::uint64_t, const std::string&, units::Instant,
                             const std::vector<std::string>&) override {
    return {};
  }
  units::Result<void> give_up(std::uint64_t, const std::string&, units::Instant) override { return {}; }
};

struct Bus final : domain::LiveBus {
  nlohmann::json columns;
  std::map<std::string, nlohmann::json> rows;  ///< of the snapshot, by alert id
  nlohmann::json last;                         ///< the row published last, whether retired or not
  void header(std::string_view, std::string json) override { columns = nlohmann::json::parse(json); }
  void publish(std::string_view, std::string_view key, std::string json, bool) override {
    rows[std::string(key)] = last = nlohmann::json::parse(json);
  }
  void retire(std::string_view, std::string_view key) override { rows.erase(std::string(key)); }
  bool watched(std::string_view) const override { return true; }

  /// A row's value under a column of the header.
  [[nodiscard]] nlohmann::json at(const nlohmann::json& row, const std::string& column) const {
    const auto place = std::find(columns.begin(), columns.end(), column);
    EXPECT_EQ(row.size(), columns.size());
    return place == columns.end() ? nlohmann::json("no such column") : row.at(place - columns.begin());
  }
};

struct Told final : domain::NotificationObserver {
  int count = 0;
  void on_notified(domain::HostNumber, units::Instant) override { ++count; }
};

struct Clock final : domain::Clock {
  std::int64_t at = 0;  ///< seconds
  units::Instant now() const override { return units::from_unix_ms(1'795'000'000'000 + at * 1000); }
  units::Steady steady() const override { return {}; }
};

/// "CPU above 0.9 for 60 s, until below 0.8", over all cores.
inline Rule cpu() {
  Rule rule;
  rule.name = "cpu";
  rule.series.name = "system.cpu.utilization";
  rule.series.attributes.emplace();
  rule.limit = 0.9;
  rule.recover = 0.8;
  return rule;
}

/// The host "web-07" is now so.
inline void see(Engine& engine, units::Instant now, domain::HostStatus status, const std::string& words, bool revoked) {
  domain::HostRecord record;
  record.revoked = revoked;
  record.number = domain::HostNumber{7};
  record.name = "web-07";
  domain::HostState state;
  state.status = status;
  state.since = now;
  state.reason = words;
  engine.on_host(record, state);
}

struct Scene {
  Scene() = default;
  Scene(const Scene&) = delete;  // the engine refers to what is in it
  Scene& operator=(const Scene&) = delete;

  Records records;
  Bus bus;
  Told told;
  Clock clock;
  std::vector<std::string> receivers{"ops"};
  std::vector<Rule> rules{cpu()};
  std::unique_ptr<Engine> engine;

  /// What a tick carries, until said otherwise.
  std::map<metrics::SeriesKey, double> values;

  /// A collector starts (again), with `records` or another store.
  void start() { start(records); }
  void start(domain::AlertRecords& store) {
    Config config;
    config.receivers = receivers;
    config.rules = rules;
    engine = std::make_unique<Engine>(config, store, bus, told, clock);
    ASSERT_TRUE(engine->load());
  }
  void see(domain::HostStatus status, const std::string& words = "", bool revoked = false) const {
    testing::see(*engine, clock.now(), status, words, revoked);
  }
  void set(const std::string& name, std::vector<metrics::Attribute> attributes, double value) {
    values[metrics::series_of(name, std::move(attributes)).key] = value;
  }
  void burn(double value) { set("system.cpu.utilization", {}, value); }
  /// `free` and `used` bytes of a mount.
  void fill(const std::string& mount, double free, double used) {
    set("system.filesystem.usage", {{"mountpoint", mount}, {"state", "free"}}, free);
    set("system.filesystem.usage", {{"mountpoint", mount}, {"state", "used"}}, used);
  }
  /// All series of that name are gone from the host's ticks.
  void drop(const std::string& name) {
    std::erase_if(values, [&](const auto& value) { return value.first.name == name; });
  }
  /// The host sends a tick a second for so many seconds.
  void run(int seconds) {
    std::vector<metrics::Series> series;
    for (const auto& [key, value] : values) series.push_back(metrics::series_of(key.name, key.attributes));
    std::vector<domain::FleetObserver::Value> tick;
    for (const auto& one : series) tick.push_back({&one, values.at(one.key)});
    for (int n = 0; n < seconds; ++n, ++clock.at) {
      engine->on_values(domain::HostNumber{7}, clock.now(), tick);
      engine->advance();
    }
  }

  [[nodiscard]] const domain::Notice& last_notice() const { return records.outbox.back().notice; }
  [[nodiscard]] const domain::Alert& last_alert() const { return records.shown.rbegin()->second; }
  /// Nothing pending or firing any more.
  [[nodiscard]] bool quiet() const { return records.kept.empty(); }
};

}  // namespace vedette::alerts::testing
