#include "agent/spool/directory.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/agent/spool/disk.h"
#include "tests/temporary_directory.h"

namespace vedette::spool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

TEST(Directory, WritesReadsListsAndRemovesFilesThatAreItsOwnersAlone) {
  tests::TemporaryDirectory state;
  Directory directory(state / "spool");
  EXPECT_TRUE(directory.append(0x2a, "one ").has_value());
  EXPECT_TRUE(directory.append(3, "other").has_value());
  EXPECT_TRUE(directory.append(0x2a, "two").has_value());
  std::ofstream(state.path() / "spool/notes.txt") << "not ours";
  EXPECT_THAT(directory.list().value(), ElementsAre(3, 0x2a));
  EXPECT_EQ(directory.read(0x2a, 100).value(), "one two");
  EXPECT_EQ(directory.read(0x2a, 5).value(), "one t");
  EXPECT_EQ(mode_of(state / "spool"), 0700U);
  EXPECT_EQ(mode_of(state.path() / "spool/000000000000002a.spool"), 0600U);
  EXPECT_TRUE(directory.remove(0x2a).has_value());
  EXPECT_THAT(directory.list().value(), ElementsAre(3));
  EXPECT_EQ(directory.read(0x2a, 5).error().code, units::ErrorCode::io);
}

TEST(Directory, IsOneProcessesAlone) {
  tests::TemporaryDirectory state;
  Directory first(state / "spool");
  ASSERT_TRUE(first.list().has_value());
  Directory second(state / "spool");
  EXPECT_EQ(second.list().error().code, units::ErrorCode::conflict);
}

TEST(Directory, IsMadeWhenThatBecomesPossibleAndAgainAfterSomebodyRemovedIt) {
  tests::TemporaryDirectory state;
  Directory directory(state.path() / "later" / "spool");
  EXPECT_THAT(directory.append(1, "x").error().message, HasSubstr("later/spool: No such file or directory"));
  std::filesystem::create_directory(state / "later");
  EXPECT_TRUE(directory.append(1, "x").has_value());
  std::filesystem::remove_all(state.path() / "later" / "spool");
  EXPECT_FALSE(directory.append(2, "y").has_value());
  EXPECT_TRUE(directory.append(2, "y").has_value());
  EXPECT_EQ(directory.read(2, 9).value(), "y");
}

TEST(Directory, FollowsNoLinks) {
  tests::TemporaryDirectory state;
  std::ofstream(state / "victim") << "safe";
  std::filesystem::create_directory(state / "spool");
  std::filesystem::create_symlink(state / "victim", state.path() / "spool/0000000000000001.spool");
  Directory directory(state / "spool");
  EXPECT_FALSE(directory.append(1, "x").has_value());
  std::string text;
  std::getline(std::ifstream(state / "victim"), text);
  EXPECT_EQ(text, "safe");
}

TEST(Directory, CarriesASpoolFromRunToRun) {
  tests::TemporaryDirectory state;
  {
    Directory directory(state / "spool");
    AgentRun(directory, 1, run_number(1)).add(1, 500);
  }
  Directory directory(state / "spool");
  AgentRun next(directory, 2, run_number(2));
  EXPECT_EQ(next.ticks(1), numbered(1, 1, 500));
  next.spool.release(1, 500);
  EXPECT_TRUE(directory.list().value().empty());
}

/// A small file system that is really full: tests/faults runs it on one.
TEST(FullDisk, TheSpoolWritesWhatFitsKeepsTheRestInMemoryAndGoesOn) {
  const char* disk = std::getenv("VEDETTE_SMALL_DISK");
  if (disk == nullptr) GTEST_SKIP();
  const std::filesystem::path filler = std::filesystem::path(disk) / "filler";
  Directory directory(std::string(disk) + "/spool");
  AgentRun run(directory, 1, run_number(1));
  run.add(1, 50);
  {
    std::ofstream file(filler, std::ios::binary);
    while (file << std::string(65'536, 'x') << std::flush) {
    }
  }
  for (int spare = 0; spare < 3; ++spare) std::ofstream(filler, std::ios::app) << std::string(1'000, 'x');
  run.add(51, 1'000);
  EXPECT_GT(run.spool.size().value, 4'000U) << "the disk wasn't full";
  EXPECT_EQ(run.ticks(1), numbered(1, 1, 1'000));
  std::filesystem::remove(filler);
  run.add(1'001, 1'020);
  EXPECT_EQ(run.ticks(1), numbered(1, 1, 1'020));
  EXPECT_LT(run.spool.size().value, 16'000U) << "it is on disk again";
}

}  // namespace
}  // namespace vedette::spool
