#include "server/ingest/stream_times.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace vedette::ingest {
namespace {

using namespace std::chrono_literals;
using units::Instant;

const Instant kNow = Instant{} + 490'000h;

struct Desk {
  StreamTimes times{std::chrono::days{14}, 60s};
  Instant put(std::uint64_t stream, Instant at, Instant now = kNow) {
    (void)times.put_right(stream, std::span(&at, 1), 0, now);
    return at;
  }
};

TEST(StreamTimes, PossibleTimesStayAsTheyAre) {
  Desk d;
  for (const Instant at : {kNow - std::chrono::days{14}, kNow, kNow + 60s}) EXPECT_EQ(d.put(1, at), at);
}

TEST(StreamTimes, AStreamOfAWrongClockKeepsItsSpacing) {
  Desk d;
  EXPECT_EQ(d.put(1, Instant{} + 1s), kNow);
  EXPECT_EQ(d.put(1, Instant{} + 2s, kNow + 1'200ms), kNow + 1s);
  EXPECT_EQ(d.put(1, Instant{} + 4s, kNow + 2'900ms), kNow + 3s);
}

TEST(StreamTimes, OurClockSetBackMovesTheStreamOnceAndItsTimesGoOnRising) {
  Desk d;
  EXPECT_EQ(d.put(1, kNow), kNow);
  const Instant corrected = kNow - 3h + 1s;
  EXPECT_EQ(d.put(1, kNow + 1s, corrected), corrected);
  EXPECT_EQ(d.put(1, kNow + 2s, corrected + 1'050ms), corrected + 1s);
  EXPECT_EQ(d.put(1, kNow + 3s, kNow + 3s), kNow + 3s) << "set right again: nothing to mend any more";
}

TEST(StreamTimes, ABackfilledStreamEndsNowAndItsPartsDontOverlap) {
  StreamTimes times(std::chrono::days{14}, 60s);
  std::vector<Instant> all;
  for (std::uint64_t part = 0; part < 3; ++part) {
    std::vector<Instant> some;
    for (std::uint64_t n = 0; n < 240; ++n) some.push_back(kNow + 3h + static_cast<int>(part * 240 + n) * 1s);
    EXPECT_EQ(times.put_right(7, some, (2 - part) * 240, kNow), 240u);
    all.insert(all.end(), some.begin(), some.end());
  }
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(all.back(), kNow);
}

}  // namespace
}  // namespace vedette::ingest
