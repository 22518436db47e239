#include <gtest/gtest.h>

#include "tests/server/fleet/world.h"

namespace vedette::fleet {
namespace {

using units::Instant;

TEST(ValuesShown, ATickThatIsNotNewerLeavesTheValuesAndRowsAlone) {
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

TEST(ValuesShown, ATopicThatWasForgottenAndMadeAgainGetsItsHeader) {
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

TEST(ValuesShown, CountersBecomeRatesForAlertsAndLiveRows) {
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
