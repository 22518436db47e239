#include "agent/link/rotation.h"

#include <gtest/gtest.h>

namespace vedette::link {
namespace {

using namespace std::chrono_literals;
using units::Steady;

constexpr Steady kNow{std::chrono::hours{1}};

TEST(Rotation, WhoCannotBeReachedIsFollowedByTheNextAndTheLastByTheFirst) {
  Rotation rotation(3, 10min);
  for (const std::size_t next : {1U, 2U, 0U, 1U}) {
    EXPECT_EQ(rotation.ended(kNow, false, 500ms, 0ms), kNow + 500ms);
    EXPECT_EQ(rotation.current(), next);
  }
}

TEST(Rotation, WhoWasConnectedIsAskedAgainFirst) {
  Rotation rotation(2, 10min);
  EXPECT_EQ(rotation.ended(kNow, true, 300ms, 0ms), kNow + 300ms);
  EXPECT_EQ(rotation.current(), 0U);
}

TEST(Rotation, AWaitThatOneAsksForDoesNotHoldUpTheOthers) {
  Rotation rotation(2, 10min);
  EXPECT_EQ(rotation.ended(kNow, true, 300ms, 60s), kNow + 300ms);
  EXPECT_EQ(rotation.current(), 1U);
  EXPECT_EQ(rotation.ended(kNow + 1s, false, 300ms, 0ms), kNow + 1300ms) << "the other isn't to be asked yet";
  EXPECT_EQ(rotation.current(), 1U);
  EXPECT_EQ(rotation.ended(kNow + 2s, false, 300ms, 90s), kNow + 60300ms) << "the first that may be asked";
  EXPECT_EQ(rotation.current(), 0U);
}

TEST(Rotation, AloneItWaitsAsLongAsItWasToldAndTheBackOff) {
  Rotation rotation(1, 10min);
  EXPECT_EQ(rotation.ended(kNow, false, 300ms, 60s), kNow + 60300ms);
  rotation.forgive();
  EXPECT_EQ(rotation.ended(kNow, false, 300ms, 0ms), kNow + 300ms);
}

TEST(Rotation, ThoseBeforeTheCurrentOneAreTriedEveryWhileInOrder) {
  Rotation rotation(3, 10min);
  rotation.connected(kNow);
  EXPECT_FALSE(rotation.better_due()) << "the first is the best";
  (void)rotation.ended(kNow, false, 0ms, 0ms);
  (void)rotation.ended(kNow, false, 0ms, 0ms);
  rotation.connected(kNow);
  EXPECT_EQ(rotation.better_due(), kNow + 10min);
  EXPECT_EQ(rotation.better(), 0U);
  rotation.better_failed(kNow + 10min, 0ms);
  EXPECT_EQ(rotation.better(), 1U);
  EXPECT_EQ(rotation.better_due(), kNow + 10min) << "at once";
  rotation.better_failed(kNow + 10min, 0ms);
  EXPECT_EQ(rotation.better(), 0U);
  EXPECT_EQ(rotation.better_due(), kNow + 20min);
  rotation.better_failed(kNow + 20min, 1h);
  rotation.better_reached();
  EXPECT_EQ(rotation.current(), 1U);
}

TEST(Rotation, WhoAskedToBeLeftAloneIsNotTriedEarlier) {
  Rotation rotation(2, 10min);
  (void)rotation.ended(kNow, true, 0ms, 1h);
  rotation.connected(kNow);
  EXPECT_EQ(rotation.better_due(), kNow + 1h);
}

}  // namespace
}  // namespace vedette::link
