#include "server/backup/target.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "server/backup/restore.h"
#include "server/sqlite/database.h"
#include "tests/temporary_directory.h"

namespace vedette::backup {
namespace {

using units::ErrorCode;

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

// A data directory of one database and one plain file, and backups of it.
struct World {
  tests::TemporaryDirectory directory;
  const std::filesystem::path data = directory / "data", backup = directory / "backup", back = directory / "back";

  World() {
    std::filesystem::create_directories(data / "tls");
    std::ofstream(data / "tls/ca.key") << "secret";
    set(1);
  }
  // What is written is older than anyone's doubt.
  void set(int value) {
    {
      auto database = sqlite::Database::open(data / "a.db");
      ASSERT_TRUE(database->make_durable());
      ASSERT_TRUE(database->execute("PRAGMA user_version = 3; CREATE TABLE IF NOT EXISTS t(x); DELETE FROM t"));
      ASSERT_TRUE(database->execute("INSERT INTO t VALUES(" + std::to_string(value) + ")"));
    }
    std::filesystem::last_write_time(data / "a.db",
                                     std::filesystem::file_time_type::clock::now() - std::chrono::minutes(10 - value));
  }
  units::Result<Target> open() const {
    return Target::open(backup, {.version = "1", .began = {}, .finished = {}, .files = {}});
  }
  // True if the database was taken over.
  bool run() const {
    auto target = open();
    EXPECT_TRUE(target) << target.error().message;
    const auto reused = target->reuse("a.db", data / "a.db");
    EXPECT_TRUE(reused) << reused.error().message;
    if (!*reused) {
      auto copy = target->copy_database("a.db", data / "a.db");
      EXPECT_TRUE(copy) << copy.error().message;
      copy->entry.schema = 3;
      EXPECT_TRUE(target->keep(std::move(*copy)));
    }
    auto key = target->copy_plainly("tls/ca.key", data / "tls/ca.key");
    EXPECT_TRUE(target->keep(std::move(*key)));
    EXPECT_TRUE(target->finish({}));
    return *reused;
  }
  std::int64_t value_in(const std::filesystem::path& file) const {
    return sqlite::Database::open(file, {.immutable = true})->scalar("SELECT x FROM t")->value_or(0);
  }
  std::string refusal() const {
    const auto manifest = verify(backup, [](const std::string&) { return 3; });
    return manifest ? "good" : manifest.error().message;
  }
};

TEST(Target, MakesAPrivateWholeBackup) {
  World world;
  EXPECT_FALSE(world.run());
  EXPECT_EQ(world.refusal(), "good");
  EXPECT_EQ(mode_of(world.backup), 0700U);
  for (const char* name : {"a.db", "tls/ca.key", "manifest.json", "lock"}) {
    EXPECT_EQ(mode_of(world.backup / name), 0600U) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(world.backup / "unfinished.json"));
  EXPECT_FALSE(std::filesystem::exists(world.backup / "a.db-wal"));
}

TEST(Target, TakesOverWhatHasNotChangedAndRemovesWhatItReplaces) {
  World world;
  EXPECT_FALSE(world.run());
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.value_in(world.backup / "a.db"), 1);
  world.set(2);
  EXPECT_FALSE(world.run());
  EXPECT_FALSE(std::filesystem::exists(world.backup / "a.db"));
  EXPECT_EQ(world.value_in(world.backup / "a.db~"), 2);
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.refusal(), "good");
}

TEST(Target, CopiesAnewWhatIsDamagedInTheBackup) {
  World world;
  world.run();
  std::filesystem::resize_file(world.backup / "a.db", 5000);
  EXPECT_NE(world.refusal().find("a.db: is damaged: it holds 5000 bytes"), std::string::npos) << world.refusal();
  EXPECT_FALSE(world.run());
  EXPECT_EQ(world.refusal(), "good");
}

TEST(Target, DoesNotTrustAFileThatWasWrittenAMomentAgo) {
  World world;
  std::filesystem::last_write_time(world.data / "a.db", std::filesystem::file_time_type::clock::now());
  EXPECT_FALSE(world.run());
  EXPECT_FALSE(world.run());
}

