#include "agent/app/sleep_watch.h"

#include <gtest/gtest.h>

namespace vedette::app {
namespace {

using namespace std::chrono_literals;

TEST(SleepWatch, TellsHowLongTheMachineWasAsleepOnce) {
  SleepWatch watch(100s, 90s);  // it had slept for 10 s before
  EXPECT_EQ(watch.step(101s, 91s), 0ms);
  EXPECT_EQ(watch.step(7302s, 92s), 7200s);
  EXPECT_EQ(watch.step(7303s, 93s), 0ms);
}

TEST(SleepWatch, AHaltBetweenReadingTheTwoClocksIsNoSleep) {
  SleepWatch watch(100s, 90s);
  EXPECT_EQ(watch.step(101s, 96s), 0ms) << "running seems ahead";
  EXPECT_EQ(watch.step(102s + 50ms, 92s), 0ms);
  EXPECT_EQ(watch.step(110s, 95s), 5s);
}

}  // namespace
}  // namespace vedette::app
