// An engine among fakes, with time by hand.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "schema/metrics/catalogue.h"
#include "server/alerts/engine.h"
#include "tests/server/alerts/scene.h"

namespace vedette::alerts {

using testing::Clock;
using testing::Records;
using testing::Told;

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

struct World {
  Records records;
  Bus bus;
  Told told;
  Clock clock;
  metrics::Series series = metrics::series_of("system.cpu.utilization");

  Engine start() {
    Config config;
    config.receivers = {"ops"};
    config.rules = {testing::cpu()};
    Engine engine(config, records, bus, told, clock);
    EXPECT_TRUE(engine.load());
    return engine;
  }
  void see(Engine& engine, domain::HostStatus status, const std::string& words = "", bool revoked = false) {
    testing::see(engine, clock.now(), status, words, revoked);
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
