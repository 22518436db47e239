// The store against a model that keeps every tick in a map: random hosts, series, orders, seals and restarts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "server/history/answer.h"
#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

constexpr std::size_t kSeries = 150;  // three column groups
const char* const kModes[] = {"user", "system", "idle", "iowait"};

std::vector<metrics::Series> series_of_a_host() {
  std::vector<metrics::Series> all;
  for (const char* mode : kModes) {
    all.push_back({{"system.cpu.time", {{"mode", mode}}}, "s", metrics::Kind::counter, {1, 100}});
  }
  while (all.size() < kSeries) {
    all.push_back({{"test.level", {{"n", std::to_string(all.size())}}}, "1", metrics::Kind::gauge, {1, 1}});
  }
  return all;
}

using Points = std::vector<std::pair<std::int64_t, double>>;
// What a step is made of: a point, and what it weighs in the average (a rate: the time it holds for).
struct Weighed {
  std::int64_t time;
  double value, weight;
  std::int64_t gap = 0;  ///< ms since the tick it begins with
};
constexpr std::int64_t kHorizon = 3 * 3'600'000;

class Model {
 public:
  // Counters follow from time alone, so that ticks may come in any order.
  static domain::Tick make(std::mt19937_64& random, std::size_t width) {
    domain::Tick tick;
    const auto at = static_cast<std::int64_t>(random() % kHorizon);
    tick.at = units::from_unix_ms(kStart + at);
    tick.boot = at < kHorizon / 2 ? 1 : 2;
    tick.cells.resize(width);
    for (std::size_t n = 0; n < width; ++n) {
      if (random() % 20 == 0) continue;
      const std::int64_t value =
          n < 4 ? at / 10 * static_cast<std::int64_t>(n + 1) : static_cast<std::int64_t>(random() % 1000);
      tick.cells[n] = metrics::integer(value);
    }
    return tick;
  }
  void add(HostNumber host, const domain::Tick& tick) { hosts_[host].try_emplace(units::unix_ms(tick.at), tick); }

  [[nodiscard]] Points values(HostNumber host, std::size_t series, double quantum) {
    Points points;
    for (const auto& [time, tick] : hosts_[host]) {
      if (series < tick.cells.size() && tick.cells[series].present) {
        points.emplace_back(time, static_cast<double>(tick.cells[series].bits) * quantum);
      }
    }
    return points;
  }
  [[nodiscard]] std::vector<Weighed> rates(HostNumber host, std::size_t series) {
    std::vector<Weighed> points;
    const domain::Tick* before = nullptr;
    for (const auto& [time, tick] : hosts_[host]) {
      if (series >= tick.cells.size() || !tick.cells[series].present) continue;
      if (before && before->boot == tick.boot) {
        const auto counted = static_cast<double>(tick.cells[series].bits - before->cells[series].bits) / 100;
        const auto seconds = static_cast<double>(time - units::unix_ms(before->at)) / 1000;
        points.push_back({time, counted / seconds, seconds, time - units::unix_ms(before->at)});
      }
      before = &tick;
    }
    return points;
  }
  [[nodiscard]] std::vector<Weighed> utilization(HostNumber host) {
    std::vector<Weighed> points;
    const domain::Tick* before = nullptr;
    for (const auto& [time, tick] : hosts_[host]) {
      if (tick.cells.size() < 4 ||
          !std::all_of(tick.cells.begin(), tick.cells.begin() + 4, [](auto c) { return c.present; }))
        continue;
      const auto change = [&](std::size_t n) {
        return static_cast<double>(tick.cells[n].bits - before->cells[n].bits);
      };
      if (before && before->boot == tick.boot) {
        const double all = change(0) + change(1) + change(2) + change(3);
        if (all > 0)
          points.push_back(
              {time, std::clamp(1 - (change(2) + change(3)) / all, 0.0, 1.0), all, time - units::unix_ms(before->at)});
      }
      before = &tick;
    }
    return points;
  }

 private:
  std::map<HostNumber, std::map<std::int64_t, domain::Tick>> hosts_;
};

