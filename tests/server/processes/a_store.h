// A store of process lists to test, a clock that the test moves, and what the store told as stored.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "server/processes/store.h"
#include "tests/temporary_directory.h"

namespace vedette::processes {

using domain::HostNumber;
using domain::Process;
using domain::ProcessList;
using namespace std::chrono_literals;

inline constexpr HostNumber kHost{7}, kOther{8};
inline constexpr units::Instant kNoon = units::from_unix_ms(1'795'435'200'000);  // 2026-11-23 12:00 UTC
inline constexpr std::chrono::days kDays1{1};

class MovedClock final : public domain::Clock {
 public:
  /// Both hands.
  void advance(units::Milliseconds by) { since_ += by.count(); }
  /// The wall's only, as by who sets it.
  void jump(units::Milliseconds by) { jumped_ += by.count(); }
  [[nodiscard]] units::Instant now() const override { return kNoon + units::Milliseconds{since_ + jumped_}; }
  [[nodiscard]] units::Steady steady() const override { return units::Steady{} + 1h + units::Milliseconds{since_}; }

 private:
  std::atomic<std::int64_t> since_{0}, jumped_{0};
};

/// One whose contents follow from its time.
inline ProcessList list_at(units::Instant at) {
  const auto n = static_cast<std::uint32_t>(units::unix_ms(at) / 1000 % 1000);
  return {.at = at,
          .span = 60s,
          .count = 200 + n,
          .top = {{.pid = 812, .name = "postgres", .cpu_permille = 900 + n, .memory_kib = 2'000'000, .read_bytes = n},
                  {.pid = 1, .name = "systemd", .cpu_permille = 1, .memory_kib = 12'000, .arguments = "/sbin/init"}}};
}

inline Options options_in(const std::filesystem::path& directory) {
  Options options;
  options.directory = directory;
  options.commit_every = 1ms;
  options.checkpoint_every = 0ms;
  options.retain_every = 0ms;
  options.least_free = 0;
  return options;
}

/// What was told as stored.
class Told {
 public:
  using Ids = std::vector<std::pair<HostNumber, std::uint64_t>>;
  void add(HostNumber host, std::uint64_t id) {
    {
      const std::lock_guard lock(mutex_);
      ids_.emplace_back(host, id);
    }
    more_.notify_all();
  }
  [[nodiscard]] Ids await(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(more_.wait_for(lock, 30s, [&] { return ids_.size() >= count; })) << ids_.size() << " of " << count;
    return ids_;
  }
  [[nodiscard]] Ids ids() {
    const std::lock_guard lock(mutex_);
    return ids_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  Ids ids_;
};

/// A running store and what it told.
struct Running {
  explicit Running(const Options& options, const domain::Clock& clock) : store(options, clock) {
    store.on_stored([this](HostNumber host, std::uint64_t id) { told.add(host, id); });
    store.start();
  }
  ~Running() { store.stop(); }
  void keep(units::Instant at, HostNumber host = kHost) {
    ASSERT_TRUE(store.submit(host, ++sent, list_at(at)));
    (void)told.await(sent);
  }
  [[nodiscard]] std::vector<units::Instant> times(units::Instant from, units::Instant to,
                                                  HostNumber host = kHost) const {
    std::vector<units::Instant> out;
    const auto lists = store.lists(host, from, to);
    if (!lists) ADD_FAILURE() << lists.error().message;
    for (const auto& list : lists.value_or(std::vector<ProcessList>{})) {
      EXPECT_EQ(list, list_at(list.at));
      out.push_back(list.at);
    }
    return out;
  }

  Told told;  // outlives the store's thread
  Store store;
  std::uint64_t sent = 0;
};

inline bool exists(const tests::TemporaryDirectory& directory, const std::string& name) {
  std::error_code error;
  return std::filesystem::exists(directory / name, error);
}

/// Waits until it holds; false after 30 s.
inline bool await(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace vedette::processes
