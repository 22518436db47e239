#include "agent/sample/schedule.h"

#include <gtest/gtest.h>

namespace vedette::sample {
namespace {

using namespace std::chrono_literals;
using units::from_unix_ms;
using units::Steady;

constexpr Steady kStart{1000s};

TEST(Schedule, BeginsAtTheNextWholeSecondOfTheWallClock) {
  Schedule schedule(from_unix_ms(5'300), kStart, 1s);
  EXPECT_EQ(schedule.due(), kStart + 700ms);
  EXPECT_EQ(schedule.take(kStart + 701ms), from_unix_ms(6'000));
  EXPECT_EQ(schedule.due(), kStart + 1'700ms);
}

TEST(Schedule, ALateTickCarriesTheTimeAtWhichItWasTaken) {
  Schedule schedule(from_unix_ms(5'000), kStart, 1s);
  EXPECT_EQ(schedule.take(kStart + 1'400ms), from_unix_ms(6'400));
  EXPECT_EQ(schedule.due(), kStart + 2s);
}

TEST(Schedule, SkipsIntervalsThatWereSleptThroughAndStaysAligned) {
  Schedule schedule(from_unix_ms(5'000), kStart, 1s);
  EXPECT_EQ(schedule.take(kStart + 61'500ms), from_unix_ms(66'500));
  EXPECT_EQ(schedule.due(), kStart + 62s);
  EXPECT_EQ(schedule.take(kStart + 62s), from_unix_ms(67'000));
}

TEST(Schedule, AnotherIntervalIsAlignedToItsOwnMultiples) {
  Schedule schedule(from_unix_ms(7'000), kStart, 1s);
  schedule.set_interval(5s, kStart + 500ms);
  EXPECT_EQ(schedule.due(), kStart + 3s);
  EXPECT_EQ(schedule.take(kStart + 3s), from_unix_ms(10'000));
  schedule.set_interval(5s, kStart + 4s);
  EXPECT_EQ(schedule.due(), kStart + 8s);
}

TEST(ClockOffset, BelowHalfTheRoundTripAnd50MsCountsAsNone) {
  EXPECT_EQ(clock_offset(from_unix_ms(10'000), from_unix_ms(10'069), 40ms), 0ms);
  EXPECT_EQ(clock_offset(from_unix_ms(10'000), from_unix_ms(10'089), 40ms), 0ms);
  EXPECT_EQ(clock_offset(from_unix_ms(10'000), from_unix_ms(10'090), 40ms), -70ms);
  EXPECT_EQ(clock_offset(from_unix_ms(10'070), from_unix_ms(10'020), 40ms), 70ms);
}

TEST(ClockOffset, CorrectsAHostOf1970) {
  EXPECT_EQ(clock_offset(from_unix_ms(1'795'425'204'000), from_unix_ms(12'000), 2ms), 1'795'425'192'001ms);
}

}  // namespace
}  // namespace vedette::sample