Points within(Points points, std::int64_t from, std::int64_t to) {
  std::erase_if(points, [&](const auto& point) { return point.first < from || point.first > to; });
  return points;
}

domain::HistoryColumns answer(const Store& store, HostNumber host, const metrics::Selector& series, std::int64_t from,
                              std::int64_t to, std::int64_t step, bool totals) {
  auto got = store.query(
      {host, {series}, units::from_unix_ms(from), units::from_unix_ms(to), units::Milliseconds{step}, totals});
  EXPECT_TRUE(got) << got.error().message;
  return got && !got->series.empty() ? got->series.front() : domain::HistoryColumns{};
}

void expect_points(const domain::HistoryColumns& got, const Points& expected) {
  ASSERT_EQ(got.t.size(), expected.size());
  for (std::size_t n = 0; n < expected.size(); ++n) {
    ASSERT_EQ(units::unix_ms(got.t[n]), expected[n].first);
    ASSERT_NEAR(got.average[n], expected[n].second, 1e-9 * std::max(1.0, std::abs(expected[n].second)));
  }
}

Points unweighed(const std::vector<Weighed>& points) {
  Points plain;
  for (const auto& [time, value, weight, gap] : points) plain.emplace_back(time, value);
  return plain;
}

std::vector<Weighed> alike(const Points& points) {
  std::vector<Weighed> weighed;
  for (const auto& [time, value] : points) weighed.push_back({time, value, 1, 0});
  return weighed;
}

