#include "server/alerts/recent.h"

#include "tests/server/alerts/scene.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using testing::Scene;

void outage(Scene& scene) {
  scene.see(HostStatus::lost, "gone");
  scene.see(HostStatus::up);
}

TEST(Recent, AResolvedAlertStaysInTheSnapshotAndSurvivesAReload) {
  Scene scene;
  scene.start();
  outage(scene);
  ASSERT_EQ(scene.bus.rows.size(), 1u);
  EXPECT_EQ(scene.bus.at(scene.bus.rows["1"], "phase"), "resolved");
  scene.bus.rows.clear();
  scene.start();  // another run of the collector
  scene.see(HostStatus::unknown);
  ASSERT_EQ(scene.bus.rows.size(), 1u);
  EXPECT_EQ(scene.bus.at(scene.bus.rows["1"], "phase"), "resolved");
  EXPECT_EQ(scene.bus.at(scene.bus.rows["1"], "host_name"), "web-07");
}

TEST(Recent, TheSnapshotKeepsTheNewestFifty) {
  Scene scene;
  scene.start();
  for (int n = 0; n < 60; ++n, ++scene.clock.at) outage(scene);
  EXPECT_EQ(scene.bus.rows.size(), kResolvedMost);
  EXPECT_FALSE(scene.bus.rows.contains("10"));
  EXPECT_TRUE(scene.bus.rows.contains("11"));
  EXPECT_TRUE(scene.bus.rows.contains("60"));
}

TEST(Recent, AfterADayAResolvedAlertLeavesTheSnapshot) {
  Scene scene;
  scene.start();
  outage(scene);
  scene.clock.at = 86'400;
  scene.engine->advance();
  EXPECT_EQ(scene.bus.rows.size(), 1u);
  scene.clock.at = 86'401;
  scene.engine->advance();
  EXPECT_TRUE(scene.bus.rows.empty());
  scene.start();
  scene.see(HostStatus::up);
  EXPECT_TRUE(scene.bus.rows.empty()) << "an old one came back with a restart";
}

TEST(Recent, APendingAlertThatEndsLeavesAtOnce) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::up);
  scene.burn(0.95);
  scene.run(5);
  ASSERT_EQ(scene.bus.rows.size(), 1u);
  scene.burn(0.5);
  scene.run(1);
  EXPECT_TRUE(scene.bus.rows.empty());
}

}  // namespace
}  // namespace vedette::alerts