TEST(Target, LeavesTheBackupBeforeWholeUntilTheNewOneIs) {
  World world;
  world.run();
  world.set(2);
  {
    auto target = world.open();
    auto copy = target->copy_database("a.db", world.data / "a.db");
    ASSERT_TRUE(target->keep(std::move(*copy)));
    EXPECT_EQ(world.refusal(), "good");
    EXPECT_EQ(world.value_in(world.backup / "a.db"), 1);
  }
  EXPECT_TRUE(world.run()) << "what the run that was broken off had kept";
  EXPECT_EQ(world.value_in(world.backup / "a.db~"), 2);
  EXPECT_FALSE(std::filesystem::exists(world.backup / "a.db"));
}

TEST(Target, BeginsAgainWithAFileThatWasBeingCopied) {
  World world;
  {
    auto target = world.open();
    ASSERT_TRUE(target->copy_database("a.db", world.data / "a.db"));
  }
  EXPECT_NE(world.refusal().find("isn't finished"), std::string::npos) << world.refusal();
  EXPECT_FALSE(world.run());
  EXPECT_EQ(world.refusal(), "good");
}

TEST(Target, RefusesADirectoryOfOtherThingsAndASecondRun) {
  World world;
  const auto other = Target::open(world.data, {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::invalid);
  EXPECT_FALSE(std::filesystem::exists(world.data / "unfinished.json"));
  auto first = world.open();
  ASSERT_TRUE(first);
  EXPECT_EQ(world.open().error().code, ErrorCode::conflict);
}

TEST(Target, LeavesFilesAloneThatAreNotItsOwn) {
  World world;
  world.run();
  std::ofstream(world.backup / "README") << "mine";
  world.set(2);
  world.run();
  EXPECT_TRUE(std::filesystem::exists(world.backup / "README"));
}

TEST(Target, RefusesToGoOnWithADamagedManifest) {
  World world;
  world.run();
  std::ofstream(world.backup / "manifest.json") << "{}";
  const auto target = world.open();
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code, ErrorCode::corrupt);
}

TEST(Target, NeverFollowsASymbolicLink) {
  World world;
  std::filesystem::create_symlink(world.data / "tls/ca.key", world.data / "tls/link");
  auto target = world.open();
  EXPECT_FALSE(target->copy_plainly("tls/link", world.data / "tls/link"));
}

TEST(Restore, BringsBackEveryFilePrivately) {
  World world;
  world.run();
  const auto manifest = verify(world.backup, [](const std::string&) { return 3; });
  ASSERT_TRUE(manifest);
  const auto done = restore(world.backup, *manifest, world.back);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(world.value_in(world.back / "a.db"), 1);
  EXPECT_EQ(mode_of(world.back), 0700U);
  EXPECT_EQ(mode_of(world.back / "tls"), 0700U);
  EXPECT_EQ(mode_of(world.back / "tls/ca.key"), 0600U);
}

TEST(Restore, RefusesABackupThatLacksAFileOrIsNewer) {
  World world;
  EXPECT_NE(world.refusal().find("holds no backup"), std::string::npos) << world.refusal();
  world.run();
  const auto newer = verify(world.backup, [](const std::string&) { return 2; });
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::version);
  std::filesystem::remove(world.backup / "tls/ca.key");
  EXPECT_NE(world.refusal().find("tls/ca.key: is missing"), std::string::npos) << world.refusal();
}

TEST(Restore, NeedsADirectoryThatIsEmptyOrNew) {
  World world;
  EXPECT_TRUE(need_empty(world.back));
  std::filesystem::create_directory(world.back);
  EXPECT_TRUE(need_empty(world.back));
  std::ofstream(world.back / "lock");
  EXPECT_TRUE(need_empty(world.back));
  std::ofstream(world.back / "x");
  EXPECT_EQ(need_empty(world.back).error().code, ErrorCode::conflict);
}

TEST(Restore, TakesBackWhatItCopiedWhenAFileTurnsOutDamaged) {
  World world;
  world.run();
  auto manifest = verify(world.backup, [](const std::string&) { return 3; });
  std::ofstream(world.backup / "tls/ca.key") << "public";
  const auto done = restore(world.backup, *manifest, world.back);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(std::filesystem::is_empty(world.back / "tls"));
  EXPECT_FALSE(std::filesystem::exists(world.back / "a.db"));
}

}  // namespace
}  // namespace vedette::backup
