#include "server/history/open_chunks.h"

#include <gtest/gtest.h>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

using namespace std::chrono_literals;

const units::Instant kSlotEnd = slot_begin(slot_of(units::from_unix_ms(kStart)) + 1);
const units::Steady kOpened = units::Steady{} + 1h;

struct Open {
  OpenChunks chunks{SealRule{.grace = 20s, .idle = 30s, .late_age = 300s, .chunk_bytes = 4'000}};
  std::int64_t row = 0;

  void add(std::int64_t from, std::int64_t count, units::Instant now, units::Steady steady = kOpened) {
    const Accepted accepted{batch(1, 1, from, count), 0};
    chunks.append(++row, std::span(&accepted, 1), now, steady);
  }
  std::size_t due(units::Instant now, units::Steady steady = kOpened) {
    const auto taken = chunks.take_due(now, steady, 100);
    chunks.sealed(taken);
    return taken.size();
  }
};

TEST(OpenChunks, AChunkIsDueWhenItsSlotEndedAndTheGraceIsOver) {
  Open open;
  open.add(0, 10, kSlotEnd - 590s);
  EXPECT_EQ(open.due(kSlotEnd), 0U);
  EXPECT_EQ(open.due(kSlotEnd + 20s - 1ms), 0U) << "ticks of the slot may be on their way";
  EXPECT_EQ(open.due(kSlotEnd + 20s), 1U);
  EXPECT_EQ(open.chunks.counts().chunks, 0U);
}

TEST(OpenChunks, OnlySlotsThatEndedAreDueAndTheOldestComesFirst) {
  Open open;
  open.add(595, 10, kSlotEnd);
  open.add(1'195, 10, kSlotEnd);
  EXPECT_EQ(open.chunks.counts().chunks, 3U);
  const auto taken = open.chunks.take_due(kSlotEnd + 600s + 20s, kOpened, 1);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(slot_begin(taken[0]->slot), kSlotEnd - kSlotLength);
  EXPECT_EQ(open.due(kSlotEnd + 600s + 20s), 1U);
  EXPECT_EQ(open.due(kSlotEnd + 600s + 20s), 0U) << "the third slot lasts";
}

TEST(OpenChunks, ALateChunkWaitsUntilNothingComesAnyMore) {
  Open open;
  const auto now = kSlotEnd + 1h;
  open.add(0, 10, now);
  EXPECT_EQ(open.due(now, kOpened + 29s), 0U) << "more of a backfill may come";
  open.add(10, 10, now, kOpened + 29s);
  EXPECT_EQ(open.due(now, kOpened + 58s), 0U);
  EXPECT_EQ(open.due(now, kOpened + 59s), 1U);
}

TEST(OpenChunks, ALateChunkThatNeverRestsIsDueByItsAge) {
  Open open;
  const auto now = kSlotEnd + 1h;
  for (int n = 0; n < 30; ++n) open.add(n, 1, now, kOpened + n * 10s);
  EXPECT_EQ(open.due(now, kOpened + 299s), 0U);
  open.add(30, 1, now, kOpened + 299s);
  EXPECT_EQ(open.due(now, kOpened + 300s), 1U);
}

TEST(OpenChunks, AChunkThatGrewLargeIsDueAtOnce) {
  Open open;
  open.add(0, 100, kSlotEnd - 500s);
  EXPECT_EQ(open.due(kSlotEnd - 500s), 0U);
  open.add(100, 400, kSlotEnd - 100s);
  EXPECT_EQ(open.due(kSlotEnd - 100s), 1U);
}

TEST(OpenChunks, RowsAreNeededUntilTheLastOfTheirChunksIsSealed) {
  Open open;
  open.add(0, 10, kSlotEnd - 590s);
  open.add(595, 10, kSlotEnd + 5s);
  open.add(605, 10, kSlotEnd + 15s);
  EXPECT_EQ(open.chunks.needed_from(), 1);
  const auto first = open.chunks.take_due(kSlotEnd + 20s, kOpened, 100);
  EXPECT_EQ(open.chunks.needed_from(), 1) << "taken isn't sealed";
  open.chunks.sealed(first);
  EXPECT_EQ(open.chunks.needed_from(), 2) << "the second row began the next slot";
  EXPECT_EQ(open.due(kSlotEnd + 620s), 1U);
  EXPECT_EQ(open.chunks.needed_from(), 4);
}

}  // namespace
}  // namespace vedette::history
