#include "server/alerts/step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace vedette::alerts {
namespace {

using domain::Phase;
using domain::Transition;
constexpr units::Milliseconds kSecond{1000};

constexpr units::Instant at(std::int64_t seconds) {
  return units::from_unix_ms(1'795'000'000'000 + seconds * 1000);
}

Rule cpu(std::int64_t seconds = 60) {
  Rule rule;
  rule.name = "cpu";
  rule.series.name = "system.cpu.utilization";
  rule.limit = 0.9;
  rule.recover = 0.8;
  rule.lasting = std::chrono::seconds(seconds);
  return rule;
}

StepResult feed(const Rule& rule, AlertState& state, std::int64_t seconds, double value) {
  const auto result = step(rule, state, at(seconds), {value}, kSecond);
  state = result.next;
  return result;
}

TEST(Step, FiresOnlyAfterForHasPassedWithoutGap) {
  AlertState state;
  for (int t = 0; t < 60; ++t) ASSERT_FALSE(feed(cpu(), state, t, 0.95).change) << t;
  EXPECT_EQ(state.phase, Phase::pending);
  EXPECT_EQ(feed(cpu(), state, 60, 0.95).change, Transition::fired);
}

TEST(Step, OneMissedTickIsNoGapButTwoStartAnew) {
  AlertState state;
  feed(cpu(), state, 0, 0.95);
  feed(cpu(), state, 2, 0.95);
  EXPECT_EQ(state.since, at(0));
  feed(cpu(), state, 5, 0.95);
  EXPECT_EQ(state.since, at(5));
}

TEST(Step, AbsentValuesNeitherFireNorResolve) {
  AlertState state;
  feed(cpu(0), state, 0, 0.95);
  ASSERT_EQ(state.phase, Phase::firing);
  EXPECT_FALSE(feed(cpu(0), state, 1, std::nan("")).change);
  EXPECT_EQ(state.phase, Phase::firing);
}

TEST(Step, ResolvesOnlyOncePastRecover) {
  AlertState state;
  feed(cpu(0), state, 0, 0.95);
  EXPECT_FALSE(feed(cpu(0), state, 1, 0.85).change);
  EXPECT_EQ(feed(cpu(0), state, 2, 0.79).change, Transition::resolved);
  EXPECT_EQ(state.phase, Phase::inactive);
}

TEST(Step, OlderTicksAreIgnored) {
  AlertState state;
  feed(cpu(0), state, 10, 0.95);
  const AlertState before = state;
  feed(cpu(0), state, 9, 0.1);
  feed(cpu(0), state, 10, 0.1);
  EXPECT_EQ(state, before);
}

TEST(Step, GoesOnAtOnceWhenTheCollectorsClockIsSetBack) {
  AlertState pending, firing;
  feed(cpu(), pending, 10'000, 0.95);
  feed(cpu(0), firing, 10'000, 0.95);
  EXPECT_FALSE(feed(cpu(), pending, 0, 0.95).change);
  EXPECT_EQ(pending.since, at(0)) << "`for` begins anew";
  EXPECT_FALSE(feed(cpu(0), firing, 0, 0.95).change) << "a firing one stays";
  EXPECT_EQ(feed(cpu(0), firing, 1, 0.5).change, Transition::resolved);
  for (int t = 1; t < 60; ++t) feed(cpu(), pending, t, 0.95);
  EXPECT_EQ(feed(cpu(), pending, 60, 0.95).change, Transition::fired) << "not only hours later";
}

TEST(Step, AFilesystemNeedsBothConditions) {
  Rule rule = default_rules()[1];
  rule.lasting = units::Milliseconds{0};
  EXPECT_FALSE(step(rule, {}, at(0), {0.05, 25e9}, kSecond).change);
  EXPECT_FALSE(step(rule, {}, at(0), {0.15, 5e9}, kSecond).change);
  const auto fired = step(rule, {}, at(0), {0.05, 5e9}, kSecond);
  EXPECT_EQ(fired.change, Transition::fired);
  EXPECT_EQ(step(rule, fired.next, at(1), {0.05, 21e9}, kSecond).change, Transition::resolved);
}

TEST(Step, NeverFiresEarlyWhateverComes) {
  std::mt19937 random(20261123);
  for (int run = 0; run < 200; ++run) {
    AlertState state;
    std::int64_t t = 0, last = -10, over_since = -1;
    for (int n = 0; n < 300; ++n) {
      t += random() % 50 == 0 ? 3 : 1;
      const bool over = random() % 40 != 0;
      const auto change = feed(cpu(20), state, t, over ? 0.95 : 0.5).change;
      if (!over || t - last > 2 || over_since < 0) over_since = over ? t : -1;
      last = t;
      if (change == Transition::fired) {
        ASSERT_GE(t - over_since, 20);
      }
    }
  }
}

TEST(Config, RefusesARecoverOnTheWrongSide) {
  Config config;
  config.rules = {cpu()};
  EXPECT_TRUE(check(config));
  config.rules[0].recover = 0.95;
  ASSERT_FALSE(check(config));
  EXPECT_NE(check(config).error().message.find("recover"), std::string::npos);
}

TEST(Config, RefusesANameThatIsTaken) {
  Config config;
  config.rules = {cpu()};
  config.rules[0].name = "host-down";
  EXPECT_FALSE(check(config));
}

}  // namespace
}  // namespace vedette::alerts
