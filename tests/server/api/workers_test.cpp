#include "server/api/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace vedette::api {
namespace {

TEST(Workers, DropWhatWaitsWhenTheyStopButFinishWhatRuns) {
  std::atomic<int> ran = 0;
  std::latch started(1), release(1);
  Workers workers(1, SIZE_MAX);  // only stop() makes it refuse
  ASSERT_TRUE(workers.submit([&] {
    started.count_down();
    release.wait();
    ++ran;
  }));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(workers.submit([&] { ++ran; }));
  started.wait();
  std::thread stopper([&] { workers.stop(); });
  while (workers.submit([] {})) std::this_thread::yield();  // until stop() has begun
  release.count_down();
  stopper.join();
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(workers.waiting(), 0u);
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
