#include "server/app/control_thread.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace vedette::app {
namespace {

using std::chrono::milliseconds;

TEST(ControlThread, RunsTasksInOrderOnOneThread) {
  const domain::SystemClock clock;
  ControlThread thread(clock);
  std::vector<int> seen;
  for (int i = 0; i < 1000; ++i) thread.post([&seen, i] { seen.push_back(i); });
  thread.stop();
  ASSERT_EQ(seen.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(ControlThread, RunsTimersInTimeOrderAndNotTheCancelled) {
  const domain::SystemClock clock;
  ControlThread thread(clock);
  std::promise<void> done;
  std::vector<int> seen;
  thread.post([&] {
    thread.after(milliseconds(30), [&] { done.set_value(); });
    thread.after(milliseconds(10), [&] { seen.push_back(2); });
    const auto cancelled = thread.after(milliseconds(5), [&] { seen.push_back(1); });
    thread.cancel(cancelled);
    thread.cancel(999);
  });
  done.get_future().wait();
  EXPECT_EQ(seen, std::vector<int>{2});
}

TEST(ControlThread, MayPostToItselfWhenItsQueueIsFull) {
  const domain::SystemClock clock;
  ControlThread thread(clock);
  std::atomic<int> ran = 0;
  std::promise<void> done;
  thread.post([&] {
    for (int i = 0; i < 100'000; ++i) thread.post([&] { ++ran; });
    thread.after(milliseconds(1), [&] { done.set_value(); });
  });
  done.get_future().wait();
  EXPECT_EQ(ran, 100'000);
}

TEST(ControlThread, WaitsForATaskThatAnotherThreadNeeds) {
  const domain::SystemClock clock;
  ControlThread thread(clock);
  int value = 0;
  thread.run_and_wait([&] { value = 7; });
  EXPECT_EQ(value, 7);
  thread.stop();
  thread.run_and_wait([&] { value = 8; });  // returns though nothing runs any more
  EXPECT_EQ(value, 7);
}

}  // namespace
}  // namespace vedette::app
