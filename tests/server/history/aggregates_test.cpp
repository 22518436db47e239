// What an answer in steps tells of its samples: average, minimum, maximum, last, count, increase.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

using namespace std::chrono_literals;
using domain::Aggregate;
using testing::ElementsAre;
using testing::IsEmpty;

const std::set kAll{Aggregate::average, Aggregate::minimum, Aggregate::maximum,
                    Aggregate::last,    Aggregate::count,   Aggregate::increase};

domain::HistoryColumns ask_for(const Store& store, const std::string& name, std::set<Aggregate> aggregates,
                               bool totals = false, std::int64_t step = 3'600'000) {
  domain::HistoryQuery query{kHost,
                             {{name, std::nullopt}},
                             units::from_unix_ms(kStart),
                             units::from_unix_ms(kStart + 12 * 3'600'000 - 1),
                             units::Milliseconds{step},
                             totals,
                             std::move(aggregates)};
  auto answer = store.query(query);
  EXPECT_TRUE(answer) << answer.error().message;
  return answer && !answer->series.empty() ? answer->series.front() : domain::HistoryColumns{};
}

domain::SharedBatch batch_of(std::vector<domain::Tick> ticks) {
  auto made = std::make_shared<Batch>();
  made->host = kHost;
  made->stream = 3;
  made->first = 1;
  made->live = false;
  made->ticks = std::move(ticks);
  return made;
}

// In seconds: two ticks of an hour, one two hours on after a reboot, two three hours later.
std::vector<domain::Tick> some_ticks() {
  return {tick(100), tick(200), tick(7'300, 2), tick(18'000, 2), tick(18'010, 2)};
}

void expect_all(const Store& store) {
  const auto level = ask_for(store, "test.level", kAll);
  EXPECT_THAT(level.average, ElementsAre(150, 7'300, 18'005));
  EXPECT_THAT(level.minimum, ElementsAre(100, 7'300, 18'000));
  EXPECT_THAT(level.last, ElementsAre(200, 7'300, 18'010));
  EXPECT_THAT(level.count, ElementsAre(2, 1, 2));
  EXPECT_THAT(level.increase, IsEmpty()) << "a level has none";
  const auto real = ask_for(store, "test.real", {Aggregate::last});
  EXPECT_THAT(real.last, ElementsAre(50, 1'825, 4'502.5));
  EXPECT_THAT(real.average, IsEmpty());
  const auto bytes = ask_for(store, "test.bytes", kAll);
  EXPECT_EQ(bytes.series.unit, "By/s");
  EXPECT_THAT(bytes.average, ElementsAre(100, testing::IsNan(), 100));
  EXPECT_THAT(bytes.maximum, ElementsAre(100, testing::IsNan(), 100));
  EXPECT_THAT(bytes.last, ElementsAre(20'000, 730'000, 1'801'000));
  EXPECT_THAT(bytes.count, ElementsAre(2, 1, 2));
  EXPECT_THAT(bytes.increase, ElementsAre(10'000, 730'000, 1'071'000)) << "a new boot's count is part of it";
}

TEST(Aggregates, AreTheSameFromSamplesAndFromHours) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch_of(some_ticks())));
  ASSERT_TRUE(store->flush());
  expect_all(*store);
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->build_all());
  expect_all(*store);
}

TEST(Aggregates, TellOnlyStepsOfWhichTheyKnow) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch_of(some_ticks())));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(ask_for(*store, "test.bytes", {Aggregate::average}).t.size(), 2U) << "no rate, no step, as ever";
  EXPECT_THAT(ask_for(*store, "test.level", {Aggregate::increase}).t, IsEmpty());
  const auto totals = ask_for(*store, "test.bytes", {Aggregate::maximum, Aggregate::increase}, true);
  EXPECT_THAT(totals.maximum, ElementsAre(20'000, 730'000, 1'801'000));
  EXPECT_THAT(totals.increase, ElementsAre(10'000, 730'000, 1'071'000)) << "as=total needs the sample before too";
}

