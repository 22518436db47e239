#include "server/app/heartbeat.h"

#include <gtest/gtest.h>

#include "tests/logged.h"

namespace vedette::app {
namespace {

using std::chrono::seconds;

TEST(Heartbeat, NeedsEveryThreadAndNamesTheOneThatHangsOnce) {
  tests::Logged log;
  units::Steady now{}, loop{}, writer{};
  Heartbeat heartbeat;
  heartbeat.watch({"event loop 0", [&] { return loop; }, seconds(20)});
  heartbeat.watch({"the history writer", [&] { return writer; }, seconds(60)});
  EXPECT_TRUE(heartbeat.beats(now));

  loop = now += seconds(59);
  EXPECT_TRUE(heartbeat.beats(now)) << "a disk may take its time";
  loop = now += seconds(2);
  EXPECT_FALSE(heartbeat.beats(now));
  EXPECT_FALSE(heartbeat.beats(now));
  EXPECT_EQ(log.count("threads=\"the history writer\""), 1u);

  writer = now += seconds(21);
  EXPECT_FALSE(heartbeat.beats(now));
  EXPECT_EQ(log.count("threads=\"event loop 0\""), 1u);
  loop = now;
  EXPECT_TRUE(heartbeat.beats(now));
  EXPECT_EQ(log.count("all threads turn again"), 1u);
}

}  // namespace
}  // namespace vedette::app
