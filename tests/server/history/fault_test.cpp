// Full disks, files that are damaged or missing, directories that nobody may write: what the store promises then.
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

// A disk whose free bytes the test sets; set() returns once the store has acted on them.
class SetDisk {
 public:
  Space::Options options(std::uint64_t reserve) {
    return {.reserve = reserve, .free_bytes = [this] {
              ++looks_;
              looks_.notify_all();
              return free_.load();
            }};
  }
  void set(std::uint64_t bytes) {
    free_ = bytes;
    // The second look from now on starts after the first, which saw `bytes`, was acted on.
    const auto until = looks_ + 2;
    for (auto seen = looks_.load(); seen < until; seen = looks_) looks_.wait(seen);
  }

 private:
  std::atomic<std::uint64_t> free_{UINT64_MAX}, looks_{0};
};

TEST(Space, StopsStoringBelowHalfAReserveAndGoesOnFromTwo) {
  const tests::TemporaryDirectory directory;
  SetDisk disk;
  auto options = options_in(directory.path());
  options.space = disk.options(2U << 20);
  auto store = opened(options);
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 10)));
  ASSERT_TRUE(store->flush());
  disk.set(100U << 20);
  EXPECT_EQ(std::filesystem::file_size(directory / "reserve"), 2U << 20);
  disk.set(1U << 19);
  EXPECT_FALSE(std::filesystem::exists(directory / "reserve"));
  ASSERT_TRUE(store->submit(batch(1, 11, 10, 10)));
  EXPECT_FALSE(store->flush());
  EXPECT_NE(store->trouble().find("disk full: 0 MB free"), std::string::npos) << store->trouble();
  EXPECT_NE(store->trouble().find("10 ticks wait in memory"), std::string::npos) << store->trouble();
  expect_run(*store, 20);
  disk.set(3U << 20);
  EXPECT_FALSE(store->flush()) << "three megabytes are not enough to go on";
  disk.set(4U << 20);
  EXPECT_EQ(store->trouble(), "");
  ASSERT_TRUE(store->flush());
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(store->counts().ticks, 20U);
  EXPECT_TRUE(std::filesystem::exists(directory / "reserve"));
}

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

TEST(Store, RefusesChunkFilesWithoutTheirLiveDb) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 10)});
  std::filesystem::remove(directory / "live.db");
  const auto before = names_in(directory.path());
  const auto store = Store::open(options_in(directory.path()), kClock);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, units::ErrorCode::corrupt);
  EXPECT_NE(store.error().message.find("raw-20261123.db"), std::string::npos);
  EXPECT_EQ(names_in(directory.path()), before);
}

TEST(Store, RefusesAChunkFileThatWasCutOff) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 10)});
  std::filesystem::resize_file(directory / "raw-20261123.db", 4096);
  const auto store = Store::open(options_in(directory.path()), kClock);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, units::ErrorCode::corrupt);
  EXPECT_NE(store.error().message.find("raw-20261123.db"), std::string::npos) << store.error().message;
}

void overwrite(const std::filesystem::path& path) {
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(0);
  file << std::string(size, '\xA5');
}

std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Store, RefusesFilesOfANewerSchemaAndLeavesThemAsTheyAre) {
  for (const char* name : {"live.db", "raw-20261123.db"}) {
    const tests::TemporaryDirectory directory;
    {
      auto store = opened(options_in(directory.path()));
      announce(*store);
      ASSERT_TRUE(store->submit(batch(1, 1, 0, 10)));
      ASSERT_TRUE(store->seal_all());
    }
    ASSERT_TRUE(sqlite::Database::open(directory / name)->execute("PRAGMA user_version=99"));
    const std::string before = bytes_of_file(directory / name);
    const auto files = names_in(directory.path());
    const auto store = Store::open(options_in(directory.path()), kClock);
    ASSERT_FALSE(store) << name;
    EXPECT_EQ(store.error().code, units::ErrorCode::version);
    EXPECT_NE(store.error().message.find(name), std::string::npos) << store.error().message;
    EXPECT_EQ(bytes_of_file(directory / name), before);
    EXPECT_EQ(names_in(directory.path()), files);
  }
}

TEST(Store, ADamagedChunkIsAGapInTheAnswerAndHealthSaysSo) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 1800)});
  {
    auto file = sqlite::Database::open(directory / "raw-20261123.db", {.create = false});
    ASSERT_TRUE(
        file->execute("UPDATE chunk SET v = CAST(substr(v, 1, 20) || x'ff' || substr(v, 22) AS BLOB) WHERE k = (SELECT "
                      "min(k) FROM chunk)"));
  }
  auto store = opened(options_in(directory.path()));
  EXPECT_EQ(store->trouble(), "");
  const auto level = ask(*store, "test.level", 0, 2000);
  ASSERT_EQ(level.average.size(), 1200U);
  EXPECT_EQ(level.average.front(), 600);
  EXPECT_EQ(ask(*store, "test.bytes", 600, 2000).average.size(), 1199U)
      << "the rate before the range has nothing to go on";
  EXPECT_NE(store->trouble().find("raw-20261123.db, host 7, 08:00:00"), std::string::npos) << store->trouble();
}

