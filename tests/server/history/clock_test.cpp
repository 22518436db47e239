// The collector's clock ran ahead and is set back: the hours that come a second time are not mixed with the first.
#include <gtest/gtest.h>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kAhead = 3 * 3'600;  // seconds

// Ticks of `count` seconds from `from` on by the collector's clock, which is moved along; the counter stands at 100
// times `real`, the true second, which is also the level.
void live(Store& store, MovedClock& clock, std::uint64_t stream, std::int64_t from, std::int64_t real, int count,
          units::Milliseconds phase = 0ms) {
  for (std::int64_t n = 0; n < count; ++n) {
    clock.set(units::Milliseconds((from + n) * 1000) + phase);
    auto one = std::make_shared<Batch>(*batch(stream, static_cast<std::uint64_t>(n + 1), real + n, 1));
    one->live = true;
    one->ticks[0].at = clock.now();
    ASSERT_TRUE(store.submit(one));
  }
}

void expect_only_the_second_run(const Store& store) {
  const auto level = ask(store, "test.level", kAhead, kAhead + 60);
  EXPECT_EQ(level.t.size(), 60U);
  for (const auto value : level.average) EXPECT_GE(value, kAhead) << "stored by the clock that ran ahead";
  const auto rates = ask(store, "test.bytes", kAhead, kAhead + 60);
  EXPECT_GE(rates.average.size(), 59U);
  for (const auto rate : rates.average) EXPECT_NEAR(rate, 100, 0.01);
}

TEST(ClockSetBack, HoursThatComeASecondTimeReplaceTheFirst) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  auto store = opened(options_in(directory.path()), clock);
  announce(*store);
  live(*store, clock, 1, kAhead, 0, 60);
  ASSERT_TRUE(store->seal_all());
  live(*store, clock, 2, 60, 60, 60, 300ms);
  EXPECT_EQ(store->newest(kHost), clock.now()) << "not what the wrong clock stored";
  live(*store, clock, 3, kAhead - 30, kAhead - 30, 30, 300ms);
  live(*store, clock, 4, kAhead, kAhead, 60, 300ms);
  expect_only_the_second_run(*store);
  ASSERT_TRUE(store->seal_all());
  expect_only_the_second_run(*store);
  EXPECT_EQ(ask(*store, "test.level", 0, 200).t.size(), 60U) << "what came at once after the correction is there";
}

TEST(ClockSetBack, IsNoticedThoughTheCollectorWasDownMeanwhile) {
  for (const bool sealed : {false, true}) {
    const tests::TemporaryDirectory directory;
    MovedClock clock;
    {
      auto store = opened(options_in(directory.path()), clock);
      announce(*store);
      live(*store, clock, 1, kAhead, 0, 60);
      ASSERT_TRUE(sealed ? store->seal_all() : store->flush());
    }
    clock.set(100s);
    {
      auto store = opened(options_in(directory.path()), clock);
      live(*store, clock, 2, 100, 100, 10, 300ms);
      ASSERT_TRUE(store->seal_all());
    }
    auto store = opened(options_in(directory.path()), clock);
    live(*store, clock, 3, kAhead, kAhead, 60, 0ms);  // the very same milliseconds
    expect_only_the_second_run(*store);
    ASSERT_TRUE(store->seal_all());
    expect_only_the_second_run(*store);
  }
}

TEST(ClockSetBack, BackfillAndReconnectsAreNoSetBack) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  auto store = opened(options_in(directory.path()), clock);
  announce(*store);
  live(*store, clock, 2, 100, 100, 50);
  ASSERT_TRUE(store->submit(batch(1, 1, 40, 60)));
  live(*store, clock, 3, 150, 150, 50, -200ms);
  EXPECT_EQ(ask(*store, "test.level", 0, 1000).t.size(), 160U);
  EXPECT_EQ(ask(*store, "test.bytes", 0, 1000).t.size(), 159U) << "a rate at each tick but the first";
}

}  // namespace
}  // namespace vedette::history
