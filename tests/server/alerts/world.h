// An engine among fakes, with time by hand.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "schema/metrics/catalogue.h"
#include "server/alerts/engine.h"

namespace vedette::alerts {

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
  units::Result<void> failed(std::uint64_t, const std::string&, units::Instant) override { return {}; }
  units::Result<void> give_up(std::uint64_t, const std::string&, units::Instant) override { return {}; }
};

struct Bus final : domain::LiveBus {
  std::map<std::string, std::string> rows;
  std::vector<std::string> headers;
  void header(std::string_view topic, std::string) override { headers.emplace_back(topic); }
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
  void see(Engine& engine, domain::HostStatus status, const std::string& words = "", bool revoked = false) {
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

}  // namespace vedette::alerts
