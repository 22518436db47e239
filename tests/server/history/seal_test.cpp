// Sealing as time goes by, without anybody asking for it.
#include <gtest/gtest.h>

#include <future>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

using namespace std::chrono_literals;

TEST(Store, SealsASlotByItselfWhenItIsOverAndItsGraceToo) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  Steps steps;
  auto options = options_in(directory.path());
  options.on_step = steps.watch();
  auto store = opened(options, clock);
  announce(*store);
  clock.set(599s);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 600)));
  ASSERT_TRUE(store->flush());
  clock.set(619s);
  ASSERT_TRUE(store->submit(batch(1, 601, 600, 10)));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(steps.count(Step::chunks_committed), 0);
  EXPECT_FALSE(std::filesystem::exists(directory / "raw-20261123.db"));
  clock.set(620s);
  steps.await(Step::rows_dropped, 1);
  EXPECT_EQ(store->counts().sealed_chunks, 1U);
  EXPECT_EQ(store->counts().open.chunks, 1U) << "the slot that lasts stays open";
  expect_run(*store, 610);
}

TEST(Store, ForgetsAStreamThatWasNotHeardOfForAMonth) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  {
    auto store = opened(options_in(directory.path()), clock);
    announce(*store);
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 10)));
    ASSERT_TRUE(store->seal_all());
    clock.set(std::chrono::days(29));
    ASSERT_TRUE(store->submit(batch(2, 1, 29 * 86'400, 10)));
    ASSERT_TRUE(store->seal_all());
    EXPECT_EQ(store->resume_point(kHost, 1), 10U);
    clock.set(std::chrono::days(30) + 1s);
    ASSERT_TRUE(store->submit(batch(2, 11, 30 * 86'400 + 1, 10)));
    ASSERT_TRUE(store->seal_all());
    EXPECT_EQ(store->resume_point(kHost, 1), 0U);
    EXPECT_EQ(store->resume_point(kHost, 2), 20U);
  }
  auto store = opened(options_in(directory.path()), clock);
  EXPECT_EQ(store->resume_point(kHost, 1), 0U) << "its mark is gone too";
  EXPECT_EQ(store->resume_point(kHost, 2), 20U);
}

}  // namespace
}  // namespace vedette::history
