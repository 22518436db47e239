#include "server/history/backup.h"

#include "server/history/check.h"
#include "server/sqlite/copy.h"
#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

void copy(const tests::TemporaryDirectory& from, const tests::TemporaryDirectory& to, const std::string& name) {
  const auto done = sqlite::copy_database(from / name, to / name);
  ASSERT_TRUE(done) << done.error().message;
}

TEST(Backup, CopiesChunkFilesFinerOnesFirst) {
  const tests::TemporaryDirectory directory;
  for (const char* name : {"1h-2026.db", "1m-202612.db", "raw-20261123.db", "raw-20261122.db", "1m-202611.db",
                           "raw-20261121.db.damaged", "live.db", "raw-20261123.db-wal"}) {
    ASSERT_TRUE(sqlite::Database::open(directory / name));
  }
  const auto files = chunk_files_in(directory.path());
  ASSERT_TRUE(files);
  std::string names;
  for (const auto& file : *files) names += file_name(file.tier, file.period) + " ";
  EXPECT_EQ(names, "raw-20261122.db raw-20261123.db 1m-202611.db 1m-202612.db 1h-2026.db ");
  EXPECT_EQ(chunk_files_in(directory / "none").error().code, units::ErrorCode::io);
}

// Chunks are copied later than live.db: they hold series and boots that came between.
TEST(Backup, TakesTheRegistryThatItsChunksNeed) {
  const tests::TemporaryDirectory from, to;
  auto store = opened(options_in(from.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 600)));
  ASSERT_TRUE(store->flush());
  copy(from, to, "live.db");
  const metrics::Series late{{"test.late", {}}, "1", metrics::Kind::gauge, {1, 1}};
  ASSERT_EQ(domain::index(store->assign(kHost, std::vector{late})->front()), 3U);
  ASSERT_EQ(store->boot_number(kHost, {1, 2, 3}), 1U);
  auto more = std::make_shared<Batch>(*batch(1, 601, 600, 600));
  for (auto& tick : more->ticks) tick.cells.push_back(metrics::integer(42));
  ASSERT_TRUE(store->submit(more));
  ASSERT_TRUE(store->seal_all());
  copy(from, to, "raw-20261123.db");
  const auto taken = take_registry(to / "live.db", from / "live.db");
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_FALSE(std::filesystem::exists(to / "live.db-wal"));
  EXPECT_FALSE(std::filesystem::exists(to / "live.db-shm"));
  EXPECT_EQ(check_live(to / "live.db", Use::copy)->damage.size(), 0U);
  ASSERT_TRUE(store->submit(batch(1, 1201, 1200, 10))) << "the store goes on";
  ASSERT_TRUE(store->flush());

  auto restored = opened(options_in(to.path()));
  expect_run(*restored, 1200);
  EXPECT_EQ(ask(*restored, "test.late", 0, 2000).average, std::vector<double>(600, 42));
  EXPECT_EQ(restored->boot_number(kHost, {4, 5, 6}), 2U) << "boot 1 isn't given twice";
  const metrics::Series other{{"test.other", {}}, "1", metrics::Kind::gauge, {1, 1}};
  EXPECT_EQ(domain::index(restored->assign(kHost, std::vector{other})->front()), 4U);
}

TEST(Backup, LeavesOutTheTicksOfAHostThatWasRemovedMeanwhile) {
  const tests::TemporaryDirectory from, to;
  auto store = opened(options_in(from.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 600)));
  ASSERT_TRUE(store->flush());
  copy(from, to, "live.db");
  ASSERT_TRUE(store->forget(kHost));
  ASSERT_TRUE(take_registry(to / "live.db", from / "live.db"));
  auto restored = opened(options_in(to.path()));
  EXPECT_TRUE(restored->series(kHost).empty());
  announce(*restored);
  EXPECT_EQ(ask(*restored, "test.level", 0, 2000).t.size(), 0U);
}

TEST(Backup, RefusesARegistryOfAnotherSchema) {
  const tests::TemporaryDirectory from, to;
  opened(options_in(from.path())).reset();
  copy(from, to, "live.db");
  ASSERT_TRUE(sqlite::Database::open(to / "live.db")->execute("PRAGMA user_version = 1"));
  const auto taken = take_registry(to / "live.db", from / "live.db");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, units::ErrorCode::unavailable);
}

}  // namespace
}  // namespace vedette::history
