// Summaries: what samples become, and that the way there makes no difference.
#include "server/history/summarizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "server/history/tier_codec.h"

namespace vedette::history {
namespace {

using testing::DoubleEq;
using testing::SizeIs;

constexpr std::int64_t kMinute = 60'000, kHour = 3'600'000;

struct Step {
  std::int64_t begin;
  std::vector<Summary> summaries;
};

std::vector<domain::StoredSeries> stored() {
  std::vector<domain::StoredSeries> all;
  const auto add = [&](metrics::Series series) {
    all.push_back({domain::SeriesNumber{static_cast<std::uint32_t>(all.size())}, std::move(series)});
  };
  add({{"level", {}}, "1", metrics::Kind::gauge, {1, 1}});
  add({{"bytes", {}}, "By", metrics::Kind::counter, {1, 1}});
  add({{"real", {}}, "1", metrics::Kind::gauge, metrics::kReal});
  add({{"real_counter", {}}, "1", metrics::Kind::counter, metrics::kReal});
  for (const char* mode : {"user", "idle", "iowait"}) {
    add({{"system.cpu.time", {{"mode", mode}}}, "s", metrics::Kind::counter, {1, 100}});
  }
  return all;
}

struct Asked {
  std::vector<Source> sources = all_sources(stored());
  std::vector<std::uint32_t> wanted = resolve_inputs(sources);
};

class Collected {
 public:
  Collected(std::span<const Source> sources, std::int64_t length)
      : summarizer_(sources, length, [this](std::int64_t begin, std::span<const Summary> summaries) {
          steps.push_back({begin, {summaries.begin(), summaries.end()}});
        }) {}
  Summarizer& operator*() { return summarizer_; }
  std::vector<Step> steps;

