#include "server/sqlite/copy.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/temporary_directory.h"

namespace vedette::sqlite {
namespace {

Database opened(const std::filesystem::path& path, const OpenOptions& options = {}) {
  auto database = Database::open(path, options);
  EXPECT_TRUE(database) << database.error().message;
  return std::move(*database);
}

TEST(Copy, IsOfOneMomentThoughCommitsGoOn) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.make_durable());
  ASSERT_TRUE(database.execute("PRAGMA user_version = 7; CREATE TABLE t(x, y)"));
  ASSERT_TRUE(
      database.execute("WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 1000) "
                       "INSERT INTO t SELECT v, randomblob(3000) FROM n"));
  std::atomic<int> commits{0};
  std::jthread writer([&](const std::stop_token& stop) {
    // Both at once, so that a copy that mixes two moments shows.
    while (!stop.stop_requested()) {
      ASSERT_TRUE(database.execute("UPDATE t SET x = x + 1 WHERE rowid IN (1, 1000)"));
      ++commits;
      commits.notify_all();
    }
  });
  for (int n = 0; n < 5; ++n) {
    for (int seen = commits, until = seen + 3; seen < until; seen = commits) commits.wait(seen);
    const auto copy = directory / (std::to_string(n) + ".db");
    const auto copied = copy_database(directory / "a.db", copy);
    ASSERT_TRUE(copied) << copied.error().message;
    auto read = opened(copy, {.immutable = true});
    EXPECT_EQ(read.scalar("SELECT count(*) FROM t"), 1000);
    EXPECT_EQ(read.scalar("SELECT (SELECT x FROM t WHERE rowid = 1000) - (SELECT x FROM t WHERE rowid = 1)"), 999);
    EXPECT_EQ(read.scalar("PRAGMA user_version"), 7);
    EXPECT_TRUE(faults_of(read, Depth::full)->empty());
    struct stat status{};
    ASSERT_EQ(::stat(copy.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_FALSE(std::filesystem::exists(copy.string() + "-wal"));
    EXPECT_FALSE(std::filesystem::exists(copy.string() + "-journal"));
  }
}

TEST(Copy, TellsHowFarItIsAndGoesOnWhenOthersCommitMeanwhile) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.make_durable());
  ASSERT_TRUE(database.execute("CREATE TABLE t(x, y)"));
  ASSERT_TRUE(
      database.execute("WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 4000) "
                       "INSERT INTO t SELECT v, randomblob(3000) FROM n"));
  std::vector<std::uint64_t> seen;
  std::uint64_t all = 0;
  const auto copied =
      copy_database(directory / "a.db", directory / "b.db", [&](std::uint64_t done, std::uint64_t total) {
        seen.push_back(done);
        all = total;
        ASSERT_LT(seen.size(), 100U) << "it begins again and again";
        ASSERT_TRUE(database.execute("UPDATE t SET x = x + 1"));
      });
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_GE(seen.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_EQ(seen.back(), all);
  EXPECT_EQ(all, std::filesystem::file_size(directory / "b.db"));
  auto read = opened(directory / "b.db", {.immutable = true});
  EXPECT_EQ(read.scalar("SELECT min(x - rowid) FROM t"), 0);
  EXPECT_EQ(read.scalar("SELECT max(x - rowid) FROM t"), 0);
}

TEST(Copy, NamesTheFileThatIsMissingOrDamaged) {
  const tests::TemporaryDirectory directory;
  const auto refusal = [&] {
    const auto copied = copy_database(directory / "a.db", directory / "b.db");
    return copied ? "copied" : copied.error().message;
  };
  EXPECT_NE(refusal().find("a.db: unable to open"), std::string::npos) << refusal();
  std::ofstream(directory / "a.db") << std::string(8192, '\xA5');
  EXPECT_NE(refusal().find("a.db: file is not a database"), std::string::npos) << refusal();
}

TEST(Faults, AreTold) {
  const tests::TemporaryDirectory directory;
  {
    auto database = opened(directory / "a.db");
    ASSERT_TRUE(database.execute("CREATE TABLE t(x); CREATE INDEX i ON t(x); INSERT INTO t VALUES(1), (2)"));
    EXPECT_TRUE(faults_of(database, Depth::full)->empty());
    ASSERT_TRUE(
        database.execute("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(-x)' "
                         "WHERE name = 'i'"));
  }
  auto database = opened(directory / "a.db", {.immutable = true});
  EXPECT_FALSE(faults_of(database, Depth::full)->empty());
  EXPECT_EQ(*newer_schema(database, 0), "");
}

TEST(Uri, MayNameAnyPath) {
  EXPECT_EQ(uri_of("/a b?c#d%e.db", "mode=ro"), "file:/a%20b%3Fc%23d%25e.db?mode=ro");
  EXPECT_EQ(uri_of("//mnt/a.db", "x"), "file:/mnt/a.db?x");
  const tests::TemporaryDirectory directory;
  const auto path = directory / "a b?c#d%41\xc3\xa9.db";
  ASSERT_TRUE(opened(path).execute("CREATE TABLE t(x); INSERT INTO t VALUES(5)"));
  EXPECT_EQ(opened(path, {.immutable = true}).scalar("SELECT x FROM t"), 5);
  EXPECT_FALSE(opened(path, {.immutable = true}).execute("INSERT INTO t VALUES(6)"));
}

}  // namespace
}  // namespace vedette::sqlite