// Steps begin with the model, and the last is whole. `rounding`: of a built row's extremes.
void expect_steps(const domain::HistoryColumns& got, const std::vector<Weighed>& points, std::int64_t to,
                  std::int64_t step, double rounding) {
  std::map<std::int64_t, std::vector<Weighed>> steps;
  for (const auto& point : points) {
    // Over ten minutes there is no rate that would say anything of a step.
    if (point.time <= to && point.gap <= 600'000) steps[point.time / step * step].push_back(point);
  }
  ASSERT_EQ(got.t.size(), steps.size());
  std::size_t n = 0;
  for (const auto& [time, within] : steps) {
    double sum = 0, weights = 0;
    for (const auto& point : within) sum += point.value * point.weight, weights += point.weight;
    ASSERT_EQ(units::unix_ms(got.t[n]), time);
    ASSERT_NEAR(got.average[n], sum / weights, 1e-9 * std::max(1.0, std::abs(sum / weights)));
    ASSERT_NEAR(got.minimum[n], std::ranges::min(within, {}, &Weighed::value).value, rounding);
    ASSERT_NEAR(got.maximum[n], std::ranges::max(within, {}, &Weighed::value).value, rounding);
    ++n;
  }
}

void expect_model(const Store& store, Model& model, HostNumber host, std::mt19937_64& random) {
  const auto all = series_of_a_host();
  const std::size_t series = 4 + random() % (kSeries - 4);
  const std::size_t mode = random() % 4;
  const metrics::Selector level{all[series].key.name, all[series].key.attributes};
  const metrics::Selector counter{all[mode].key.name, all[mode].key.attributes};
  const auto a = kStart + static_cast<std::int64_t>(random() % kHorizon);
  const auto b = kStart + static_cast<std::int64_t>(random() % kHorizon);
  const auto from = std::min(a, b), to = std::max(a, b);
  expect_points(answer(store, host, level, from, to, 0, false), within(model.values(host, series, 1), from, to));
  expect_points(answer(store, host, counter, from, to, 0, true), within(model.values(host, mode, 0.01), from, to));
  // From the start on: a rate's earlier sample is looked for in the nearest slot with ticks only.
  const auto rates = model.rates(host, mode), used = model.utilization(host);
  const metrics::Selector utilization{"system.cpu.utilization", std::nullopt};
  expect_points(answer(store, host, counter, kStart, to, 0, false), within(unweighed(rates), kStart, to));
  expect_points(answer(store, host, utilization, kStart, to, 0, false), within(unweighed(used), kStart, to));
  const std::int64_t others[] = {10'000, 90'000, 300'000};
  for (const std::int64_t step : {std::int64_t{60'000}, std::int64_t{3'600'000}, others[random() % 3]}) {
    const std::int64_t end = (to / step + 1) * step - 1;
    expect_steps(answer(store, host, level, kStart, end, step, false), alike(model.values(host, series, 1)), end, step,
                 0);
    expect_steps(answer(store, host, counter, kStart, end, step, false), rates, end, step, 0.51e-5);
    expect_steps(answer(store, host, utilization, kStart, end, step, false), used, end, step, 0.51e-4);
  }
}

TEST(StoreModel, AnswersAsAMapOfAllTicksWould) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const tests::TemporaryDirectory directory;
    Model model;
    const auto all = series_of_a_host();
    auto store = opened(options_in(directory.path()));
    std::map<HostNumber, std::uint64_t> sent;
    for (int round = 0; round < 120; ++round) {
      const HostNumber host{static_cast<std::uint32_t>(1 + random() % 5)};
      // Series come bit by bit, as disks and interfaces do.
      const std::size_t width = std::min<std::size_t>(kSeries, 4 + static_cast<std::size_t>(round) * 2);
      ASSERT_TRUE(store->assign(host, std::span(all).first(width)));
      auto batch = std::make_shared<Batch>();
      batch->live = false;  // in any order, under a clock that stands still
      batch->host = host;
      batch->stream = 1;
      batch->first = sent[host] + 1;
      for (int n = 0; n < 20; ++n) {
        batch->ticks.push_back(Model::make(random, width));
        model.add(host, batch->ticks.back());
      }
      sent[host] += batch->ticks.size();
      ASSERT_TRUE(store->submit(batch));
      if (random() % 4 == 0) {
        ASSERT_TRUE(store->seal_all());
      }
      if (random() % 3 == 0) {
        ASSERT_TRUE(store->build_all());
      }
      if (random() % 30 == 0) {
        store.reset();
        store = opened(options_in(directory.path()));
      }
      if (round % 10 == 0) expect_model(*store, model, host, random);
    }
    for (std::uint32_t host = 1; host <= 5; ++host) {
      ASSERT_EQ(store->series(HostNumber{host}).size() >= 4, true);
      expect_model(*store, model, HostNumber{host}, random);
    }
  }
}

TEST(Answer, OverTwoMillionPointsIsRefusedWithWhatToDo) {
  const std::vector<domain::StoredSeries> stored{{domain::SeriesNumber{0}, kGauge}};
  AnswerBuilder builder({kHost, {{"test.level", std::nullopt}}, kFirstInstant, kEndInstant, {}, false}, stored);
  Rows rows;
  rows.columns.resize(1);
  for (std::int64_t n = 0; n <= static_cast<std::int64_t>(kMaxPoints); ++n) rows.times.push_back(n);
  rows.boots.resize(rows.times.size(), 1);
  rows.columns[0].resize(rows.times.size(), metrics::integer(1));
  const auto fed = builder.feed(rows, 0, INT64_MAX);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, units::ErrorCode::invalid);
  EXPECT_NE(fed.error().message.find("larger step"), std::string::npos);
}

// Eleven seconds pass between any two looks.
class HastyClock final : public domain::Clock {
 public:
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(kStart); }
  [[nodiscard]] units::Steady steady() const override { return units::Steady(std::chrono::seconds(11) * ++looks_); }

 private:
  mutable std::atomic<int> looks_{0};
};

TEST(Store, QueryOverTenSecondsEndsWithATimeout) {
  const tests::TemporaryDirectory directory;
  const HastyClock clock;
  auto store = Store::open(options_in(directory.path()), clock);
  ASSERT_TRUE(store) << store.error().message;
  (*store)->start();
  announce(**store);
  ASSERT_TRUE((*store)->submit(batch(1, 1, 0, 10)));
  const auto got = (*store)->query({kHost,
                                    {{"test.level", std::nullopt}},
                                    units::from_unix_ms(kStart),
                                    units::from_unix_ms(kStart + 10'000),
                                    {},
                                    {}});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, units::ErrorCode::timeout);
}

}  // namespace
}  // namespace vedette::history