 private:
  Summarizer summarizer_;
};

TierRows as_rows(const std::vector<Step>& steps, std::size_t width) {
  TierRows rows;
  rows.columns.resize(width);
  for (const auto& step : steps) {
    rows.times.push_back(step.begin);
    for (std::size_t n = 0; n < width; ++n) rows.columns[n].push_back(step.summaries[n]);
  }
  return rows;
}

Rows no_rows(std::size_t width) {
  Rows rows;
  rows.columns.resize(width);
  return rows;
}

void add(Rows& rows, std::int64_t time, std::uint32_t boot, const std::vector<metrics::Cell>& cells) {
  rows.times.push_back(time);
  rows.boots.push_back(boot);
  for (std::size_t n = 0; n < cells.size(); ++n) rows.columns[n].push_back(cells[n]);
}

metrics::Cell real(double value) {
  return metrics::integer(std::bit_cast<std::int64_t>(value));
}

// Hours of ticks at odd moments, with holes, reboots and restarts.
Rows some_rows(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Rows rows = no_rows(7);
  std::int64_t time = 1'795'420'800'000, bytes = 0, jiffies[3] = {};
  double counted = 0;
  std::uint32_t boot = 1;
  for (int n = 0; n < 8'000; ++n) {
    time += 1 + static_cast<std::int64_t>(random() % 2'000);
    if (random() % 500 == 0) time += static_cast<std::int64_t>(random() % 600'000);
    if (random() % 2'000 == 0) ++boot, bytes = 0, counted = 0, jiffies[0] = jiffies[1] = jiffies[2] = 0;
    if (random() % 1'000 == 0) bytes = 0;
    bytes += static_cast<std::int64_t>(random() % 100'000);
    counted += 0.25 * static_cast<double>(random() % 100);
    for (auto& one : jiffies) one += static_cast<std::int64_t>(random() % 100);
    std::vector<metrics::Cell> cells{metrics::integer(static_cast<std::int64_t>(random() % 1'000) - 500),
                                     metrics::integer(bytes),
                                     real(0.125 * static_cast<double>(random() % 64)),
                                     real(counted),
                                     metrics::integer(jiffies[0]),
                                     metrics::integer(jiffies[1]),
                                     metrics::integer(jiffies[2])};
    for (auto& cell : cells) {
      if (random() % 50 == 0) cell = {};
    }
    add(rows, time, boot, cells);
  }
  return rows;
}

TEST(Summarizer, HoursOfMinutesAreHoursOfTicks) {
  const Asked asked;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Rows rows = some_rows(seed);
    Collected minutes(asked.sources, kMinute), direct(asked.sources, kHour), by_minutes(asked.sources, kHour);
    (*minutes).feed(rows, 0, INT64_MAX);
    (*minutes).finish();
    (*direct).feed(rows, 0, INT64_MAX);
    (*direct).finish();
    (*by_minutes).feed(as_rows(minutes.steps, asked.sources.size()));
    (*by_minutes).finish();
    ASSERT_THAT(direct.steps, SizeIs(testing::Gt(2U)));
    ASSERT_EQ(direct.steps.size(), by_minutes.steps.size());
    for (std::size_t n = 0; n < direct.steps.size(); ++n) {
      EXPECT_EQ(direct.steps[n].begin, by_minutes.steps[n].begin);
      EXPECT_EQ(direct.steps[n].summaries, by_minutes.steps[n].summaries);
    }
  }
}

TEST(Summarizer, GivesTheSameHoweverTheTicksAreCutUp) {
  const Asked asked;
  const Rows rows = some_rows(9);
  Collected whole(asked.sources, kMinute), pieces(asked.sources, kMinute);
  (*whole).feed(rows, 0, INT64_MAX);
  (*whole).finish();
  for (std::size_t begin = 0; begin < rows.times.size(); begin += 37) {
    Rows piece = no_rows(7);
    for (std::size_t row = begin; row < std::min(begin + 37, rows.times.size()); ++row) {
      std::vector<metrics::Cell> cells;
      for (const auto& column : rows.columns) cells.push_back(column[row]);
      add(piece, rows.times[row], rows.boots[row], cells);
    }
    (*pieces).feed(piece, 0, INT64_MAX);
  }
  (*pieces).finish();
  ASSERT_EQ(whole.steps.size(), pieces.steps.size());
  for (std::size_t n = 0; n < whole.steps.size(); ++n) EXPECT_EQ(whole.steps[n].summaries, pieces.steps[n].summaries);
}

// One series' steps.
std::vector<Summary> of(metrics::Series series,
                        const std::vector<std::tuple<std::int64_t, std::uint32_t, metrics::Cell>>& ticks,
                        std::int64_t from = 0) {
  const std::vector<domain::StoredSeries> one{{domain::SeriesNumber{0}, std::move(series)}};
  auto sources = all_sources(one);
  (void)resolve_inputs(sources);
  Rows rows = no_rows(1);
  for (const auto& [time, boot, cell] : ticks) add(rows, time, boot, {cell});
  Collected got(sources, kMinute);
  (*got).feed(rows, from, INT64_MAX);
  (*got).finish();
  std::vector<Summary> summaries;
  for (const auto& step : got.steps) summaries.push_back(step.summaries.front());
  return summaries;
}

const metrics::Series kBytes{{"bytes", {}}, "By", metrics::Kind::counter, {1, 1}};

TEST(Summarizer, ACountersIncreasesAddUpToAllItCounted) {
  const auto n = [](std::int64_t value) { return metrics::integer(value); };
  const auto got = of(kBytes, {{0, 1, n(1'000)},
                               {30'000, 1, n(1'600)},  // 20 a second
                               {70'000, 1, n(1'600)},  // the next minute: nothing
                               {80'000, 2, n(50)},     // a boot: 50 since
                               {90'000, 2, n(90)},     // 4 a second
                               {100'000, 2, n(7)}});   // the source was restarted: 7 since
  ASSERT_THAT(got, SizeIs(2));
  EXPECT_EQ(
      got[0],
      (Summary{.count = 2, .minimum = 20, .maximum = 20, .sum = 600, .covered = 30'000, .extra = 0, .last = 1'600}));
  EXPECT_EQ(got[1],
            (Summary{.count = 4, .minimum = 0, .maximum = 4, .sum = 40, .covered = 50'000, .extra = 57, .last = 7}));
}

TEST(Summarizer, EarlierTicksOnlyTellWhereACounterStood) {
  const auto got = of(kBytes, {{10'000, 1, metrics::integer(100)}, {65'000, 1, metrics::integer(650)}}, 60'000);
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_EQ(got[0].sum, 550);
  EXPECT_EQ(got[0].covered, 55'000);
}

TEST(Summarizer, AClockThatWasSetBackIsNoBootAndGivesNoRate) {
  const auto got =
      of(kBytes, {{1'000, with_epoch(1, 0), metrics::integer(100)}, {2'000, with_epoch(1, 1), metrics::integer(130)}});
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_EQ(got[0].covered, 0);
  EXPECT_EQ(got[0].extra, 30) << "counted all the same";
}

TEST(Summarizer, AnAbsenceGivesNoRateButItsIncrease) {
  const auto n = [](std::int64_t value) { return metrics::integer(value); };
  const auto got =
      of(kBytes, {{0, 1, n(100)}, {600'000, 1, n(700)}, {1'200'001, 1, n(5'000)}, {1'201'001, 1, n(5'010)}});
  ASSERT_THAT(got, SizeIs(3));
  EXPECT_EQ(got[1].sum, 600) << "ten minutes are none";
  EXPECT_EQ(got[2].extra, 4'300);
  EXPECT_EQ(got[2].sum, 10);
  EXPECT_EQ(got[2].covered, 1'000);
}

TEST(Summarizer, TicksBehindRowsBeginAnew) {
  const std::vector<domain::StoredSeries> one{{domain::SeriesNumber{0}, kBytes}};
  auto sources = all_sources(one);
  (void)resolve_inputs(sources);
  Collected got(sources, kMinute);
  Rows before = no_rows(1), after = no_rows(1);
  add(before, 0, 1, {metrics::integer(100)});
  add(after, 120'000, 1, {metrics::integer(900)});
  add(after, 121'000, 1, {metrics::integer(907)});
  (*got).feed(before, 0, INT64_MAX);
  (*got).feed(TierRows{{kMinute}, {{Summary{.count = 2, .sum = 800, .covered = 60'000, .last = 900}}}});
  (*got).feed(after, 0, INT64_MAX);
  (*got).finish();
  ASSERT_THAT(got.steps, SizeIs(3));
  EXPECT_EQ(got.steps[2].summaries[0].sum, 7) << "the rows counted the 800";
}

TEST(Summarizer, WhatIsNoNumberCountsNowhere) {
  const auto counter =
      of({{"real", {}}, "1", metrics::Kind::counter, metrics::kReal},
         {{0, 1, real(1.5)}, {1'000, 1, real(std::nan(""))}, {2'000, 1, real(2.5)}, {60'000, 1, real(INFINITY)}});
  ASSERT_THAT(counter, SizeIs(1));
  EXPECT_EQ(counter[0].count, 2);
  EXPECT_EQ(counter[0].sum, 1);
  const auto got =
      of({{"real", {}}, "1", metrics::Kind::gauge, metrics::kReal},
         {{0, 1, real(1.5)}, {1'000, 1, real(std::nan(""))}, {2'000, 1, real(INFINITY)}, {60'000, 1, real(NAN)}});
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_EQ(got[0].count, 1);
  EXPECT_EQ(got[0].maximum, 1.5);
}

// One counter alone.
struct Lone {
  std::vector<domain::StoredSeries> series{
      {domain::SeriesNumber{3}, {{"bytes", {}}, "By", metrics::Kind::counter, {1, 1}}}};
  std::vector<Source> sources = all_sources(series);
  std::vector<std::uint32_t> wanted = resolve_inputs(sources);
};

Rows lone_rows(std::int64_t time, std::vector<metrics::Cell> cells) {
  Rows rows = no_rows(1);
  for (const auto cell : cells) add(rows, time, 1, {cell}), time += 1'000;
  return rows;
}

TEST(Summarizer, DoesNotCountAgainWhatTheRowsBetweenTicksCounted) {
  const Lone lone;
  Collected hours(lone.sources, kHour);
  (*hours).feed(lone_rows(0, {metrics::integer(100), metrics::integer(200)}), 0, kHour - 1);
  TierRows rows{{kHour}, {{{.count = 2, .sum = 50, .covered = 1'000, .last = 250}}}};
  (*hours).feed(rows);
  (*hours).feed(lone_rows(2 * kHour - 1'000, {metrics::Cell{}, metrics::integer(260)}), 2 * kHour, 3 * kHour - 1);
  (*hours).finish();
  ASSERT_THAT(hours.steps, SizeIs(3));
  EXPECT_EQ(hours.steps[0].summaries[0].sum, 100);
  EXPECT_EQ(hours.steps[1].summaries[0].sum, 50);
  EXPECT_EQ(hours.steps[2].summaries[0].sum, 0) << "where it stood before isn't known";
}

TEST(Summarizer, AsksOnceARunWhereCountersStoodThatTheTicksBeforeDidNotTell) {
  const Lone lone;
  std::vector<std::int64_t> asked;
  std::vector<Step> steps;
  Summarizer hours(
      lone.sources, kHour,
      [&](std::int64_t begin, auto summaries) { steps.push_back({begin, {summaries.begin(), summaries.end()}}); },
      [&](std::int64_t time, std::span<const std::uint32_t> series) {
        EXPECT_EQ(std::vector(series.begin(), series.end()), std::vector<std::uint32_t>{3});
        asked.push_back(time);
        return std::vector<std::optional<metrics::CounterPoint>>{
            metrics::CounterPoint{units::from_unix_ms(time - 10'000), 1, metrics::integer(40)}};
      });
  hours.feed(lone_rows(kHour, {{}, {}}), 0, INT64_MAX);
  EXPECT_TRUE(asked.empty()) << "nothing to know it for";
  hours.feed(lone_rows(kHour + 60'000, {{}, metrics::integer(100), metrics::integer(110)}), 0, INT64_MAX);
  hours.finish();
  EXPECT_EQ(asked, std::vector<std::int64_t>{kHour});
  ASSERT_THAT(steps, SizeIs(1));
  EXPECT_EQ(steps[0].summaries[0].sum, 60 + 10);
  EXPECT_EQ(steps[0].summaries[0].covered, 10'000 + 61'000 + 1'000);
}

TEST(TierCodec, GivesBackWhatItWasGiven) {
  const Asked asked;
  Collected minutes(asked.sources, kMinute);
  (*minutes).feed(some_rows(3), 0, INT64_MAX);
  (*minutes).finish();
  const TierRows rows = as_rows(minutes.steps, asked.sources.size());
  const auto encoded = encode_tier(domain::HostNumber{1}, 7, rows, asked.sources);
  std::vector<StoredChunk> chunks;
  for (const auto& [group, blob] : encoded.groups) chunks.push_back({7, group, 0, blob});
  const auto decoded = decode_tier(chunks, asked.sources);
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(decoded->times, rows.times);
  for (std::size_t n = 0; n < asked.sources.size(); ++n) {
    const double rounding = asked.sources[n].derived ? 0.5e-4 : asked.sources[n].level() ? 0 : 0.5e-3;
    for (std::size_t row = 0; row < rows.times.size(); ++row) {
      const Summary &had = rows.columns[n][row], &has = decoded->columns[n][row];
      ASSERT_EQ(has.count, had.count);
      if (had.count == 0) continue;
      ASSERT_EQ(has.sum, had.sum);
      ASSERT_EQ(has.covered, had.covered);
      ASSERT_EQ(has.extra, had.extra);
      ASSERT_EQ(has.last, had.last);
      ASSERT_NEAR(has.minimum, had.minimum, rounding * 1.0001);
      ASSERT_NEAR(has.maximum, had.maximum, rounding * 1.0001);
    }
  }
}

TEST(TierCodec, OfSeriesInSeveralGroupsReadsOnlyThoseAskedFor) {
  std::vector<domain::StoredSeries> many;
  for (std::uint32_t n = 0; n < 200; ++n) {
    many.push_back(
        {domain::SeriesNumber{n}, {{"level", {{"n", std::to_string(n)}}}, "1", metrics::Kind::gauge, {1, 1}}});
  }
  const auto sources = all_sources(many);
  TierRows rows;
  rows.times = {0, kMinute};
  for (std::uint32_t n = 0; n < 200; ++n) {
    const auto value = static_cast<double>(n);
    const Summary there{.count = 1, .minimum = value, .maximum = value, .sum = value, .last = n};
    rows.columns.push_back({n < 100 ? there : Summary{}, there});
  }
  const auto encoded = encode_tier(domain::HostNumber{1}, 7, rows, sources);
  ASSERT_THAT(encoded.groups, SizeIs(4));
  std::vector<StoredChunk> chunks;
  for (const auto& [group, blob] : encoded.groups) {
    if (group == 0 || group == 3) chunks.push_back({7, group, 0, blob});
  }
  const std::vector<Source> some{sources[199], sources[5]};
  const auto decoded = decode_tier(chunks, some);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->columns[0][0].count, 0);
  EXPECT_EQ(decoded->columns[0][1].sum, 199);
  EXPECT_EQ(decoded->columns[1][0].sum, 5);
  chunks.back().blob[chunks.back().blob.size() / 2] ^= 1;
  EXPECT_FALSE(decode_tier(chunks, sources));
}

}  // namespace
}  // namespace vedette::history
