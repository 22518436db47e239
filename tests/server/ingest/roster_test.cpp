#include "server/ingest/roster.h"

#include <gtest/gtest.h>

#include <thread>

#include "server/ingest/ack_book.h"

namespace vedette::ingest {
namespace {

using domain::ConnectionId;
using domain::HostNumber;

constexpr HostNumber kHost{1};
constexpr wire::Id128 kBootA{1}, kBootB{2}, kBootC{3}, kRun{9};

TEST(Roster, ANewConnectionReplacesTheOld) {
  Roster roster;
  EXPECT_FALSE(roster.take(kHost, ConnectionId{1}, kBootA, kRun).replaced);
  const auto second = roster.take(kHost, ConnectionId{2}, kBootA, kRun);
  EXPECT_EQ(second.replaced, ConnectionId{1});
  EXPECT_TRUE(second.same_boot);
  EXPECT_FALSE(second.clones);
  EXPECT_TRUE(roster.holds(kHost, ConnectionId{2}));
  EXPECT_FALSE(roster.holds(kHost, ConnectionId{1}));
}

TEST(Roster, BootsThatTakeTurnsAreClonesAndARebootIsNot) {
  Roster roster;
  (void)roster.take(kHost, ConnectionId{1}, kBootA, kRun);
  EXPECT_FALSE(roster.take(kHost, ConnectionId{2}, kBootB, kRun).clones);
  EXPECT_FALSE(roster.take(kHost, ConnectionId{3}, kBootC, kRun).clones);
  EXPECT_TRUE(roster.take(kHost, ConnectionId{4}, kBootB, kRun).clones);
  EXPECT_TRUE(roster.take(kHost, ConnectionId{5}, kBootC, kRun).clones);
}

TEST(Roster, KnowsAnAgentThatWasStartedAgainFromOneThatOnlyReconnects) {
  Roster roster;
  EXPECT_FALSE(roster.take(kHost, ConnectionId{1}, kBootA, kRun).same_run) << "nothing to compare with";
  EXPECT_EQ(roster.take(kHost, ConnectionId{2}, kBootA, kRun).same_run, true);
  EXPECT_EQ(roster.take(kHost, ConnectionId{3}, kBootA, wire::Id128{10}).same_run, false);
}

TEST(Roster, ARevokedHostIsHeldByNobodyNew) {
  Roster roster;
  EXPECT_FALSE(roster.revoke(kHost)) << "nobody is connected";
  EXPECT_FALSE(roster.holds(kHost, ConnectionId{1}));
  EXPECT_TRUE(roster.take(kHost, ConnectionId{1}, kBootA, kRun).revoked) << "let in before, and said Hello after";
  EXPECT_FALSE(roster.holds(kHost, ConnectionId{1}));
  EXPECT_FALSE(roster.take(HostNumber{2}, ConnectionId{2}, kBootA, kRun).revoked);
  EXPECT_EQ(roster.revoke(HostNumber{2}), ConnectionId{2});
}

TEST(AckBook, KeepsTheHighestDurableTickOfEachStreamUntilTaken) {
  AckBook book;
  const auto slot = book.open(kHost);
  const domain::StreamMark marks[] = {{kHost, 5, 10}, {HostNumber{2}, 5, 99}, {kHost, 6, 3}, {kHost, 5, 8}};
  book.on_commit(marks);
  EXPECT_EQ(slot->take().streams, (std::vector<wire::Resume>{{5, 10}, {6, 3}}));
  EXPECT_TRUE(slot->take().streams.empty());
}

TEST(AckBook, MarksGoToTheNewestConnectionOfAHost) {
  AckBook book;
  const auto old = book.open(kHost);
  auto fresh = book.open(kHost);
  const domain::StreamMark marks[] = {{kHost, 5, 10}};
  book.on_commit(marks);
  EXPECT_TRUE(old->take().streams.empty());
  EXPECT_EQ(fresh->take().streams.size(), 1u);
  fresh.reset();
  book.on_commit(marks);  // nobody is there to take them
}

TEST(AckBook, KeepsAsManyHappeningsAsAnAckHolds) {
  AckBook book;
  const auto slot = book.open(kHost);
  book.on_noted(HostNumber{2}, 7);
  for (std::uint64_t id = 1; id <= wire::kMaxAckedHappenings + 5; ++id) book.on_noted(kHost, id);
  const auto ids = slot->take().happenings;
  EXPECT_EQ(ids.size(), wire::kMaxAckedHappenings);
  EXPECT_EQ(ids.back(), wire::kMaxAckedHappenings) << "what doesn't fit is told again by its agent";
  EXPECT_TRUE(slot->take().happenings.empty());
}

TEST(AckBook, TheWritersThreadAndALoopMayMeet) {
  AckBook book;
  const auto slot = book.open(kHost);
  std::thread writer([&] {
    for (std::uint64_t n = 1; n <= 2'000; ++n) {
      const domain::StreamMark marks[] = {{kHost, 5, n}};
      book.on_commit(marks);
    }
  });
  std::uint64_t newest = 0;
  while (newest < 2'000) {
    for (const auto& mark : slot->take().streams) {
      EXPECT_GT(mark.last, newest);
      newest = mark.last;
    }
  }
  writer.join();
}

}  // namespace
}  // namespace vedette::ingest
