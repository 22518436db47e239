#include "server/sqlite/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "tests/temporary_directory.h"

namespace vedette::sqlite {
namespace {

using units::ErrorCode;

Database opened(const std::filesystem::path& path, const OpenOptions& options = {}) {
  auto database = Database::open(path, options);
  EXPECT_TRUE(database) << database.error().message;
  return std::move(*database);
}

TEST(Database, KeepsIntegersTextAndBlobsExactly) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.execute("CREATE TABLE t(i INTEGER, s TEXT, b BLOB, n)"));
  const std::array<std::uint8_t, 3> bytes{0, 255, 7};
  auto insert = database.prepare("INSERT INTO t VALUES(?,?,?,NULL)");
  ASSERT_TRUE(insert);
  insert->bind(1, std::int64_t{INT64_MIN}).bind(2, std::string_view("a\0b", 3)).bind(3, Blob(bytes));
  ASSERT_TRUE(insert->run());

  auto select = database.prepare("SELECT * FROM t");
  ASSERT_TRUE(select);
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(select->integer(0), INT64_MIN);
  EXPECT_EQ(select->text(1), std::string_view("a\0b", 3));
  EXPECT_TRUE(std::ranges::equal(select->blob(2), bytes));
  EXPECT_TRUE(select->is_null(3));
  EXPECT_FALSE(*select->step());
}

TEST(Database, EmptyBlobIsNotNull) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.execute("CREATE TABLE t(b BLOB NOT NULL)"));
  auto insert = database.prepare("INSERT INTO t VALUES(?)");
  ASSERT_TRUE(insert->bind(1, Blob{}).run());
}

// A person with a shell: opens the database when told, reads it, leaves again. Made before anything is open here,
// because SQLite's connections don't survive a fork.
class OtherProcess {
 public:
  explicit OtherProcess(const std::filesystem::path& path) {
    if (::pipe(go_) != 0) std::abort();
    child_ = ::fork();
    if (child_ != 0) return;
    char byte = 0;
    if (::read(go_[0], &byte, 1) != 1) ::_exit(2);
    bool read = false;
    if (auto database = Database::open(path, {.create = false})) {
      read = database->scalar("SELECT count(*) FROM t").has_value();
    }
    ::_exit(read ? 0 : 1);
  }
  [[nodiscard]] int come_and_go() {
    if (::write(go_[1], "!", 1) != 1) std::abort();
    int status = -1;
    ::waitpid(child_, &status, 0);
    ::close(go_[0]);
    ::close(go_[1]);
    return status;
  }

 private:
  int go_[2] = {};
  pid_t child_ = 0;
};

TEST(Database, AnotherProcessThatReadsItLeavesTheLogAlone) {
  const tests::TemporaryDirectory directory;
  OtherProcess shell(directory / "a.db");
  auto writer = opened(directory / "a.db");
  ASSERT_TRUE(writer.execute("PRAGMA journal_mode=WAL; CREATE TABLE t(i); INSERT INTO t VALUES(1)"));
  const auto second = opened(directory / "a.db");  // as the sealer's: it must not cost the writer its locks
  ASSERT_EQ(shell.come_and_go(), 0);
  EXPECT_TRUE(std::filesystem::exists(directory / "a.db-wal"));
  EXPECT_GT(std::filesystem::file_size(directory / "a.db-wal"), 0U);
}

TEST(Database, DurableMeansALogAndASyncAtEachCommit) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.make_durable());
  EXPECT_EQ(*database.scalar("PRAGMA synchronous"), 2);
  EXPECT_EQ(*database.scalar("PRAGMA wal_autocheckpoint"), 0);
  EXPECT_EQ(*database.scalar("PRAGMA secure_delete"), 0);
  auto memory = opened(":memory:", {.create = false});
  const auto refused = memory.make_durable();
  ASSERT_FALSE(refused) << "there is no log in memory";
  EXPECT_EQ(refused.error().code, ErrorCode::io);
}

