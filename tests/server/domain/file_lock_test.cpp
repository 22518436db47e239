#include "server/domain/file_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>
#include <thread>

#include "tests/temporary_directory.h"

namespace vedette::domain {
namespace {

using units::ErrorCode;

TEST(FileLock, IsHeldAsLongAsItLives) {
  const tests::TemporaryDirectory directory;
  std::optional<FileLock> first(std::move(*FileLock::take(directory / "lock")));
  struct stat file{};
  ASSERT_EQ(::stat((directory / "lock").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  EXPECT_EQ(FileLock::take(directory / "lock").error().code, ErrorCode::conflict);
  first.reset();
  EXPECT_TRUE(FileLock::take(directory / "lock"));
}

TEST(FileLock, IsWaitedFor) {
  const tests::TemporaryDirectory directory;
  std::optional<FileLock> first(std::move(*FileLock::take(directory / "lock")));
  std::thread waiting([&] { EXPECT_TRUE(FileLock::take(directory / "lock", std::chrono::seconds(30))); });
  first.reset();
  waiting.join();
}

TEST(FileLock, NamesTheFileThatCannotBeMadeAndFollowsNoLink) {
  const tests::TemporaryDirectory directory;
  const auto none = FileLock::take(directory / "none" / "lock");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::io);
  EXPECT_NE(none.error().message.find("none/lock: cannot be made"), std::string::npos) << none.error().message;
  std::filesystem::create_symlink(directory / "elsewhere", directory / "lock");
  EXPECT_FALSE(FileLock::take(directory / "lock"));
  EXPECT_FALSE(std::filesystem::exists(directory / "elsewhere"));
}

}  // namespace
}  // namespace vedette::domain
