// What rows of the topic say about the telling of people, and what is left for them to see afterwards.
#include "tests/server/alerts/scene.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using testing::Scene;

double seconds(units::Instant at) {
  return static_cast<double>(units::unix_ms(at)) / 1000;
}

TEST(Telling, WithoutReceiversNothingSaysThatAnyoneWillBeTold) {
  Scene scene;
  scene.receivers.clear();
  scene.start();
  scene.see(HostStatus::lost, "gone");
  EXPECT_TRUE(scene.bus.at(scene.bus.last, "notifies_at").is_null());
  EXPECT_FALSE(scene.last_alert().notifies_at);
  scene.clock.at = 120;
  scene.engine->advance();
  EXPECT_EQ(scene.told.count, 0);
  EXPECT_TRUE(scene.bus.at(scene.bus.last, "notified_at").is_null());
  scene.see(HostStatus::up);
  EXPECT_EQ(scene.told.count, 0);
  EXPECT_TRUE(scene.records.outbox.empty());
}

TEST(Telling, WhenTheLastReceiverWasTakenOutNobodyCountsAsTold) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::lost, "gone");
  scene.receivers.clear();
  scene.start();
  scene.see(HostStatus::lost, "gone");
  scene.clock.at = 120;
  scene.engine->advance();
  EXPECT_EQ(scene.told.count, 0);
  EXPECT_TRUE(scene.bus.at(scene.bus.last, "notifies_at").is_null());
}

TEST(Telling, AReceiverThatCameLaterGetsNoResolvedWithoutAFiring) {
  Scene scene;
  scene.receivers.clear();
  scene.start();
  scene.see(HostStatus::lost, "gone");
  scene.clock.at = 120;
  scene.receivers = {"ops"};
  scene.start();
  scene.see(HostStatus::lost, "gone");
  scene.see(HostStatus::up);
  EXPECT_TRUE(scene.records.outbox.empty());
}

TEST(Telling, AfterTheHoldRowsCarryWhenItWentOut) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::lost, "gone");
  EXPECT_EQ(scene.bus.at(scene.bus.last, "notifies_at"), seconds(scene.clock.now()) + 60);
  EXPECT_TRUE(scene.bus.at(scene.bus.last, "notified_at").is_null());
  scene.clock.at = 60;
  scene.engine->advance();
  const double sent = seconds(scene.clock.now());
  EXPECT_TRUE(scene.bus.at(scene.bus.last, "notifies_at").is_null());
  EXPECT_EQ(scene.bus.at(scene.bus.last, "notified_at"), sent);
  scene.clock.at = 300;
  scene.start();  // killed and started again
  scene.see(HostStatus::lost, "gone");
  EXPECT_EQ(scene.bus.at(scene.bus.last, "notified_at"), sent);
  scene.see(HostStatus::up);
  EXPECT_EQ(scene.bus.at(scene.bus.last, "notified_at"), sent);
  EXPECT_EQ(seconds(*scene.last_alert().notified_at), sent);
}

TEST(Telling, RowsCarryTheUnitOfTheirValue) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::up);
  scene.burn(0.95);
  scene.run(1);
  EXPECT_EQ(scene.bus.at(scene.bus.last, "unit"), "1");
  EXPECT_EQ(scene.bus.columns.back(), "unit") << "columns are only ever appended";
  scene.start();  // from the stored state
  scene.see(HostStatus::up);
  EXPECT_EQ(scene.bus.at(scene.bus.last, "unit"), "1");
  scene.see(HostStatus::lost, "gone");
  EXPECT_EQ(scene.bus.at(scene.bus.last, "rule"), "host-down");
  EXPECT_EQ(scene.bus.at(scene.bus.last, "unit"), "");
}

}  // namespace
}  // namespace vedette::alerts
