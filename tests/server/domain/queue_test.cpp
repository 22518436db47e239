#include "server/domain/queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace vedette::domain {
namespace {

TEST(BoundedQueue, GivesItemsInOrder) {
  BoundedQueue<int> queue(4, Overflow::reject);
  for (const int n : {1, 2, 3}) ASSERT_TRUE(queue.push(int{n}));
  for (const int n : {1, 2, 3}) EXPECT_EQ(queue.pop(), n);
}

TEST(BoundedQueue, RejectingKeepsTheSendersItemAndCounts) {
  BoundedQueue<std::unique_ptr<int>> queue(1, Overflow::reject);
  ASSERT_TRUE(queue.push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(queue.refused(), 1U);
  (void)queue.pop();
  EXPECT_TRUE(queue.push(std::move(second)));
}

TEST(BoundedQueue, DroppingTheOldestMakesRoomAndCounts) {
  BoundedQueue<int> queue(2, Overflow::drop_oldest);
  for (const int n : {1, 2, 3}) ASSERT_TRUE(queue.push(int{n}));
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_EQ(queue.pop(), 2);
}

TEST(BoundedQueue, BoundsTheSumOfWeights) {
  BoundedQueue<int> queue(100, Overflow::reject);
  EXPECT_TRUE(queue.push(1, 60));
  EXPECT_FALSE(queue.push(2, 41));
  EXPECT_TRUE(queue.push(3, 40));
}

TEST(BoundedQueue, TakesAnItemHeavierThanItselfWhenEmpty) {
  BoundedQueue<int> queue(10, Overflow::reject);
  EXPECT_TRUE(queue.push(1, 50));
  EXPECT_FALSE(queue.push(2, 1));
}

TEST(BoundedQueue, BlockedSenderGoesOnWhenThereIsRoom) {
  BoundedQueue<int> queue(1, Overflow::block);
  ASSERT_TRUE(queue.push(1));
  std::thread sender([&] { EXPECT_TRUE(queue.push(2)); });
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  sender.join();
}

TEST(BoundedQueue, ClosedQueueGivesWhatWaitsThenNothing) {
  BoundedQueue<int> queue(4, Overflow::reject);
  ASSERT_TRUE(queue.push(1));
  queue.close();
  EXPECT_FALSE(queue.push(2));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, ClosingWakesAWaitingReceiver) {
  BoundedQueue<int> queue(4, Overflow::reject);
  std::thread receiver([&] { EXPECT_EQ(queue.pop(), std::nullopt); });
  queue.close();
  receiver.join();
}

}  // namespace
}  // namespace vedette::domain