TEST(Database, ErrorNamesTheFileAndKeepsSqlitesWords) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  auto statement = database.prepare("SELECT nonsense FROM nowhere");
  ASSERT_FALSE(statement);
  EXPECT_NE(statement.error().message.find("a.db"), std::string::npos);
  EXPECT_NE(statement.error().message.find("no such table: nowhere"), std::string::npos);
}

TEST(Database, BrokenConstraintIsAConflict) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.execute("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)"));
  auto again = database.execute("INSERT INTO t VALUES(1)");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
}

TEST(Database, FileThatIsNoDatabaseIsCorruptAndUntouched) {
  const tests::TemporaryDirectory directory;
  const auto path = directory / "a.db";
  std::ofstream(path) << std::string(8192, 'x');
  auto database = opened(path);
  auto read = database.scalar("PRAGMA user_version");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  EXPECT_EQ(std::filesystem::file_size(path), 8192U);
}

TEST(Database, MissingDirectoryIsAnIoErrorWithThePath) {
  auto database = Database::open("/nonexistent/dir/a.db");
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, ErrorCode::io);
  EXPECT_NE(database.error().message.find("/nonexistent/dir/a.db"), std::string::npos);
}

TEST(Database, ReadOnlyNeverCreates) {
  const tests::TemporaryDirectory directory;
  EXPECT_FALSE(Database::open(directory / "a.db", {.read_only = true}));
  EXPECT_FALSE(std::filesystem::exists(directory / "a.db"));
}

TEST(Database, FileIsReadableByItsOwnerOnly) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  struct stat status{};
  ASSERT_EQ(::stat((directory / "a.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(Database, LeftInTheMiddleOfAWriteSaysWhoMendsIt) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(
      database.execute("CREATE TABLE t(a); PRAGMA cache_size = 1; BEGIN; WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL "
                       "SELECT i + 1 FROM n LIMIT 100) INSERT INTO t SELECT randomblob(1000) FROM n"));
  for (const char* suffix : {"", "-journal"}) {
    std::filesystem::copy((directory / "a.db").string() + suffix, (directory / "b.db").string() + suffix);
  }
  auto left = opened(directory / "b.db", {.read_only = true});
  const auto refused = left.scalar("SELECT count(*) FROM t");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("b.db: a crash left it in the middle of a write"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(opened(directory / "b.db").scalar("SELECT count(*) FROM t").value(), 0);
}

TEST(Database, IsRemovedWithLogAndIndexUnderWhoeverReadsIt) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.execute("PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
  ASSERT_TRUE(std::filesystem::exists(directory / "a.db-wal"));
  ASSERT_TRUE(remove_database(directory / "a.db", ""));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  EXPECT_EQ(**database.scalar("SELECT count(*) FROM t"), 1);
  EXPECT_TRUE(remove_database(directory / "a.db", "")) << "it isn't there";
}

TEST(Database, ThatCannotBeRemovedIsAnIoErrorWithThePath) {
  const tests::TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "a.db");
  const auto refused = remove_database(directory / "a.db", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::io);
  EXPECT_NE(refused.error().message.find("a.db: cannot be removed: "), std::string::npos) << refused.error().message;
}

TEST(Transaction, RollsBackUnlessCommitted) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)"));
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(**database.scalar("SELECT count(*) FROM t"), 0);
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)"));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(**database.scalar("SELECT count(*) FROM t"), 1);
}

TEST(Transaction, TakesTheWriteLockAtItsBeginning) {
  const tests::TemporaryDirectory directory;
  auto first = opened(directory / "a.db");
  auto second = opened(directory / "a.db", {.busy = std::chrono::milliseconds(0)});
  auto transaction = Transaction::begin(first);
  ASSERT_TRUE(transaction);
  auto refused = Transaction::begin(second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

TEST(Database, PassiveCheckpointTellsHowFarItCame) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.execute("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(a)"));
  auto done = database.checkpoint_passive();
  ASSERT_TRUE(done);
  EXPECT_GT(done->log_pages, 0);
  EXPECT_EQ(done->log_pages, done->copied_pages);
}

}  // namespace
}  // namespace vedette::sqlite
