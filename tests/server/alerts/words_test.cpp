#include "server/alerts/words.h"

#include "tests/server/alerts/scene.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using domain::Phase;
using testing::cpu;
using testing::Scene;

TEST(Words, UnitsAreWrittenForPeople) {
  EXPECT_EQ(quantity(0.972, "1"), "97.2 %");
  EXPECT_EQ(quantity(4294967296.0, "By"), "4.0 GiB");
  EXPECT_EQ(quantity(1536, "By/s"), "1.5 KiB/s");
  EXPECT_EQ(quantity(1.6, "{thread}"), "1.60");
  EXPECT_EQ(quantity(12, "{packet}/s"), "12.00/s");
  EXPECT_EQ(quantity(12, "1/s"), "12.00/s");
  EXPECT_EQ(quantity(55, "Cel"), "55.0 °C");
  EXPECT_EQ(quantity(2, "{broken"), "2.00");
}

TEST(Words, ARecoveryNamesTheLimitThatItPassed) {
  EXPECT_EQ(recovery(cpu(), {}, {0.782}, "1"), "CPU utilisation back to 78.2 %, below 80.0 %");
  Rule rule = cpu();
  rule.recover.reset();
  EXPECT_EQ(recovery(rule, {}, {0.782}, "1"), "CPU utilisation back to 78.2 %, below 90.0 %");
  const Rule disk = default_rules()[1];
  EXPECT_EQ(recovery(disk, {{"mountpoint", "/var"}}, {0.12, 1e9}, "1"),
            "free space on /var back to 12.0 %, above 10.0 %");
  EXPECT_EQ(recovery(disk, {{"mountpoint", "/var"}}, {0.05, 3e10}, "1"),
            "free space on /var back to 27.9 GiB, above 18.6 GiB");
}

TEST(Words, APendingAlertDoesNotClaimThatItLasted) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::up);
  scene.burn(0.95);
  scene.run(30);
  EXPECT_EQ(scene.bus.at(scene.bus.last, "reason"), "CPU utilisation 95.0 % above 90.0 %");
  scene.run(31);
  EXPECT_EQ(scene.bus.at(scene.bus.last, "reason"), "CPU utilisation 95.0 % above 90.0 % for 60 s");
}

TEST(Words, InsideTheBandAFiringAlertKeepsTheReasonItFiredFor) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::up);
  scene.burn(0.95);
  scene.run(61);
  scene.burn(0.84);
  scene.run(61);  // past the hold, which shows the row once more
  EXPECT_EQ(scene.bus.at(scene.bus.last, "phase"), "firing");
  EXPECT_EQ(scene.bus.at(scene.bus.last, "reason"), "CPU utilisation 95.0 % above 90.0 % for 60 s");
  EXPECT_EQ(scene.bus.at(scene.bus.last, "value"), 0.84);
}

TEST(Words, AResolveIsWordedForItself) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::up);
  scene.burn(0.95);
  scene.run(130);
  scene.burn(0.782);
  scene.run(1);
  EXPECT_EQ(scene.last_alert().phase, Phase::resolved);
  EXPECT_EQ(scene.last_alert().reason, "CPU utilisation back to 78.2 %, below 80.0 %");
  EXPECT_EQ(scene.last_notice().alert.reason, "CPU utilisation back to 78.2 %, below 80.0 %");
}

TEST(Words, AHostThatIsBackSaysWhatItWas) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::lost, "connection ended without goodbye");
  scene.clock.at = 90;
  scene.engine->advance();
  scene.see(HostStatus::up);
  EXPECT_EQ(scene.last_notice().alert.reason, "up again; was lost: connection ended without goodbye");
}

}  // namespace
}  // namespace vedette::alerts
