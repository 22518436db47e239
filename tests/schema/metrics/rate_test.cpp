#include "schema/metrics/rate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "schema/metrics/catalogue.h"

namespace vedette::metrics {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Optional;

CounterPoint point(std::int64_t ms, std::int64_t count, std::uint32_t boot = 1) {
  return {units::from_unix_ms(ms), boot, integer(count)};
}

TEST(Rate, IsTheIncreasePerSecondInTheBaseUnit) {
  EXPECT_THAT(rate(point(0, 100), point(2'000, 300), {1, 1}), Optional(DoubleEq(100)));
  EXPECT_THAT(rate(point(0, 100), point(500, 150), {512, 1}), Optional(DoubleEq(51'200)));
  EXPECT_THAT(rate(point(0, 0), point(1'000, 50), {1, 100}), Optional(DoubleEq(0.5)));
  EXPECT_THAT(rate(point(0, 7), point(1'000, 7), {1, 1}), Optional(DoubleEq(0)));
}

TEST(Rate, IsAbsentAcrossABootEvenIfTheCounterGrew) {
  EXPECT_FALSE(rate(point(0, 100, 1), point(1'000, 300, 2), {1, 1}).has_value());
}

TEST(Rate, IsAbsentWhenTheCounterFell) {
  EXPECT_FALSE(rate(point(0, 100), point(1'000, 99), {1, 1}).has_value());
}

TEST(Rate, IsAbsentWithoutBothCellsOrWithoutTime) {
  CounterPoint absent = point(1'000, 0);
  absent.cell = {};
  EXPECT_FALSE(rate(point(0, 1), absent, {1, 1}).has_value());
  EXPECT_FALSE(rate(absent, point(2'000, 1), {1, 1}).has_value());
  EXPECT_FALSE(rate(point(1'000, 1), point(1'000, 2), {1, 1}).has_value());
  EXPECT_FALSE(rate(point(1'000, 1), point(999, 2), {1, 1}).has_value());
}

TEST(Rate, OfTheWidestStepDoesNotOverflow) {
  const auto lowest = std::numeric_limits<std::int64_t>::min(), highest = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(rate(point(0, lowest), point(1'000, highest), {1, 1}), Optional(DoubleEq(0x1p64)));
  const CounterPoint first{units::from_unix_ms(lowest), 1, integer(0)},
      last{units::from_unix_ms(highest), 1, integer(1)};
  EXPECT_THAT(rate(first, last, {1, 1}), Optional(DoubleNear(0, 1e-15)));
}

TEST(Rate, OfDoublesSkipsWhatIsNoNumber) {
  const auto real = [](std::int64_t ms, double d) {
    return CounterPoint{units::from_unix_ms(ms), 1, integer(std::bit_cast<std::int64_t>(d))};
  };
  EXPECT_THAT(rate(real(0, 0.5), real(1'000, 2.0), kReal), Optional(DoubleEq(1.5)));
  EXPECT_FALSE(rate(real(0, 0.5), real(1'000, std::nan("")), kReal).has_value());
  EXPECT_FALSE(rate(real(0, 0.5), real(1'000, 0.25), kReal).has_value());
}

struct Went {
  double amount;
  bool continuous;
  bool operator==(const Went&) const = default;
};
std::optional<Went> went(const CounterPoint& earlier, const CounterPoint& later, Quantum quantum = {1, 1}) {
  const auto found = increase(earlier, later, quantum);
  return found ? std::optional(Went{found->amount, found->continuous}) : std::nullopt;
}

TEST(Increase, CountsWhatANewBootOrARestartedSourceCounted) {
  EXPECT_EQ(went(point(0, 100), point(1'000, 300)), (Went{200, true}));
  EXPECT_EQ(went(point(0, 100, 1), point(1'000, 300, 2)), (Went{300, false})) << "since the boot";
  EXPECT_EQ(went(point(0, 5'000'000'000, 1), point(1'000, 7, 2)), (Went{7, false}));
  EXPECT_EQ(went(point(0, 100), point(1'000, 3)), (Went{3, false})) << "an interface that was made anew";
  EXPECT_FALSE(went(point(1'000, 1), point(1'000, 2)));
}

TEST(Increase, OfACounterOf32BitsThatComesRoundIsContinuous) {
  const std::int64_t end = std::int64_t{1} << 32;
  EXPECT_EQ(went(point(0, end - 10), point(1'000, 5)), (Went{15, true}));
  EXPECT_THAT(rate(point(0, end - 1'000), point(1'000, 1'000), {1, 1'000}), Optional(DoubleEq(2)));
  EXPECT_EQ(went(point(0, end - 10, 1), point(1'000, 5, 2)), (Went{5, false})) << "a boot, not a wrap";
  EXPECT_EQ(went(point(0, end - 10), point(1'000, end / 4)), (Went{static_cast<double>(end / 4), false}));
  EXPECT_EQ(went(point(0, end / 2), point(1'000, 5)), (Went{5, false})) << "too far from the end to have come round";
  EXPECT_EQ(went(point(0, end + 10), point(1'000, 5)), (Went{5, false})) << "it counts with more bits";
}

TEST(Increase, OfWhatSteppedBackIsNothing) {
  EXPECT_EQ(went(point(0, 1'000), point(1'000, 999)), (Went{0, false}));
  EXPECT_EQ(went(point(0, 1'000), point(1'000, 500)), (Went{500, false})) << "that is no step";
}

TEST(Increase, OfDoubles) {
  const auto real = [](std::int64_t ms, double d, std::uint32_t boot = 1) {
    return CounterPoint{units::from_unix_ms(ms), boot, integer(std::bit_cast<std::int64_t>(d))};
  };
  EXPECT_EQ(went(real(0, 0.5), real(1'000, 2.0), kReal), (Went{1.5, true}));
  EXPECT_EQ(went(real(0, 8.5), real(1'000, 2.0), kReal), (Went{2, false}));
  EXPECT_EQ(went(real(0, 8.5), real(1'000, 8.0), kReal), (Went{0, false}));
  EXPECT_EQ(went(real(0, 1.0, 1), real(1'000, 8.0, 2), kReal), (Went{8, false}));
  EXPECT_FALSE(went(real(0, 1.0), real(1'000, INFINITY), kReal));
}

TEST(RateUnit, SecondsPerSecondAreARatio) {
  EXPECT_EQ(rate_unit("s"), "1");
  EXPECT_EQ(rate_unit("By"), "By/s");
  EXPECT_EQ(rate_unit("1"), "1/s");
  EXPECT_EQ(rate_unit("{operation}"), "{operation}/s");
}

Series cpu_time(std::vector<Attribute> attributes) {
  return series_of("system.cpu.time", std::move(attributes));
}

/// Cells of `list` that the derived series reads, in its order.
std::vector<Cell> picked(const Derived& derived, const std::vector<std::int64_t>& list) {
  std::vector<Cell> cells;
  for (const std::size_t i : derived.inputs) cells.push_back(integer(list[i]));
  return cells;
}

TEST(Derive, GivesUtilizationForTheTotalAndForEachCore) {
  const std::vector<Series> stored = {cpu_time({{"mode", "user"}}),
                                      series_of("system.memory.limit"),
                                      cpu_time({{"mode", "idle"}}),
                                      cpu_time({{"cpu", "1"}, {"mode", "user"}}),
                                      cpu_time({{"cpu", "1"}, {"mode", "iowait"}}),
                                      cpu_time({{"cpu", "1"}, {"mode", "idle"}})};
  const auto derived = derive(stored);
  ASSERT_EQ(derived.size(), 2U);
  EXPECT_EQ(to_string(derived[0].series.key), "system.cpu.utilization");
  EXPECT_THAT(derived[0].inputs, ElementsAre(0, 2));
  EXPECT_THAT(derived[0].idle, ElementsAre(2));
  EXPECT_EQ(to_string(derived[1].series.key), "system.cpu.utilization{cpu=1}");
  EXPECT_THAT(derived[1].inputs, ElementsAre(3, 4, 5));
  EXPECT_THAT(derived[1].idle, ElementsAre(4, 5));
  EXPECT_EQ(derived[1].series.unit, "1");
  EXPECT_EQ(derived[1].series.kind, Kind::gauge);
  EXPECT_TRUE(derived[1].series.quantum.is_real());
  EXPECT_TRUE(check(derived[1].series).has_value());
}

TEST(Derive, UsesTheNewestOfEachSeriesOnceItsUnitOrQuantumChanged) {
  std::vector<Series> stored = {cpu_time({{"mode", "user"}}), cpu_time({{"mode", "idle"}})};
  for (const std::size_t i : {0U, 1U}) {
    stored.push_back(stored[i]);
    stored.back().quantum = {1, 1000};
  }
  const auto derived = derive(stored);
  ASSERT_EQ(derived.size(), 1U);
  EXPECT_THAT(derived[0].inputs, ElementsAre(2, 3));
  EXPECT_THAT(derived[0].idle, ElementsAre(3));
  const auto ever = derive_ever(stored);
  ASSERT_EQ(ever.size(), 2U);
  EXPECT_THAT(ever[0].inputs, ElementsAre(0, 1));
  EXPECT_THAT(ever[1].inputs, ElementsAre(2, 3));
}

TEST(Derive, NeedsBothIdleAndBusyTime) {
  EXPECT_TRUE(derive(std::vector{cpu_time({{"mode", "user"}})}).empty());
  EXPECT_TRUE(derive(std::vector{cpu_time({{"mode", "idle"}}), cpu_time({{"mode", "iowait"}})}).empty());
}

TEST(Utilization, IsOneMinusIdleAndIowait) {
  const std::vector<Series> stored = {cpu_time({{"mode", "user"}}), cpu_time({{"mode", "idle"}}),
                                      cpu_time({{"mode", "iowait"}}), cpu_time({{"mode", "steal"}})};
  const Derived derived = derive(stored).at(0);
  EXPECT_THAT(evaluate(derived, picked(derived, {10, 100, 5, 0}), picked(derived, {30, 160, 15, 10})),
              Optional(DoubleEq(0.3)));
}

TEST(Utilization, CountsGuestTimeOnce) {
  const std::vector<Series> stored = {cpu_time({{"mode", "user"}}), cpu_time({{"mode", "idle"}}),
                                      cpu_time({{"mode", "guest"}}), cpu_time({{"mode", "guest_nice"}})};
  const Derived derived = derive(stored).at(0);
  // 50 of 100 jiffies in guests, which Linux counts in user too: half busy, not two thirds.
  EXPECT_THAT(evaluate(derived, picked(derived, {0, 0, 0, 0}), picked(derived, {50, 50, 50, 0})),
              Optional(DoubleEq(0.5)));
}

TEST(Utilization, BearsIowaitThatStepsBack) {
  const std::vector<Series> stored = {cpu_time({{"mode", "user"}}), cpu_time({{"mode", "idle"}}),
                                      cpu_time({{"mode", "iowait"}})};
  const Derived derived = derive(stored).at(0);
  EXPECT_THAT(evaluate(derived, picked(derived, {0, 0, 9}), picked(derived, {25, 75, 8})), Optional(DoubleEq(0.25)));
}

TEST(Utilization, IsAbsentWhenAnInputIsOrNoTimePassed) {
  const std::vector<Series> stored = {cpu_time({{"mode", "user"}}), cpu_time({{"mode", "idle"}})};
  const Derived derived = derive(stored).at(0);
  const auto before = picked(derived, {1, 1});
  auto after = picked(derived, {2, 2});
  after[1] = {};
  EXPECT_FALSE(evaluate(derived, before, after).has_value());
  EXPECT_FALSE(evaluate(derived, after, before).has_value());
  EXPECT_FALSE(evaluate(derived, before, before).has_value());
}

}  // namespace
}  // namespace vedette::metrics
