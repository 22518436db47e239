// Files of minutes and hours, or of what these are built from, that are gone, damaged, old or can't be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/server/history/faulty_vfs.h"
#include "tests/server/history/sparse_ticks.h"

namespace vedette::history {
namespace {

TEST(Tiers, WhatCannotBeBuiltKeepsNothingElseFromIt) {
  const tests::TemporaryDirectory directory;
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    fill(*store, 0, 2 * kDay);
  }
  auto store = opened(faulty_in(directory.path()));
  FaultyVfs::refuse("raw-20261123.db");
  EXPECT_FALSE(store->build_all());
  EXPECT_EQ(store->counts().built_slots, 24U + 8U + 2U) << "the hours of the 24th and 25th, and these days";
  EXPECT_THAT(store->trouble(), testing::HasSubstr("raw-20261123.db"));
  FaultyVfs::refuse("");
}

TEST(Tiers, OfAHostThatIsForgottenKeepNoTroubleBehind) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 600)});
  auto store = opened(faulty_in(directory.path()));
  FaultyVfs::refuse("raw-20261123.db");
  EXPECT_FALSE(store->build_all());
  EXPECT_NE(store->trouble(), "");
  FaultyVfs::refuse("");
  ASSERT_TRUE(store->forget(kHost));
  EXPECT_TRUE(store->build_all());
  EXPECT_EQ(store->trouble().find("can't be built"), std::string::npos) << store->trouble();
}

TEST(Tiers, AFileThatIsMovedAwayIsBuiltAnew) {
  const tests::TemporaryDirectory directory;
  domain::HistoryColumns before;
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    fill(*store, 0, 3 * 3'600);
    ASSERT_TRUE(store->build_all());
    before = ask(*store, "test.real", 0, 3 * 3'600 - 1, 3'600'000);
  }
  for (const char* name : {"1m-202611.db", "1h-2026.db"}) std::filesystem::remove(directory / name);
  auto store = opened(options_in(directory.path()));
  ASSERT_TRUE(store->build_all());
  EXPECT_EQ(store->counts().built_slots, 3U + 1U);
  remove_raw(directory.path());
  store = nullptr;
  store = opened(options_in(directory.path()));
  EXPECT_EQ(ask(*store, "test.real", 0, 3 * 3'600 - 1, 3'600'000).average, before.average);
}

TEST(Tiers, OfAFileThatTurnsOutDamagedAreBuiltAnew) {
  const tests::TemporaryDirectory directory;
  build_in(directory.path(), {sparse(1, 0, 3 * 3'600)});
  auto store = opened(options_in(directory.path()));
  {
    std::fstream file(directory / "1m-202611.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4'096);
    file << std::string(60'000, 'x');
  }
  fill(*store, 3 * 3'600, 600, 1'000);
  (void)store->build_all();
  ASSERT_TRUE(store->build_all());
  EXPECT_TRUE(std::filesystem::exists(directory / "1m-202611.db.damaged"));
  remove_raw(directory.path());
  store = nullptr;
  store = opened(options_in(directory.path()));
  EXPECT_EQ(ask(*store, "test.level", 0, 3 * 3'600 - 1, 60'000).t.size(), 180U);
}

// A byte of the last column of the slot's chunk.
void damage(const std::filesystem::path& file, std::int64_t slot) {
  auto database = sqlite::Database::open(file, {.create = false});
  ASSERT_TRUE(database) << database.error().message;
  ASSERT_TRUE(database->execute(
      "UPDATE chunk SET v = CAST(substr(v, 1, length(v) - 9) || x'5A' || substr(v, length(v) - 7) AS BLOB) WHERE "
      "((k >> 18) & 131071) = " +
      std::to_string(slot)));
}

TEST(Tiers, WhatIsDamagedIsReadFromTheSamples) {
  const tests::TemporaryDirectory directory;
  build_in(directory.path(), {sparse(1, 0, 3 * 3'600)});
  damage(directory / "1m-202611.db", 22 * 24 + 9);
  auto store = opened(options_in(directory.path()));
  EXPECT_EQ(ask(*store, "test.real", 0, 3 * 3'600 - 1, 60'000).t.size(), 180U);
  EXPECT_THAT(store->trouble(),
              testing::AllOf(testing::HasSubstr("1m-202611.db, host 7"), testing::HasSubstr("09:00")));
}

TEST(Tiers, FilesOfBeforeThereWereTiersAreBuiltFrom) {
  const tests::TemporaryDirectory directory;
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    fill(*store, 0, 2 * 3'600);
  }
  {
    auto file = sqlite::Database::open(directory / "raw-20261123.db", {.create = false});
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->execute("DROP TABLE stale; DROP TABLE partial; PRAGMA user_version = 1"));
  }
  auto store = opened(options_in(directory.path()));
  ASSERT_TRUE(store->build_all());
  EXPECT_EQ(store->counts().built_slots, 2U + 1U);
  EXPECT_EQ(ask(*store, "test.level", 0, 2 * 3'600 - 1, 3'600'000).average, (std::vector<double>{1'770, 5'370}));
}

}  // namespace
}  // namespace vedette::history
