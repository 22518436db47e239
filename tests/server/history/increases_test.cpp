// How far counters went, to the byte: against a network whose every byte is known.
#include "server/history/increases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

units::Instant utc(int year, unsigned month, unsigned day, int hour = 0) {
  return std::chrono::sys_days{std::chrono::year(year) / month / day} + std::chrono::hours(hour);
}

metrics::Series counter(const std::string& name, metrics::Quantum quantum = {1, 1}) {
  return {{"net", {{"interface", name}}}, "By", metrics::Kind::counter, quantum};
}

const std::vector<metrics::Selector> kNet{{"net", std::nullopt}};

/// By interface and the beginning of its month: bytes.
using Amounts = std::map<std::pair<std::string, units::Instant>, std::uint64_t>;

/// Interfaces as a kernel counts them, and beside that what really passed while the agent watched.
class Network {
 public:
  enum Name : std::uint8_t { wide, narrow, passing, late, kNames };
  static constexpr std::array<const char*, kNames> kSeries{"wide", "narrow", "passing", "late"};

  explicit Network(std::vector<units::Instant> borders, std::uint64_t seed)
      : borders_(std::move(borders)), random_(seed) {
    counters_[wide] = 1'000'000'000'000'000'000;  // what it counted before the agent came
    counters_[narrow] = 4'000'000'000;
    there_ = {true, true, true, false};
  }

