#include "server/access/refusal_log.h"

#include <gtest/gtest.h>

namespace vedette::access {
namespace {

using std::chrono::seconds;

constexpr units::Steady kStart{std::chrono::hours(1)};

TEST(RefusalLog, SaysTheFirstAtOnceAndTheRestAMinuteLaterWithTheirNumber) {
  RefusalLog log;
  EXPECT_EQ(log.count("a", kStart), 1u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(log.count("a", kStart + seconds{59}), 0u);
  EXPECT_EQ(log.count("b", kStart + seconds{59}), 1u);
  EXPECT_EQ(log.count("a", kStart + seconds{60}), 101u);
  EXPECT_EQ(log.count("a", kStart + seconds{120}), 1u);
}

TEST(RefusalLog, StaysSmallAndQuietHoweverManyAddressesCome) {
  RefusalLog log;
  int lines = 0;
  for (int i = 0; i < 10'000; ++i) lines += log.count(std::to_string(i), kStart) > 0 ? 1 : 0;
  EXPECT_EQ(lines, 60);
  EXPECT_EQ(log.size(), 60u);
  EXPECT_EQ(log.count("late", kStart + seconds{60}), 1u);
}

}  // namespace
}  // namespace vedette::access
