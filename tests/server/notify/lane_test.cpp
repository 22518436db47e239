#include "server/notify/lane.h"

#include <gtest/gtest.h>

#include "tests/server/notify/fakes.h"

namespace vedette::notify {
namespace {

using testing::at;
using testing::back;
using testing::killed;
using units::ErrorCode;
using units::Milliseconds;
using Strings = std::vector<std::string>;

struct World {
  testing::Outbox outbox;
  testing::Clock clock;
  testing::FarEnd far;

  Lane lane(const std::string& name = "ops") {
    return {Receiver{name, testing::email("smtp://mail:25")}, outbox, clock, far.send()};
  }
  /// Runs the lane for so many seconds; the times at which something was tried.
  std::vector<std::int64_t> run(Lane& lane, std::int64_t seconds) {
    std::vector<std::int64_t> times;
    const std::int64_t end = clock.seconds + seconds;
    while (clock.seconds < end) {
      const std::size_t before = far.tried.size();
      const auto wait = lane.round({});
      if (far.tried.size() > before) times.push_back(clock.seconds);
      EXPECT_GT(wait.count(), 0);
      EXPECT_LE(wait, Milliseconds{60'000});
      clock.seconds += std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
    }
    return times;
  }
};

TEST(BackOff, TriesAtLeastEveryMinuteForTenMinutesAndEveryTenLater) {
  Milliseconds sum{0};
  std::uint32_t n = 1;
  for (; sum < std::chrono::minutes(10); ++n) {
    EXPECT_LE(back_off(n), Milliseconds{60'000}) << n;
    sum += back_off(n);
  }
  for (; n < 1000; ++n) {
    EXPECT_LE(back_off(n), std::chrono::minutes(10));
    EXPECT_GE(back_off(n), back_off(n - 1));
  }
  EXPECT_EQ(back_off(1000), std::chrono::minutes(10));
}

TEST(Lane, WaitsForTheHoldAndASecondForWhatIsTakenBack) {
  World world;
  world.outbox.rows = {killed()};
  world.outbox.rows[0].not_before = at(60);
  Lane lane = world.lane();
  EXPECT_EQ(lane.round({}), Milliseconds{60'000});
  world.clock.seconds = 60;
  EXPECT_EQ(lane.round({}), Milliseconds{1'000});
  EXPECT_TRUE(world.far.tried.empty());
  world.clock.seconds = 61;
  lane.round({});
  EXPECT_EQ(world.far.got, Strings{"<7.fired@vedette>"});
  EXPECT_EQ(world.outbox.done[1], "250 OK");
  EXPECT_TRUE(world.outbox.rows.empty());
}

TEST(Lane, JudgesWhatItReadByTheTimeBeforeIt) {
  World world;
  world.outbox.rows = {killed()};
  world.outbox.rows[0].not_before = at(60);
  world.clock.seconds = 60;
  // While it reads, two seconds pass: what is taken back in the first of them may be missing from what it read.
  const auto slow = [&] {
    world.clock.seconds += 2;
    return Incidents{};
  };
  Lane lane({"ops", testing::email("smtp://mail:25")}, world.outbox, world.clock, world.far.send(), slow);
  EXPECT_EQ(lane.round({}), Milliseconds{1'000});
  EXPECT_TRUE(world.far.tried.empty());
}

TEST(Lane, AResolvedNeverOvertakesItsFired) {
  World world;
  world.outbox.rows = {killed(1, 7), back(2, 7, 5)};
  world.far.refused["<7.fired@vedette>"] = ErrorCode::invalid;
  Lane lane = world.lane();
  world.run(lane, 300);
  EXPECT_TRUE(world.far.got.empty());
  world.far.refused.clear();
  world.run(lane, 61);
  EXPECT_EQ(world.far.got, (Strings{"<7.fired@vedette>", "<7.resolved@vedette>"}));
}

TEST(Lane, ARefusedOneHoldsUpOnlyItsOwnIncident) {
  World world;
  world.outbox.rows = {killed(1, 7), killed(2, 8)};
  world.far.refused["<7.fired@vedette>"] = ErrorCode::invalid;
  Lane lane = world.lane();
  world.run(lane, 3);
  EXPECT_EQ(world.far.got, Strings{"<8.fired@vedette>"});
}

TEST(Lane, OneTryTellsThatTheReceiverIsAway) {
  World world;
  for (std::uint64_t n = 1; n <= 100; ++n) world.outbox.rows.push_back(killed(n, n));
  world.far.trouble = ErrorCode::unavailable;
  Lane lane = world.lane();
  world.clock.seconds = 1;
  lane.round({});
  EXPECT_EQ(world.far.tried.size(), 1u);
  world.far.trouble.reset();
  world.run(lane, 10);
  EXPECT_EQ(world.far.got.size(), 100u);
}

TEST(Lane, ANewOneIsTriedAtOnceWhileOthersWait) {
  World world;
  world.outbox.rows = {killed(1, 7)};
  world.far.trouble = ErrorCode::unavailable;
  Lane lane = world.lane();
  world.run(lane, 3600);
  world.far.trouble.reset();
  world.outbox.rows.push_back(killed(2, 8));
  lane.round({});
  EXPECT_EQ(world.far.got, Strings{"<8.fired@vedette>"});
}

TEST(Lane, TriesOftenInTheFirstTenMinutes) {
  World world;
  world.outbox.rows = {killed()};
  world.far.trouble = ErrorCode::timeout;
  Lane lane = world.lane();
  const auto times = world.run(lane, 600);
  ASSERT_GE(times.size(), 10u);
  for (std::size_t n = 1; n < times.size(); ++n) EXPECT_LE(times[n] - times[n - 1], 60);
}

TEST(Lane, TriesAtOnceAfterARestartUnderTheSameMessageId) {
  World world;
  world.outbox.rows = {killed()};
  world.far.trouble = ErrorCode::unavailable;
  {
    Lane lane = world.lane();
    world.run(lane, 7200);
  }
  world.far.trouble.reset();
  Lane lane = world.lane();
  lane.round({});
  EXPECT_EQ(world.far.got, Strings{"<7.fired@vedette>"});
  EXPECT_EQ(world.far.tried.front(), "<7.fired@vedette>");
}

TEST(Lane, GivesUpAfterThreeDaysAndThenTellsTheRest) {
  World world;
  world.outbox.rows = {killed(1, 7), back(2, 7, 100)};
  world.far.refused["<7.fired@vedette>"] = ErrorCode::invalid;
  Lane lane = world.lane();
  world.run(lane, 3 * 86'400);
  EXPECT_TRUE(world.outbox.given_up.empty());
  world.run(lane, 601);
  EXPECT_EQ(world.outbox.given_up.at(1), "no");
  EXPECT_EQ(world.far.got, Strings{"<7.resolved@vedette>"});
}

TEST(Lane, WhatWasDeliveredIsNotSentAgainWhileTheDiskFails) {
  World world;
  world.outbox.rows = {killed()};
  world.outbox.broken = true;
  Lane lane = world.lane();
  world.run(lane, 120);
  EXPECT_EQ(world.far.got.size(), 1u);
  world.outbox.broken = false;
  lane.round({});
  EXPECT_EQ(world.outbox.done.size(), 1u);
  EXPECT_EQ(world.far.got.size(), 1u);
}

TEST(Lane, LeavesOthersDeliveriesAlone) {
  World world;
  world.outbox.rows = {killed()};
  Lane lane = world.lane("someone else");
  world.run(lane, 10);
  EXPECT_TRUE(world.far.tried.empty());
}

TEST(Deliverer, GivesUpWhatWaitsForAReceiverThatIsGone) {
  World world;
  world.outbox.rows = {killed()};
  Deliverer deliverer({}, world.outbox, world.clock, world.far.send());
  deliverer.start();
  EXPECT_EQ(world.outbox.given_up.size(), 1u);
}

}  // namespace
}  // namespace vedette::notify
