#include "server/control/store.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "server/sqlite/database.h"
#include "tests/server/control/make.h"

namespace vedette::control {
namespace {

TEST(Store, MakesAFileThatOnlyItsOwnerReads) {
  tests::TemporaryDirectory directory;
  open_store(directory);
  struct stat status{};
  ASSERT_EQ(::stat((directory / "control.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(Store, RefusesAFileThatIsNoDatabase) {
  tests::TemporaryDirectory directory;
  std::ofstream(directory / "control.db") << std::string(5000, 'x');
  const auto store = Store::open(directory / "control.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, units::ErrorCode::corrupt);
  EXPECT_NE(store.error().message.find("control.db"), std::string::npos);
}

TEST(Store, RefusesATruncatedFileAndLeavesItAsItIs) {
  tests::TemporaryDirectory directory;
  const auto file = directory / "control.db";
  {
    auto store = open_store(directory);
    for (std::uint8_t n = 1; n <= 20; ++n) enrolled(*store, n, "web");
  }
  {
    auto raw = sqlite::Database::open(file);
    ASSERT_TRUE(raw->scalar("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  const auto size = std::filesystem::file_size(file) / 2 / 4096 * 4096;
  std::filesystem::resize_file(file, size);
  const auto store = Store::open(file);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, units::ErrorCode::corrupt) << store.error().message;
  EXPECT_EQ(std::filesystem::file_size(file), size);
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Store, RefusesTheFileOfANewerCollectorAndLeavesItAsItIs) {
  for (const char* mode : {"WAL", "DELETE"}) {  // the latter is what copies made by SQLite have
    tests::TemporaryDirectory directory;
    open_store(directory);
    const auto file = directory / "control.db";
    ASSERT_TRUE(
        sqlite::Database::open(file)->execute(std::string("PRAGMA user_version=99; PRAGMA journal_mode=") + mode));
    const std::string before = bytes_of(file);
    const auto store = Store::open(file);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, units::ErrorCode::version);
    EXPECT_TRUE(bytes_of(file) == before) << mode;
  }
}

domain::AlertRecords::Change change_number(std::uint64_t n) {
  domain::AlertRecords::Change change;
  change.states = {{"counter", std::to_string(n)}};
  change.alerts = {firing(n, n)};
  change.queue = {mail(n, "ops"), mail(n, "hook")};
  return change;
}

/// Commits change after change and tells each one's number, until killed.
[[noreturn]] void commit_for_ever(const std::filesystem::path& file, int tell) {
  auto store = Store::open(file);
  for (std::uint64_t n = 1; store; ++n) {
    if (!(*store)->commit(change_number(n))) break;
    if (::write(tell, &n, sizeof n) != sizeof n) break;
  }
  ::_exit(1);
}

TEST(Store, KeepsEveryChangeWholeThroughKill9) {
  tests::TemporaryDirectory directory;
  const auto file = directory / "control.db";
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) commit_for_ever(file, pipe[1]);
  ::close(pipe[1]);
  std::uint64_t told = 0;
  while (told < 25) ASSERT_EQ(::read(pipe[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  while (::read(pipe[0], &told, sizeof told) == sizeof told) continue;
  ::close(pipe[0]);

  auto store = open_store(directory);
  const std::uint64_t kept = std::stoull(store->alert_states()->front().body);
  EXPECT_GE(kept, told);  // what was told is durable; the one in flight may be
  EXPECT_LE(kept, told + 1);
  EXPECT_EQ(*store->last_alert_id(), kept);
  EXPECT_EQ(store->alerts(0)->size(), kept);
  EXPECT_EQ(store->undelivered()->size(), 2 * kept);
}

}  // namespace
}  // namespace vedette::control
