// A store to test: one host, three series, a clock that stands still, ticks whose values follow from their numbers.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <bit>
#include <memory>

#include "server/history/store.h"
#include "tests/temporary_directory.h"

namespace vedette::history {

using domain::Batch;
using domain::HostNumber;
using metrics::Cell;

inline constexpr HostNumber kHost{7};
inline constexpr std::int64_t kStart = 1'795'420'800'000;  // 2026-11-23 08:00 UTC, the start of a slot

class TestClock final : public domain::Clock {
 public:
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(kStart); }
  [[nodiscard]] units::Steady steady() const override { return std::chrono::steady_clock::now(); }
};
inline const TestClock kClock;

// A clock that the test moves, both of its hands together.
class MovedClock final : public domain::Clock {
 public:
  void set(units::Milliseconds since_start) { since_ = since_start.count(); }
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(kStart + since_); }
  [[nodiscard]] units::Steady steady() const override {
    return units::Steady{} + std::chrono::hours(1) + units::Milliseconds(since_);
  }

 private:
  std::atomic<std::int64_t> since_{0};
};

// Ten days after the first tick: everything is due to be sealed and built at once, and nothing is too old.
class LaterClock final : public domain::Clock {
 public:
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(kStart) + std::chrono::days(10); }
  [[nodiscard]] units::Steady steady() const override { return std::chrono::steady_clock::now(); }
};
inline const LaterClock kLater;

// How often each step of the store was taken; await() returns once it was.
class Steps {
 public:
  std::function<void(Step)> watch() {
    return [this](Step step) {
      auto& count = counts_[static_cast<std::size_t>(step)];
      ++count;
      count.notify_all();
    };
  }
  [[nodiscard]] int count(Step step) const { return counts_[static_cast<std::size_t>(step)]; }
  void await(Step step, int count) {
    auto& counted = counts_[static_cast<std::size_t>(step)];
    for (int seen = counted; seen < count; seen = counted) counted.wait(seen);
  }

 private:
  std::array<std::atomic<int>, 6> counts_{};
};

inline Options options_in(const std::filesystem::path& directory) {
  Options options;
  options.directory = directory;
  options.commit_every = units::Milliseconds{5};
  options.checkpoint_every = units::Milliseconds{5};
  options.space.reserve = 1U << 20;
  return options;
}

inline std::unique_ptr<Store> opened(Options options, const domain::Clock& clock = kClock) {
  auto store = Store::open(std::move(options), clock);
  EXPECT_TRUE(store) << store.error().message;
  if (!store) std::abort();
  (*store)->start();
  return std::move(*store);
}

inline const metrics::Series kGauge{{"test.level", {}}, "1", metrics::Kind::gauge, {1, 1}};
inline const metrics::Series kCounter{{"test.bytes", {{"device", "a"}}}, "By", metrics::Kind::counter, {1, 1}};
inline const metrics::Series kDouble{{"test.real", {}}, "1", metrics::Kind::gauge, metrics::kReal};

inline void announce(Store& store) {
  const std::vector<metrics::Series> series{kGauge, kCounter, kDouble};
  ASSERT_TRUE(store.assign(kHost, series));
}

// Tick n of a run: at n seconds, level n, 100 bytes a second, n / 4.
inline domain::Tick tick(std::int64_t n, std::uint32_t boot = 1) {
  return {units::from_unix_ms(kStart + n * 1000),
          boot,
          {metrics::integer(n), metrics::integer(n * 100),
           metrics::integer(std::bit_cast<std::int64_t>(0.25 * static_cast<double>(n)))}};
}

inline domain::SharedBatch batch(std::uint64_t stream, std::uint64_t first, std::int64_t from, std::int64_t count) {
  auto made = std::make_shared<Batch>();
  made->host = kHost;
  made->stream = stream;
  made->first = first;
  made->live = false;  // the clock doesn't follow
  for (std::int64_t n = from; n < from + count; ++n) made->ticks.push_back(tick(n));
  return made;
}

// Leaves these batches sealed in the directory.
inline void seal_in(const std::filesystem::path& directory, std::initializer_list<domain::SharedBatch> batches) {
  auto store = opened(options_in(directory));
  announce(*store);
  for (const auto& one : batches) ASSERT_TRUE(store->submit(one));
  ASSERT_TRUE(store->seal_all());
}

// The same with minutes and hours of them.
inline void build_in(const std::filesystem::path& directory, std::initializer_list<domain::SharedBatch> batches) {
  seal_in(directory, batches);
  auto store = opened(options_in(directory));
  ASSERT_TRUE(store->build_all());
}

inline domain::HistoryColumns ask(const Store& store, const char* name, std::int64_t from, std::int64_t to,
                                  std::int64_t step = 0, bool totals = false) {
  auto answer = store.query({kHost,
                             {{name, std::nullopt}},
                             units::from_unix_ms(kStart + from * 1000),
                             units::from_unix_ms(kStart + to * 1000),
                             units::Milliseconds{step},
                             totals});
  EXPECT_TRUE(answer) << answer.error().message;
  if (!answer || answer->series.empty()) return {};
  return answer->series.front();
}

// Every tick 0 … count-1 exactly once.
inline void expect_run(const Store& store, std::int64_t count) {
  const auto got = ask(store, "test.level", 0, count + 1'000);
  ASSERT_EQ(got.average.size(), static_cast<std::size_t>(count));
  for (std::int64_t n = 0; n < count; ++n) {
    ASSERT_EQ(got.average[static_cast<std::size_t>(n)], static_cast<double>(n));
    ASSERT_EQ(units::unix_ms(got.t[static_cast<std::size_t>(n)]), kStart + n * 1000);
  }
}

// The minutes of ticks 0 … count-1.
inline void expect_minutes(const Store& store, std::int64_t count) {
  const auto level = ask(store, "test.level", 0, count + 1'000, 60'000);
  const auto bytes = ask(store, "test.bytes", 0, count + 1'000, 60'000);
  const auto minutes = static_cast<std::size_t>((count + 59) / 60);
  ASSERT_EQ(level.t.size(), minutes);
  ASSERT_EQ(bytes.t.size(), count > 1 ? minutes - (count % 60 == 1 && minutes == 1 ? 1 : 0) : 0);
  for (std::size_t n = 0; n < minutes; ++n) {
    const auto first = static_cast<std::int64_t>(n) * 60, last = std::min(first + 60, count) - 1;
    ASSERT_EQ(units::unix_ms(level.t[n]), kStart + first * 1000);
    ASSERT_EQ(level.minimum[n], static_cast<double>(first));
    ASSERT_EQ(level.maximum[n], static_cast<double>(last));
    ASSERT_EQ(level.average[n], static_cast<double>(first + last) / 2);
    if (n < bytes.t.size()) {
      ASSERT_EQ(bytes.average[n], 100);
      ASSERT_EQ(bytes.minimum[n], 100);
      ASSERT_EQ(bytes.maximum[n], 100);
    }
  }
}

}  // namespace vedette::history
