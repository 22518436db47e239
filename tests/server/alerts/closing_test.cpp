// Alerts whose rule, series or host went away end, and those who were told that they fire are told so.
#include "tests/server/alerts/scene.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using domain::Phase;
using domain::Transition;
using testing::Scene;

constexpr double kGigabyte = 1e9;

/// A host whose /data has been full for longer than the hold; it reports its memory as well.
struct FullDisk : Scene {
  FullDisk() {
    start();
    see(HostStatus::up);
    set("system.memory.limit", {}, 64 * kGigabyte);
    fill("/data", kGigabyte, 99 * kGigabyte);
    run(15 * 60 + 61);
  }
};
/// A host whose processor has been busy for longer than the hold; it reports its memory as well.
struct Busy : Scene {
  Busy() {
    start();
    see(HostStatus::up);
    set("system.memory.limit", {}, 64 * kGigabyte);
    burn(0.95);
    run(121);
  }
};

TEST(Closing, AnUnmountedDiskIsResolvedAfterAnHourAndNotBefore) {
  FullDisk scene;
  ASSERT_EQ(scene.records.outbox.size(), 1u);
  scene.drop("system.filesystem.usage");
  scene.run(3599);
  EXPECT_EQ(scene.last_alert().phase, Phase::firing) << "a mount that hangs must not resolve within minutes";
  scene.run(1);
  EXPECT_EQ(scene.last_alert().phase, Phase::resolved);
  ASSERT_EQ(scene.records.outbox.size(), 2u);
  EXPECT_EQ(scene.last_notice().transition, Transition::resolved);
  EXPECT_NE(scene.last_notice().alert.reason.find("no longer reported for 1 h: unmounted, or the mount hangs"),
            std::string::npos)
      << scene.last_notice().alert.reason;
  EXPECT_TRUE(scene.quiet());
}

TEST(Closing, ASeriesThatVanishesIsResolvedAfterFiveMinutes) {
  Busy scene;
  ASSERT_EQ(scene.records.outbox.size(), 1u);
  scene.drop("system.cpu.utilization");
  scene.run(299);
  EXPECT_EQ(scene.last_alert().phase, Phase::firing);
  scene.run(1);
  EXPECT_EQ(scene.last_alert().phase, Phase::resolved);
  EXPECT_NE(scene.last_alert().reason.find("no longer reported for 5 min"), std::string::npos);
  EXPECT_EQ(scene.records.outbox.size(), 2u);
}

TEST(Closing, AShortHiccupNeverResolves) {
  Busy scene;
  for (int n = 0; n < 5; ++n) {
    scene.drop("system.cpu.utilization");
    scene.run(250);
    scene.burn(0.95);
    scene.run(1);
  }
  EXPECT_EQ(scene.last_alert().phase, Phase::firing);
  EXPECT_EQ(scene.records.shown.size(), 1u);
}

TEST(Closing, APendingAlertWhoseSeriesVanishesEndsAndNobodyIsTold) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::up);
  scene.set("system.memory.limit", {}, 64 * kGigabyte);
  scene.burn(0.95);
  scene.run(10);
  ASSERT_EQ(scene.last_alert().phase, Phase::pending);
  scene.drop("system.cpu.utilization");
  scene.run(91);
  EXPECT_TRUE(scene.quiet());
  EXPECT_TRUE(scene.bus.rows.empty());
  EXPECT_TRUE(scene.records.outbox.empty());
}

TEST(Closing, AHostThatIsDownKeepsItsAlertsAndIsJudgedAnewWhenItIsBack) {
  Busy scene;
  scene.see(HostStatus::lost, "gone");
  scene.clock.at += 86'400;
  scene.engine->advance();
  scene.see(HostStatus::up);
  const std::map all = scene.values;
  scene.drop("system.cpu.utilization");  // a rate needs two ticks
  scene.run(10);
  const auto cpu = [&] { return scene.records.shown.begin()->second; };
  EXPECT_EQ(cpu().phase, Phase::firing) << "the time away counted as absence";
  scene.values = all;
  scene.burn(0.5);
  scene.run(1);
  EXPECT_EQ(cpu().phase, Phase::resolved);
}

TEST(Closing, ARestartOfTheCollectorDoesNotCountAsAbsence) {
  Busy scene;
  scene.clock.at += 3600;
  scene.start();
  scene.see(HostStatus::up);
  scene.drop("system.cpu.utilization");
  scene.run(300);
  EXPECT_EQ(scene.last_alert().phase, Phase::firing);
  scene.run(1);
  EXPECT_EQ(scene.last_alert().phase, Phase::resolved);
}

TEST(Closing, ARemovedRulesAlertIsResolvedInWordsAndToldWithTheHostsName) {
  Busy scene;
  scene.rules.clear();
  scene.clock.at += 1000;
  scene.start();
  scene.see(HostStatus::unknown);
  ASSERT_EQ(scene.records.outbox.size(), 2u);
  const domain::Notice& notice = scene.last_notice();
  EXPECT_EQ(notice.transition, Transition::resolved);
  EXPECT_EQ(notice.host_name, "web-07");
  EXPECT_TRUE(notice.alert.reason.ends_with("; the rule was removed")) << notice.alert.reason;
  EXPECT_EQ(notice.incident, scene.records.outbox.front().notice.incident);
  EXPECT_EQ(scene.last_alert().phase, Phase::resolved);
  EXPECT_EQ(scene.last_alert().since, scene.clock.now());
  EXPECT_TRUE(scene.quiet());
  EXPECT_EQ(scene.told.count, 0) << "taken for an alert about the host itself";
}

TEST(Closing, ARemovedRuleWhoseFiringIsStillHeldTellsNobody) {
  Scene scene;
  scene.start();
  scene.see(HostStatus::up);
  scene.burn(0.95);
  scene.run(70);
  ASSERT_EQ(scene.records.outbox.size(), 1u);
  scene.rules.clear();
  scene.start();
  scene.see(HostStatus::up);
  EXPECT_TRUE(scene.records.outbox.empty());
  EXPECT_EQ(scene.last_alert().phase, Phase::resolved);
}

TEST(Closing, AnAlertThatItsChangedRuleNoLongerSelectsIsResolved) {
  Busy scene;
  scene.rules[0].series.attributes = std::vector{metrics::Attribute{"cpu", "0"}};
  scene.start();
  scene.see(HostStatus::up);
  EXPECT_EQ(scene.last_alert().phase, Phase::resolved);
  EXPECT_NE(scene.last_alert().reason.find("the rule was changed"), std::string::npos);
  EXPECT_EQ(scene.records.outbox.size(), 2u);
}

TEST(Closing, AnAlertWhoseRuleNowNamesAnotherMetricIsResolved) {
  Busy scene;
  scene.rules[0].series.name = "system.cpu.load_average.1m";
  scene.start();
  scene.see(HostStatus::up);
  EXPECT_EQ(scene.last_alert().phase, Phase::resolved);
}

TEST(Closing, AnAlertWhoseRuleGotAnotherLimitGoesOn) {
  Busy scene;
  scene.rules[0].limit = 0.85;
  scene.start();
  scene.see(HostStatus::up);
  scene.run(5);
  EXPECT_EQ(scene.last_alert().phase, Phase::firing);
  EXPECT_EQ(scene.records.outbox.size(), 1u);
}

}  // namespace
}  // namespace vedette::alerts
