#include "agent/watch/outbox.h"

#include <gtest/gtest.h>

#include "agent/watch/clock_watch.h"
#include "agent/watch/oom_count.h"
#include "tests/temporary_directory.h"

#include <fstream>

namespace vedette::watch {
namespace {

using namespace std::chrono_literals;

constexpr units::Instant kNow = units::from_unix_ms(1'795'425'204'083);

Happening happening(std::uint64_t id) {
  return {.at = kNow, .kind = "boot", .text = "words " + std::to_string(id), .id = id};
}

TEST(Outbox, KeepsEachOnceUntilItIsAcked) {
  Outbox<Happening> outbox(10);
  for (const std::uint64_t id : {1, 2, 1, 3}) outbox.add(happening(id));
  ASSERT_EQ(outbox.waiting().size(), 3U);
  const std::uint64_t acked[] = {2, 77};
  outbox.acked(acked);
  ASSERT_EQ(outbox.waiting().size(), 2U);
  EXPECT_EQ(outbox.waiting()[1].id, 3U);
}

TEST(Outbox, DropsTheOldestWhenItIsFull) {
  Outbox<Happening> outbox(2);
  for (const std::uint64_t id : {1, 2, 3}) outbox.add(happening(id));
  EXPECT_EQ(outbox.waiting().front().id, 2U);
  EXPECT_EQ(outbox.dropped(), 1U);
}

TEST(Happening, HasTextThatMayTravelAndAnIdThatIsNeverZero) {
  EXPECT_EQ(one_line("a\x01"
                     "b\tc\xff"),
            "a b c\xef\xbf\xbd");
  EXPECT_LE(one_line(std::string(5'000, 'x')).size(), 500U);
  EXPECT_EQ(id_of({}, "a"), id_of({}, "a"));
  EXPECT_NE(id_of({}, "a"), id_of({}, "b"));
  EXPECT_NE(id_of({}, ""), 0U);
}

TEST(ClockWatch, TellsAStepAndItsSizeButNoSlew) {
  ClockWatch watch({});
  units::Steady now{1h};
  auto wall = kNow;
  const auto tick = [&](units::Milliseconds by) {
    now += 1s;
    wall += 1s + by;
    return watch.take(wall, now);
  };
  EXPECT_FALSE(watch.take(wall, now)) << "the first has nothing before it";
  for (int n = 0; n < 100; ++n) EXPECT_FALSE(tick(1ms));
  const auto ahead = tick(35s);
  ASSERT_TRUE(ahead);
  EXPECT_EQ(ahead->kind, "time_step");
  EXPECT_EQ(ahead->text, "this machine's clock was set 35 s ahead");
  EXPECT_FALSE(tick(0ms));
  const auto back = tick(-3h);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text, "this machine's clock was set 3 h back");
  EXPECT_NE(back->id, ahead->id);
}

TEST(OomCount, TellsHowManyMoreThereWere) {
  const tests::TemporaryDirectory directory;
  const std::string path = (directory / "vmstat").string();
  const auto write = [&](const char* text) { std::ofstream(path) << text; };
  OomCount count({}, path);
  EXPECT_FALSE(count.read(kNow)) << "no file";
  write("nr_free_pages 5\noom_kill 3\nzone 1\n");
  EXPECT_FALSE(count.read(kNow)) << "what was there before";
  EXPECT_FALSE(count.read(kNow));
  write("nr_free_pages 5\noom_kill 5\nzone 1\n");
  const auto told = count.read(kNow);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->kind, "oom_kill");
  EXPECT_EQ(told->count, 2U);
  EXPECT_FALSE(count.read(kNow));
  EXPECT_EQ(parse_oom_kills("nr_free_pages 5\n"), std::nullopt);
  EXPECT_EQ(parse_oom_kills("x\noom_kill y\n"), std::nullopt);
}

}  // namespace
}  // namespace vedette::watch
