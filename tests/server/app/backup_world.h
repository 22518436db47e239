// A data directory with days of ticks, and where it is backed up to and restored.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "server/app/backup.h"
#include "server/app/data_check.h"
#include "server/control/store.h"
#include "tests/server/history/a_store.h"

namespace vedette::app {

using history::kHost;
using history::kLater;
using history::kStart;
using history::Store;

inline constexpr std::int64_t kSpacing = 20;         // seconds from tick to tick: a day's file has 4,320
inline constexpr std::uint64_t kMostTicks = 40'000;  // nine days

inline domain::SharedBatch ticks(std::uint64_t first, std::uint64_t count) {
  auto made = std::make_shared<domain::Batch>();
  made->host = kHost;
  made->stream = 1;
  made->first = first;
  made->live = false;
  for (std::uint64_t n = first - 1; n < first - 1 + count; ++n) {
    auto tick = history::tick(static_cast<std::int64_t>(n));
    tick.at = units::from_unix_ms(kStart + static_cast<std::int64_t>(n) * kSpacing * 1000);
    made->ticks.push_back(tick);
  }
  return made;
}

struct BackupWorld {
  tests::TemporaryDirectory directory;
  const std::filesystem::path data = directory / "data", target = directory / "backup", back = directory / "back";

  BackupWorld() {
    std::filesystem::create_directory(data);
    auto store = control::Store::open(data / "control.db");
    EXPECT_TRUE(store && (*store)->add_user("ann", domain::AccessRole::administrator, "x"));
  }
  [[nodiscard]] history::Options options(const std::filesystem::path& in) const {
    auto options = history::options_in(in);
    options.commit_every = units::Milliseconds{1};
    return options;
  }
  // A store of this many ticks, closed; its files are old enough to be known again.
  void fill(std::uint64_t count) const {
    {
      auto store = history::opened(options(data), kLater);
      history::announce(*store);
      ASSERT_TRUE(store->submit(ticks(1, count)));
      ASSERT_TRUE(store->seal_all());
      ASSERT_TRUE(store->build_all());
    }
    age();
  }
  void age() const {
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
      if (entry.path().extension() == ".db") {
        // All of it in the file itself, nothing in its log.
        auto database = sqlite::Database::open(entry.path(), {.create = false});
        ASSERT_TRUE(database && database->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
      }
    }
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
      if (entry.path().extension() == ".db") {
        std::filesystem::last_write_time(entry.path(),
                                         std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
      }
    }
  }
  // Every line that was said; the error if it failed.
  std::pair<std::string, bool> back_up() const {
    std::string said;
    const auto done = Backup{data, target, kLater, [&](const std::string& line) { said += line + "\n"; }}.run();
    return {done ? said : done.error().message, done && *done};
  }
  std::string restore_words() const {
    std::string said;
    const auto done = restore(target, back, [&](const std::string& line) { said += line + "\n"; });
    return done ? said : done.error().message;
  }
  std::string check_words(const std::filesystem::path& in) const {
    const auto checked = check_data(in);
    return checked ? checked->words : checked.error().message;
  }
};

// Each time once, with its own value; the first `count` all there.
inline void expect_ticks(const Store& store, std::uint64_t count) {
  const auto got = history::ask(store, "test.level", 0, static_cast<std::int64_t>(kMostTicks) * kSpacing);
  ASSERT_GE(got.t.size(), count);
  for (std::size_t n = 0; n < got.t.size(); ++n) {
    const auto number = static_cast<std::int64_t>(got.average[n]);
    if (n > 0) {
      ASSERT_LT(got.t[n - 1], got.t[n]);
    }
    if (n < count) {
      ASSERT_EQ(number, static_cast<std::int64_t>(n));
    }
    ASSERT_EQ(units::unix_ms(got.t[n]), kStart + number * kSpacing * 1000);
  }
}

inline void flip_a_byte(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(static_cast<std::streamoff>(at));
  const int old = bytes.get();
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(static_cast<char>(old ^ 0x10));
}

// In the first chunk, wherever the file has its bytes: SQLite leaves some in pages that moved.
inline void damage_a_chunk(const std::filesystem::path& file) {
  std::string blob;
  {
    auto database = sqlite::Database::open(file, {.read_only = true});
    auto statement = database->prepare("SELECT v FROM chunk ORDER BY k LIMIT 1");
    EXPECT_TRUE(*statement->step());
    const auto bytes = statement->blob(0);
    blob.assign(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 60));
  }
  std::ifstream in(file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(all.find(blob), std::string::npos);
  for (auto at = all.find(blob); at != std::string::npos; at = all.find(blob, at + 1)) flip_a_byte(file, at + 40);
}

}  // namespace vedette::app
