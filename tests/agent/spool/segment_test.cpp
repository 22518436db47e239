#include "agent/spool/segment.h"

#include <gmock/gmock.h>

#include <set>

#include "schema/units/bytes.h"
#include "tests/agent/spool/disk.h"

namespace vedette::spool {
namespace {

using namespace std::chrono_literals;

constexpr StreamId kStream = 0x0102030405060708;

std::string segment(std::int64_t ticks) {
  SegmentWriter writer(run_number(3));
  const auto series = two_series();
  std::string bytes;
  for (std::int64_t second = 1; second <= ticks; ++second) {
    bytes += writer.tick(kStream, 5s, static_cast<TickNumber>(second), row(second), series);
  }
  return bytes;
}

/// The seconds of all ticks that can be read, each of which must be as it was written.
std::set<std::int64_t> readable(const std::string& bytes) {
  std::set<std::int64_t> found;
  const auto contents = read_segment(units::as_bytes(bytes));
  if (!contents) return found;
  TickNumber from = 1;
  while (const auto batch = read_ticks(units::as_bytes(bytes), *contents, kStream, from, 7)) {
    for (std::size_t i = 0; i < batch->rows.size(); ++i) {
      const auto second = static_cast<std::int64_t>(batch->first + i);
      EXPECT_EQ(batch->rows[i], row(second)) << second;
      found.insert(second);
    }
    from = batch->first + batch->rows.size();
  }
  return found;
}

TEST(Segment, HoldsWhoseTicksTheyAreWhatTheyMeanAndTheTicks) {
  const std::string bytes = segment(65);
  const auto contents = read_segment(units::as_bytes(bytes)).value();
  EXPECT_EQ(contents.origin, run_number(3));
  EXPECT_EQ(contents.series, two_series());
  ASSERT_EQ(contents.spans.size(), 1U);
  EXPECT_EQ(contents.spans[0].stream, kStream);
  EXPECT_EQ(contents.spans[0].first, 1U);
  EXPECT_EQ(contents.spans[0].last, 65U);
  EXPECT_EQ(contents.ticks, 65U);
  EXPECT_EQ(contents.lost, 0U);
  EXPECT_EQ(contents.spans[0].offset, 5s);
  EXPECT_EQ(contents.damaged, 0U);
  EXPECT_EQ(readable(bytes).size(), 65U);
}

TEST(Segment, SeriesThatAppearLaterAreWrittenBeforeTheirFirstTick) {
  SegmentWriter writer(run_number(3));
  std::vector<metrics::Series> series{two_series()[0]};
  std::string bytes = writer.tick(kStream, {}, 1, {units::from_unix_ms(1000), {metrics::integer(1)}}, series);
  series = two_series();
  bytes += writer.tick(kStream, {}, 2, row(2), series);
  const auto contents = read_segment(units::as_bytes(bytes)).value();
  EXPECT_EQ(contents.series, two_series());
  EXPECT_EQ(read_ticks(units::as_bytes(bytes), contents, kStream, 2, 9).value().rows.at(0), row(2));
}

TEST(Segment, NotesTellOffsetsAndWhatWasReleased) {
  std::string bytes = segment(30);
  bytes += offset_note(kStream, -7s) + released_note(kStream, 12) + released_note(99, 5);
  const auto contents = read_segment(units::as_bytes(bytes)).value();
  EXPECT_EQ(contents.spans.at(0).offset, -7s);
  EXPECT_EQ(contents.spans.at(0).first, 13U);
  EXPECT_TRUE(read_segment(units::as_bytes(bytes + released_note(kStream, 30))).value().spans.empty());
}

TEST(Segment, TornAtAnyByteItGivesEveryTickThatWasWhole) {
  const std::string whole = segment(45);
  std::vector<std::size_t> ends;
  for (std::int64_t ticks = 1; ticks <= 45; ++ticks) ends.push_back(segment(ticks).size());
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const auto written = static_cast<std::size_t>(std::ranges::upper_bound(ends, length) - ends.begin());
    EXPECT_EQ(readable(whole.substr(0, length)).size(), written) << length;
  }
}

TEST(Segment, AnyFlippedBitLosesAtMostTheTicksUpToTheNextFullOneAndMakesNoneWrong) {
  const std::string whole = segment(61);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto found = readable(flipped);
    EXPECT_GE(found.size(), 61U - SegmentWriter::kFullEvery) << bit;
    const auto contents = read_segment(units::as_bytes(flipped)).value();
    EXPECT_EQ(contents.origin, run_number(3)) << bit;
    EXPECT_EQ(contents.ticks, found.size()) << bit;
    const std::int64_t between = *found.rbegin() - *found.begin() + 1;
    EXPECT_EQ(contents.lost + contents.ticks, static_cast<std::uint64_t>(between)) << bit;
  }
}

TEST(Segment, WhatWasAckedBeforeItHadToBeWrittenIsNoLoss) {
  SegmentWriter writer(run_number(3));
  const auto series = two_series();
  std::string bytes;
  for (const std::int64_t second : {1, 2, 3, 8, 9}) {
    bytes += writer.tick(kStream, {}, static_cast<TickNumber>(second), row(second), series);
    if (second == 3) bytes += released_note(kStream, 2);
  }
  const auto contents = read_segment(units::as_bytes(bytes)).value();
  EXPECT_EQ(contents.ticks, 3U);
  EXPECT_EQ(contents.lost, 0U);
  EXPECT_EQ(contents.spans.at(0).first, 3U);
  EXPECT_EQ(contents.spans.at(0).last, 9U);
  EXPECT_EQ(readable(bytes), (std::set<std::int64_t>{1, 2, 3, 8, 9}));
}

TEST(Segment, OfAnotherVersionOrWithoutAHeadIsRefused) {
  EXPECT_EQ(read_segment({}).error().code, units::ErrorCode::corrupt);
  const std::string bytes = segment(1);
  EXPECT_EQ(read_segment(units::as_bytes(released_note(1, 1))).error().code, units::ErrorCode::corrupt);
}

}  // namespace
}  // namespace vedette::spool
