// The rules that are on from the start, at their real times.
#include "tests/server/alerts/scene.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using domain::Phase;
using testing::Scene;

constexpr double kGigabyte = 1e9;
constexpr int kMinute = 60;

struct Host : Scene {
  Host() {
    rules.clear();
    start();
    see(HostStatus::up);
  }
  void remember(double available, double limit) {
    set("system.linux.memory.available", {}, available);
    set("system.memory.limit", {}, limit);
  }
};

TEST(DefaultRules, AFullDiskFiresAfterFifteenMinutesAndIsToldAMinuteLater) {
  Host host;
  host.fill("/var", 9 * kGigabyte, 91 * kGigabyte);
  host.run(15 * kMinute);
  EXPECT_EQ(host.last_alert().phase, Phase::pending);
  EXPECT_TRUE(host.records.outbox.empty());
  host.run(1);
  EXPECT_EQ(host.last_alert().phase, Phase::firing);
  EXPECT_EQ(host.last_alert().rule, "filesystem-full");
  EXPECT_EQ(host.last_alert().severity, domain::Severity::warning);
  EXPECT_EQ(host.last_alert().attributes, (std::vector<metrics::Attribute>{{"mountpoint", "/var"}}));
  EXPECT_EQ(host.last_alert().reason, "free space on /var 9.0 % below 10.0 % for 15 min");
  ASSERT_EQ(host.records.outbox.size(), 1u);
  EXPECT_EQ(host.records.outbox[0].not_before, host.last_alert().since + std::chrono::minutes(1));
}

TEST(DefaultRules, ALargeDiskWithFewPercentLeftIsNotFull) {
  Host host;
  host.fill("/srv", 21 * kGigabyte, 979 * kGigabyte);
  host.run(20 * kMinute);
  EXPECT_TRUE(host.records.shown.empty());
}

TEST(DefaultRules, ASmallDiskWithManyPercentLeftIsNotFull) {
  Host host;
  host.fill("/boot", 0.11 * kGigabyte, 0.89 * kGigabyte);
  host.run(20 * kMinute);
  EXPECT_TRUE(host.records.shown.empty());
}

TEST(DefaultRules, ADiskThatIsCleanedUpInTimeNeverFires) {
  Host host;
  host.fill("/var", 9 * kGigabyte, 91 * kGigabyte);
  host.run(14 * kMinute);
  host.fill("/var", 21 * kGigabyte, 979 * kGigabyte);
  host.run(1);
  host.fill("/var", 9 * kGigabyte, 91 * kGigabyte);
  host.run(15 * kMinute);
  EXPECT_TRUE(host.records.outbox.empty());
  host.run(1);
  EXPECT_EQ(host.records.outbox.size(), 1u);
}

TEST(DefaultRules, LowMemoryFiresAfterFiveMinutes) {
  Host host;
  host.remember(0.049 * 16 * kGigabyte, 16 * kGigabyte);
  host.run(5 * kMinute);
  EXPECT_EQ(host.last_alert().phase, Phase::pending);
  host.run(1);
  EXPECT_EQ(host.last_alert().phase, Phase::firing);
  EXPECT_EQ(host.last_alert().rule, "memory-low");
  EXPECT_EQ(host.last_alert().reason, "available memory 4.9 % below 5.0 % for 5 min");
}

TEST(DefaultRules, FivePercentOfMemoryAreEnough) {
  Host host;
  host.remember(0.05 * 16 * kGigabyte, 16 * kGigabyte);
  host.run(10 * kMinute);
  EXPECT_TRUE(host.records.shown.empty());
}

TEST(DefaultRules, NothingWatchesProcessorOrLoad) {
  for (const Rule& rule : default_rules()) EXPECT_FALSE(rule.series.name.starts_with("system.cpu.")) << rule.name;
  Host host;
  host.burn(1);
  host.set("system.cpu.utilization", {{"cpu", "0"}}, 1);
  host.set("system.cpu.load_average.1m", {}, 500);
  host.set("system.cpu.load_average.5m", {}, 500);
  host.set("system.cpu.load_average.15m", {}, 500);
  host.run(30 * kMinute);
  EXPECT_TRUE(host.records.shown.empty());
}

}  // namespace
}  // namespace vedette::alerts
