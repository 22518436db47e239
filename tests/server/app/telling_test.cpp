// What receivers get from alerts and notifications together, whatever the disk does.
#include "server/alerts/engine.h"
#include "server/notify/lane.h"
#include "tests/server/alerts/scene.h"

namespace vedette::app {
namespace {

using domain::HostStatus;
using notify::Incidents;

/// With an outbox whose rows have numbers and go once they are delivered.
struct Records final : alerts::testing::Records {
  std::uint64_t rows = 0;
  units::Result<void> commit(const Change& change) override {
    auto done = alerts::testing::Records::commit(change);
    for (auto& row : outbox) row.id = row.id == 0 ? ++rows : row.id;
    return done;
  }
  units::Result<void> delivered(std::uint64_t id, const std::string&, units::Instant) override {
    if (broken) return units::fail(units::ErrorCode::io, "disk full");
    std::erase_if(outbox, [&](const auto& row) { return row.id == id; });
    return {};
  }
};

alerts::Config to_ops() {
  alerts::Config config;
  config.receivers = {"ops"};
  return config;
}

/// A collector's engine and its lane to "ops", on one store.
struct World {
  Records records;
  alerts::testing::Bus bus;
  alerts::testing::Told told;
  alerts::testing::Clock clock;
  Incidents withdrawn;
  std::vector<domain::Transition> got;
  alerts::Engine engine{to_ops(), records, bus, told, clock};
  notify::Lane lane{
      {"ops", notify::Webhook{}},
      records,
      clock,
      [this](const auto&, const domain::Delivery& delivery, const auto&) -> units::Result<notify::Outcome> {
        got.push_back(delivery.notice.transition);
        return notify::Outcome{"200 OK"};
      },
      [this] { return withdrawn; }};

  World() {
    EXPECT_TRUE(engine.load());
    engine.on_withdrawn([this](const Incidents& incidents) { withdrawn = incidents; });
  }
  void see(HostStatus status) { alerts::testing::see(engine, clock.now(), status, "gone", false); }
  void run(int seconds) {
    for (int n = 0; n < seconds; ++n, ++clock.at) {
      engine.advance();
      lane.round({});
    }
  }
};

TEST(Telling, NobodyHearsOfAnOutageShorterThanTheHoldThoughTheDiskFilledDuringIt) {
  World world;
  world.see(HostStatus::lost);
  world.run(20);
  ASSERT_EQ(world.records.outbox.size(), 1u);
  world.records.broken = true;
  world.run(20);
  world.see(HostStatus::up);
  world.run(300);
  EXPECT_TRUE(world.got.empty());
  world.records.broken = false;
  world.run(300);
  EXPECT_TRUE(world.got.empty());
  EXPECT_TRUE(world.records.outbox.empty());
}

TEST(Telling, WhoHeardOfAnOutageHearsOfItsEndThoughTheDiskFilledDuringIt) {
  World world;
  world.see(HostStatus::lost);
  world.records.broken = true;
  world.run(70);
  ASSERT_EQ(world.got.size(), 1u);
  world.see(HostStatus::up);
  world.run(10);
  EXPECT_EQ(world.got.size(), 1u) << "nothing is sent without its state";
  world.records.broken = false;
  world.run(10);
  EXPECT_EQ(world.got, (std::vector{domain::Transition::fired, domain::Transition::resolved}));
}

}  // namespace
}  // namespace vedette::app
