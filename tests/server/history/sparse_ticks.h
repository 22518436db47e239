// Days of ticks for tests of the tiers, and what is left when these are gone.
#pragma once

#include <filesystem>
#include <vector>

#include "tests/server/history/a_store.h"

namespace vedette::history {

inline constexpr std::int64_t kDay = 86'400;

// Ticks a minute apart: kDay / 60 of them a day.
inline domain::SharedBatch sparse(std::uint64_t first, std::int64_t from, std::int64_t seconds) {
  auto made = std::make_shared<Batch>();
  made->host = kHost;
  made->stream = 9;
  made->first = first;
  made->live = false;
  for (std::int64_t n = from; n < from + seconds; n += 60) made->ticks.push_back(tick(n));
  return made;
}

inline void fill(Store& store, std::int64_t from, std::int64_t seconds, std::uint64_t first = 1) {
  ASSERT_TRUE(store.submit(sparse(first, from, seconds)));
  ASSERT_TRUE(store.seal_all());
}

inline void remove_raw(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with("raw-")) files.push_back(entry.path());
  }
  ASSERT_FALSE(files.empty());
  for (const auto& file : files) std::filesystem::remove(file);
}

}  // namespace vedette::history