  /// What passes before the next tick: on wide more than 2^53 a month.
  void pass() {
    count(wide, random_() % (1ULL << 45) + 1);
    count(narrow, random_() % (1ULL << 26));  // far below a sixteenth of 2^32
    // Little at first, so that it shows that the count began again.
    if (there_[passing])
      count(passing, counters_[passing] == 0 ? 1 + random_() % 1'000 : 1'000'000 + random_() % 1'000);
    if (there_[late]) count(late, random_() % 1'000);
  }
  void reboot() {
    ++boot_;
    counters_ = {};
    uncounted_ = {};
  }
  /// The interface goes with its counter; what it counted since the last tick nobody saw.
  void remove(Name name) {
    there_[name] = false;
    counters_[name] = uncounted_[name] = 0;
  }
  void add(Name name) { there_[name] = true; }
  /// It has counted so much that it shows when it begins again.
  [[nodiscard]] bool well_under_way(Name name) const { return counters_[name] > 1'000'000; }

  /// What the agent sees at `at`; belongs to the month of `at`.
  domain::Tick tick(units::Instant at) {
    domain::Tick tick{at, boot_, {}};
    const auto border = *std::prev(std::ranges::upper_bound(borders_, at));
    for (std::size_t n = 0; n < kNames; ++n) {
      tick.cells.push_back(there_[n] ? metrics::integer(static_cast<std::int64_t>(counters_[n])) : metrics::Cell{});
      if (!there_[n]) continue;
      auto& amount = amounts_[{kSeries[n], border}];
      if (seen_[n]) amount += uncounted_[n];
      seen_[n] = true;
      uncounted_[n] = 0;
    }
    return tick;
  }
  [[nodiscard]] const Amounts& amounts() const { return amounts_; }

 private:
  void count(Name name, std::uint64_t bytes) {
    counters_[name] += bytes;
    uncounted_[name] += bytes;
    if (name == narrow) counters_[name] %= 1ULL << 32;
  }
  const std::vector<units::Instant> borders_;
  std::mt19937_64 random_;
  std::uint32_t boot_ = 1;
  std::array<std::uint64_t, kNames> counters_{}, uncounted_{};
  std::array<bool, kNames> there_{}, seen_{};
  Amounts amounts_;
};

std::vector<units::Instant> months() {
  return {utc(2026, 8, 15), utc(2026, 9, 15), utc(2026, 10, 15), utc(2026, 11, 15), utc(2026, 12, 15)};
}

/// Ten weeks: ticks a few minutes apart, reboots, an interface that comes and goes, five days without a tick and a
/// reboot over the border of two months.
std::vector<domain::Tick> ten_weeks(Network& network, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto gap = utc(2026, 10, 12, 7), border = utc(2026, 11, 14, 23) + 40min;
  std::vector<domain::Tick> ticks;
  bool passing = true;
  units::Instant changed{};
  units::Milliseconds least{};
  for (auto at = utc(2026, 9, 20, 3) + 17s; at < utc(2026, 11, 29);) {
    network.pass();
    ticks.push_back(network.tick(at));
    auto next = at + units::Milliseconds(60'000 + random() % 600'000);
    if (at < gap && next >= gap) next += std::chrono::days(5);
    const bool over_border = at < border && next >= border;
    if (over_border) next += 3h;
    if (over_border || random() % 500 == 0) network.reboot();
    if (random() % 50 == 0 && at - changed > least && (!passing || network.well_under_way(Network::passing))) {
      passing = !passing;
      passing ? network.add(Network::passing) : network.remove(Network::passing);
      changed = at;
      least = passing ? units::Milliseconds(1h) : units::Milliseconds(random() % 86'400'000);
    }
    if (ticks.size() == 5'000) network.add(Network::late);
    at = next;
  }
  return ticks;
}

/// A tenth comes late, in pieces of up to two days. What comes before a piece tells as well as the piece that the
/// passing interface began again after it: the hour in which that comes back isn't added up anew (docs/traffic.md).
std::pair<std::vector<domain::Tick>, std::vector<domain::Tick>> split(const std::vector<domain::Tick>& ticks) {
  std::vector<domain::Tick> on_time, late;
  bool piece = false, shows = false;
  for (const auto& tick : ticks) {
    piece = tick.at.time_since_epoch() / 1h % 480 < 48 && (piece || shows);
    (piece ? late : on_time).push_back(tick);
    const auto& passing = tick.cells[Network::passing];
    shows = !passing.present || passing.bits > 1'000'000;
  }
  return {std::move(on_time), std::move(late)};
}

domain::SharedBatch batch_of(std::uint64_t stream, std::vector<domain::Tick> ticks) {
  auto made = std::make_shared<Batch>();
  made->host = kHost;
  made->stream = stream;
  made->first = 1;
  made->live = false;
  made->ticks = std::move(ticks);
  return made;
}

Amounts amounts_in(const Store& store, const std::vector<units::Instant>& borders) {
  const auto answer = store.increases({kHost, kNet, borders});
  EXPECT_TRUE(answer) << answer.error().message;
  Amounts amounts;
  if (!answer) return amounts;
  for (const auto& one : *answer) {
    for (std::size_t n = 0; n < one.stretches.size(); ++n) {
      if (!one.stretches[n]) continue;
      amounts[{std::string(*one.key.attribute("interface")), borders[n]}] = one.stretches[n]->amount;
    }
  }
  return amounts;
}

void remove_files(const std::filesystem::path& directory, const std::string& prefix) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with(prefix)) files.push_back(entry.path());
  }
  ASSERT_FALSE(files.empty());
  for (const auto& file : files) std::filesystem::remove(file);
}