TEST(Store, AFileThatCannotBeReadIsAGapInTheAnswerAndHealthSaysSo) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 600), batch(1, 601, 86'400, 600)});
  auto store = opened(options_in(directory.path()));
  overwrite(directory / "raw-20261123.db");
  EXPECT_EQ(ask(*store, "test.level", 0, 100'000).t.size(), 600U);
  EXPECT_EQ(ask(*store, "test.bytes", 86'400, 100'000).t.size(), 599U);
  EXPECT_NE(store->trouble().find("raw-20261123.db"), std::string::npos) << store->trouble();
}

// What opening says to one who isn't root, whom no mode keeps out.
std::string refusal_as_nobody(const std::filesystem::path& directory) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    const auto store = Store::open(options_in(directory), kClock);
    const std::string words = store ? "" : store.error().message;
    ::_exit(::write(ends[1], words.data(), words.size()) == static_cast<ssize_t>(words.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string words(4096, '\0');
  words.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], words.data(), words.size()))));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return words;
}

TEST(Store, OfADirectoryThatCannotBeWrittenNamesItAndTheReason) {
  namespace fs = std::filesystem;
  const tests::TemporaryDirectory empty, stored;
  seal_in(stored.path(), {batch(1, 1, 0, 600)});
  const auto read_only = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
  const auto entered = read_only | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  for (const auto& file : fs::directory_iterator(stored.path())) fs::permissions(file.path(), read_only);
  for (const auto* directory : {&empty, &stored}) {
    fs::permissions(directory->path(), entered);
    const std::string words = refusal_as_nobody(directory->path());
    const char* why = directory == &empty
                          ? "cannot be made: Permission denied; give this user the right to it"
                          : "attempt to write a readonly database; is the disk full, and may this user write";
    EXPECT_NE(words.find((*directory / "live.db").string() + ": " + why), std::string::npos) << words;
    fs::permissions(directory->path(), fs::perms::owner_all);
  }
}

TEST(Store, SetsADamagedChunkFileAsideAndSealsEverythingElse) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 600)});
  auto store = opened(options_in(directory.path()));
  overwrite(directory / "raw-20261123.db");
  ASSERT_TRUE(store->submit(batch(1, 601, 600, 600)));      // the damaged day
  ASSERT_TRUE(store->submit(batch(1, 1201, 86'400, 600)));  // the next
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(store->counts().open.chunks, 0U);
  EXPECT_TRUE(std::filesystem::exists(directory / "raw-20261123.db.damaged"));
  EXPECT_NE(store->trouble().find("raw-20261123.db.damaged"), std::string::npos) << store->trouble();
  EXPECT_EQ(ask(*store, "test.level", 0, 100'000).t.size(), 1200U);
}

TEST(Store, ADamagedFileOfALaterDayKeepsNoEarlierOneFromBeingSealed) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 600), batch(1, 601, 86'400, 600)});
  auto store = opened(options_in(directory.path()));
  overwrite(directory / "raw-20261124.db");
  ASSERT_TRUE(store->submit(batch(2, 1, 3'600, 600)));
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(store->counts().open.chunks, 0U);
  EXPECT_FALSE(std::filesystem::exists(directory / "raw-20261123.db.damaged"));
  EXPECT_EQ(ask(*store, "test.level", 0, 80'000).t.size(), 1200U);
  EXPECT_NE(store->trouble().find("raw-20261124.db"), std::string::npos) << store->trouble();
}

TEST(Store, RefusesANewerFileBeforeItChangesAnyOther) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 600), batch(1, 601, 86'400, 600)});
  const auto run = [&](const char* name, const char* sql) {
    auto file = sqlite::Database::open(directory / name, {.create = false});
    ASSERT_TRUE(file && file->execute(sql));
  };
  run("raw-20261123.db", "DROP TABLE stale; DROP TABLE partial; PRAGMA user_version = 1");
  run("raw-20261124.db", "PRAGMA user_version = 9");
  const auto refused = Store::open(options_in(directory.path()), kClock);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, units::ErrorCode::version);
  auto file = sqlite::Database::open(directory / "raw-20261123.db", {.create = false});
  ASSERT_TRUE(file);
  EXPECT_EQ(file->scalar("PRAGMA user_version").value_or(std::nullopt), 1);
}

}  // namespace
}  // namespace vedette::history
