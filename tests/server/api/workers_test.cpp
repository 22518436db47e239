#include "server/api/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace vedette::api {
namespace {

TEST(Workers, RunWhatWaitsBeforeTheyStop) {
  std::atomic<int> ran = 0;
  Workers workers(2, 100);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(workers.submit([&] { ++ran; }));
  workers.stop();
  EXPECT_EQ(ran, 50);
}

TEST(Workers, RefuseAndCountWhatDoesntFit) {
  Workers workers(1, 1);
  std::latch started(1), release(1);
  ASSERT_TRUE(workers.submit([&] {
    started.count_down();
    release.wait();
  }));
  started.wait();
  ASSERT_TRUE(workers.submit([] {}));
  EXPECT_FALSE(workers.submit([] {}));
  EXPECT_EQ(workers.refused(), 1u);
  release.count_down();
}

TEST(Workers, TakeNothingAfterStop) {
  Workers workers(1, 1);
  workers.stop();
  EXPECT_FALSE(workers.submit([] {}));
}

}  // namespace
}  // namespace vedette::api