/// Nothing goes for its age.
Options keeping(const std::filesystem::path& directory) {
  Options options = options_in(directory);
  options.keep.ages.fill(units::Milliseconds(std::chrono::days(3'650)));
  return options;
}

/// Before all ticks: files made for days long over count as parts of what was there.
const domain::Clock& early_clock() {
  static MovedClock clock;
  clock.set(-std::chrono::days(70));
  return clock;
}

std::unique_ptr<Store> network_store(const std::filesystem::path& directory) {
  auto store = opened(keeping(directory), early_clock());
  std::vector<metrics::Series> series;
  for (const char* name : Network::kSeries) series.push_back(counter(name));
  EXPECT_TRUE(store->assign(kHost, series));
  return store;
}

class ExactIncreases : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ExactIncreases, FromTicksHoursOrBothAndOnceTheTicksAreGone) {
  const tests::TemporaryDirectory directory;
  Network network(months(), GetParam());
  const auto ticks = ten_weeks(network, GetParam());
  const Amounts expected = network.amounts();
  ASSERT_GT(expected.at({"wide", utc(2026, 10, 15)}), 1ULL << 53);
  const auto [on_time, late] = split(ticks);
  {
    auto store = network_store(directory.path());
    ASSERT_TRUE(store->submit(batch_of(1, on_time)));
    ASSERT_TRUE(store->seal_all());
    ASSERT_TRUE(store->build_all());
    ASSERT_TRUE(store->submit(batch_of(2, late)));
    ASSERT_TRUE(store->flush());
    EXPECT_EQ(amounts_in(*store, months()), expected) << "late ones in memory";
    ASSERT_TRUE(store->seal_all());
    EXPECT_EQ(amounts_in(*store, months()), expected) << "sealed";
    ASSERT_TRUE(store->build_all());
    EXPECT_EQ(amounts_in(*store, months()), expected) << "built";
  }
  remove_files(directory.path(), "raw-");
  EXPECT_EQ(amounts_in(*network_store(directory.path()), months()), expected) << "without ticks";
  remove_files(directory.path(), "1m-");
  EXPECT_EQ(amounts_in(*network_store(directory.path()), months()), expected) << "hours alone";
}

TEST_P(ExactIncreases, FromTicksThatNothingWasBuiltFrom) {
  const tests::TemporaryDirectory directory;
  Network network(months(), GetParam());
  const auto ticks = ten_weeks(network, GetParam());
  auto store = network_store(directory.path());
  ASSERT_TRUE(store->submit(batch_of(1, ticks)));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(amounts_in(*store, months()), network.amounts()) << "in memory";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExactIncreases, testing::Values(1, 2));

domain::Tick one(units::Instant at, std::initializer_list<std::int64_t> values) {
  domain::Tick tick{at, 1, {}};
  for (const auto value : values) tick.cells.push_back(value < 0 ? metrics::Cell{} : metrics::integer(value));
  return tick;
}

TEST(Increases, OverAGapBelongToTheStretchInWhichTheHostIsBack) {
  const tests::TemporaryDirectory directory;
  auto store = opened(keeping(directory.path()));
  ASSERT_TRUE(store->assign(kHost, std::vector{counter("eth0")}));
  const auto border = utc(2026, 11, 1);
  ASSERT_TRUE(
      store->submit(batch_of(1, {one(border - 50h, {100}), one(border - 49h, {130}), one(border + 70h, {1'130})})));
  ASSERT_TRUE(store->flush());
  const auto answer = store->increases({kHost, kNet, {border - 720h, border, border + 720h, border + 1'440h}});
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->size(), 1U);
  const auto& stretches = answer->front().stretches;
  ASSERT_EQ(stretches.size(), 3U);
  ASSERT_TRUE(stretches[0] && stretches[1]);
  EXPECT_EQ(stretches[0]->amount, 30U) << "the first 100 were there before the agent";
  EXPECT_EQ(stretches[0]->since, border - 50h);
  EXPECT_EQ(stretches[1]->amount, 1'000U);
  EXPECT_EQ(stretches[1]->since, border + 70h);
  EXPECT_FALSE(stretches[2]);
}

TEST(Increases, CountLateTicksOnceThoughTheHourAfterThemIsBuilt) {
  const tests::TemporaryDirectory directory;
  auto store = opened(keeping(directory.path()), early_clock());
  ASSERT_TRUE(store->assign(kHost, std::vector{counter("eth0")}));
  const auto day = utc(2026, 11, 21);
  ASSERT_TRUE(store->submit(batch_of(1, {one(day + 1h, {100}), one(day + 30h, {1'000})})));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->build_all());
  const auto amounts = [&] {
    std::vector<std::uint64_t> all;
    const auto answer = store->increases({kHost, kNet, {day, day + 24h, day + 48h}});
    if (!answer) return all;
    for (const auto& stretch : answer->front().stretches) all.push_back(stretch ? stretch->amount : 0);
    return all;
  };
  EXPECT_THAT(amounts(), testing::ElementsAre(0, 900));
  ASSERT_TRUE(store->submit(batch_of(2, {one(day + 2h, {700})})));
  ASSERT_TRUE(store->flush());
  EXPECT_THAT(amounts(), testing::ElementsAre(600, 300)) << "in memory";
  ASSERT_TRUE(store->seal_all());
  EXPECT_THAT(amounts(), testing::ElementsAre(600, 300)) << "sealed";
  ASSERT_TRUE(store->build_all());
  EXPECT_THAT(amounts(), testing::ElementsAre(600, 300)) << "built";
}

TEST(Increases, AreInBaseUnitsAndOfOneNameTogether) {
  const tests::TemporaryDirectory directory;
  auto store = opened(keeping(directory.path()));
  metrics::Series level = counter("level");
  level.kind = metrics::Kind::gauge;
  ASSERT_TRUE(store->assign(kHost, std::vector{counter("eth0", {1'024, 1}), counter("eth0", {1, 1}),
                                               counter("third", {1, 3}), level, counter("silent")}));
  const auto at = utc(2026, 11, 23, 1);
  ASSERT_TRUE(store->submit(
      batch_of(1, {one(at, {1, -1, 0, 5}), one(at + 60s, {3, 10, 4, 9}), one(at + 120s, {-1, 17, 4, 9})})));
  ASSERT_TRUE(store->flush());
  const auto answer = store->increases({kHost, kNet, {at, at + 1h}});
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->size(), 2U) << "no gauge, and none without a sample";
  EXPECT_EQ(answer->front().stretches.front()->amount, 2U * 1'024 + 7);
  EXPECT_EQ(answer->back().stretches.front()->amount, 1U) << "four thirds";
}

TEST(Increases, OfDoublesAreRoundedOnce) {
  const tests::TemporaryDirectory directory;
  auto store = opened(keeping(directory.path()));
  ASSERT_TRUE(store->assign(kHost, std::vector{counter("eth0", metrics::kReal)}));
  const auto at = utc(2026, 11, 23, 1);
  std::vector<domain::Tick> ticks;
  for (int n = 0; n < 11; ++n)
    ticks.push_back(one(at + std::chrono::hours(n), {std::bit_cast<std::int64_t>(0.25 * n)}));
  ASSERT_TRUE(store->submit(batch_of(1, ticks)));
  ASSERT_TRUE(store->flush());
  const auto answer = store->increases({kHost, kNet, {at, at + 24h}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->front().stretches.front()->amount, 3U) << "of 2.5";
}

TEST(Increases, NeedBordersThatAreWholeHoursInOrder) {
  const auto at = utc(2026, 11, 1);
  const auto fault = [](const std::vector<units::Instant>& borders) {
    const auto good = check_borders(borders);
    return good ? std::string() : good.error().message;
  };
  EXPECT_EQ(fault({at, at + 1h}), "");
  EXPECT_THAT(fault({at}), HasSubstr("2 to 1000"));
  EXPECT_THAT(fault(std::vector<units::Instant>(1'001, at)), HasSubstr("2 to 1000"));
  EXPECT_THAT(fault({at, at}), HasSubstr("ascend"));
  EXPECT_THAT(fault({at, at + 90min}), HasSubstr("whole hours"));
  const tests::TemporaryDirectory directory;
  const auto store = opened(options_in(directory.path()));
  const auto refused = store->increases({kHost, kNet, {at, at + 90min}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, units::ErrorCode::invalid);
}

}  // namespace
}  // namespace vedette::history