TEST(Aggregates, OfDerivedSeriesHaveNoLast) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  const auto time = [](const char* mode) {
    return metrics::Series{{"system.cpu.time", {{"mode", mode}}}, "s", metrics::Kind::counter, {1, 100}};
  };
  ASSERT_TRUE(store->assign(kHost, std::vector{time("user"), time("idle")}));
  const auto at = [](std::int64_t seconds, std::int64_t user, std::int64_t idle) {
    return domain::Tick{
        units::from_unix_ms(kStart + seconds * 1'000), 1, {metrics::integer(user), metrics::integer(idle)}};
  };
  ASSERT_TRUE(store->submit(batch_of({at(1, 0, 0), at(2, 25, 75), at(3, 50, 150)})));
  ASSERT_TRUE(store->flush());
  const auto busy = ask_for(*store, "system.cpu.utilization", kAll);
  EXPECT_THAT(busy.average, ElementsAre(0.25));
  EXPECT_THAT(busy.count, ElementsAre(2));
  EXPECT_THAT(busy.last, IsEmpty());
  EXPECT_THAT(busy.increase, IsEmpty());
  EXPECT_THAT(ask_for(*store, "system.cpu.time", {Aggregate::increase}).increase, ElementsAre(0.5)) << "seconds";
}

TEST(Aggregates, OfASeriesThatBecameACounterAreUnknownBefore) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  metrics::Series level = kCounter;
  level.kind = metrics::Kind::gauge;
  ASSERT_TRUE(store->assign(kHost, std::vector{level, kCounter}));
  const auto at = [](std::int64_t seconds, metrics::Cell first, metrics::Cell second) {
    return domain::Tick{units::from_unix_ms(kStart + seconds * 1'000), 1, {first, second}};
  };
  const auto n = metrics::integer;
  ASSERT_TRUE(store->submit(batch_of({at(1, n(5), {}), at(3'601, {}, n(9)), at(3'602, {}, n(12))})));
  ASSERT_TRUE(store->flush());
  const auto both = ask_for(*store, "test.bytes", {Aggregate::count, Aggregate::increase});
  EXPECT_THAT(both.count, ElementsAre(1, 2));
  EXPECT_THAT(both.increase, ElementsAre(testing::IsNan(), 3));
}

TEST(Aggregates, ThePercentileIsASampleThat95Of100DontExceed) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  std::vector<domain::Tick> ticks;
  for (std::int64_t n = 0; n < 200; ++n) ticks.push_back(tick((n * 77) % 200));  // 0 … 199, in no order
  std::ranges::sort(ticks, {}, &domain::Tick::at);
  ASSERT_TRUE(store->submit(batch_of(std::move(ticks))));
  ASSERT_TRUE(store->flush());
  const std::set just{Aggregate::percentile_95};
  const auto expect = [&] {
    const auto level = ask_for(*store, "test.level", just);
    EXPECT_THAT(level.percentile_95, ElementsAre(189)) << "the 190th of 200";
    EXPECT_THAT(level.average, IsEmpty());
    EXPECT_THAT(ask_for(*store, "test.level", just, false, 100'000).percentile_95, ElementsAre(94, 194));
    EXPECT_THAT(ask_for(*store, "test.bytes", just).percentile_95, ElementsAre(100)) << "of rates";
  };
  expect();
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->build_all());
  expect();
}

TEST(Aggregates, ThePercentileKnowsNoRateOverALongAbsenceEither) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  // While the host was away its counter went a hundred times as fast.
  auto back = tick(7'300), next = tick(7'301);
  back.cells[1] = metrics::integer(100 * 730'000);
  next.cells[1] = metrics::integer(100 * 730'000 + 100);
  ASSERT_TRUE(store->submit(batch_of({tick(1), tick(2), back, next})));
  ASSERT_TRUE(store->flush());
  const auto bytes = ask_for(*store, "test.bytes", {Aggregate::percentile_95, Aggregate::maximum}, false, 7'200'000);
  EXPECT_THAT(bytes.percentile_95, ElementsAre(100, 100));
  EXPECT_THAT(bytes.maximum, ElementsAre(100, 100));
}

TEST(Aggregates, WithThePercentileTheOtherColumnsAreTheSame) {
  const tests::TemporaryDirectory directory;
  build_in(directory.path(), {batch(3, 1, 0, 7'200)});
  auto store = opened(options_in(directory.path()));
  const auto average = [&](std::set<Aggregate> aggregates) {
    const auto answer = store->query({kHost,
                                      {{"test.level", {}}},
                                      units::from_unix_ms(kStart + 1'830'000),
                                      units::from_unix_ms(kStart + 5'430'000),
                                      units::Milliseconds{3'600'000},
                                      false,
                                      std::move(aggregates)});
    EXPECT_TRUE(answer);
    return answer->series.at(0).average;
  };
  EXPECT_THAT(average({Aggregate::average}), ElementsAre(1'799.5, 5'399.5)) << "whole hours at both ends";
  EXPECT_EQ(average({Aggregate::average, Aggregate::percentile_95}), average({Aggregate::average}));
}

TEST(Aggregates, ThePercentileOfOneSampleIsThatSample) {
  const tests::TemporaryDirectory directory;
  auto store = opened(options_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch_of({tick(7)})));
  ASSERT_TRUE(store->flush());
  EXPECT_THAT(ask_for(*store, "test.level", {Aggregate::percentile_95}).percentile_95, ElementsAre(7));
  EXPECT_THAT(ask_for(*store, "test.bytes", {Aggregate::percentile_95}).t, IsEmpty()) << "no rate, no step";
}

TEST(Aggregates, WhereSamplesAreGoneThePercentileIsOfMinutesAndTheAnswerSaysSo) {
  const tests::TemporaryDirectory directory;
  build_in(directory.path(), {batch(1, 1, 0, 3'600)});
  std::filesystem::remove(directory.path() / "raw-20261123.db");
  auto store = opened(options_in(directory.path()), kLater);
  auto answer = store->query({kHost,
                              {{"test.level", {}}},
                              units::from_unix_ms(kStart),
                              units::from_unix_ms(kStart + 3'600'000 - 1),
                              units::Milliseconds{3'600'000},
                              false,
                              {Aggregate::percentile_95}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->tier, "raw");
  ASSERT_EQ(answer->series.size(), 1U);
  EXPECT_THAT(answer->series.front().percentile_95, ElementsAre(56 * 60 + 29.5)) << "the 57th of 60 minutes";
  ASSERT_EQ(answer->incomplete.size(), 1U);
  EXPECT_EQ(answer->incomplete.front().why, domain::Incomplete::Why::coarser);
  EXPECT_EQ(answer->incomplete.front().tier, "1m");
  EXPECT_EQ(units::unix_ms(answer->incomplete.front().from), kStart);
  EXPECT_EQ(units::unix_ms(answer->incomplete.front().to), kStart + 3'600'000);
}

}  // namespace
}  // namespace vedette::history
