// Backups put back, damaged ones, and the commands by which people make them.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "server/app/backup_state.h"
#include "server/app/options.h"
#include "server/app/run.h"
#include "tests/server/app/a_collector.h"
#include "tests/server/app/backup_world.h"

namespace vedette::app {
namespace {

TEST(Restore, RefusesABackupWithAFlippedByteAndChangesNothing) {
  BackupWorld world;
  world.fill(6'000);
  ASSERT_TRUE(world.back_up().second);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(world.target)) {
    if (entry.path().filename() != "lock") names.insert(entry.path().filename().string());
  }
  ASSERT_GE(names.size(), 6U);
  for (const std::string& name : names) {
    const auto middle = std::filesystem::file_size(world.target / name) / 2;
    flip_a_byte(world.target / name, middle);
    const std::string words = world.restore_words();
    EXPECT_NE(words.find(name + ": "), std::string::npos) << words;
    EXPECT_NE(words.find("damaged"), std::string::npos) << words;
    EXPECT_FALSE(std::filesystem::exists(world.back));
    flip_a_byte(world.target / name, middle);
  }
  EXPECT_NE(world.restore_words().find("restored"), std::string::npos);
}

TEST(Restore, RefusesADataDirectoryThatIsNotEmpty) {
  BackupWorld world;
  world.fill(100);
  ASSERT_TRUE(world.back_up().second);
  std::filesystem::create_directory(world.back);
  std::ofstream(world.back / "live.db") << "mine";
  EXPECT_NE(world.restore_words().find("isn't empty (live.db is there)"), std::string::npos) << world.restore_words();
  EXPECT_EQ(std::filesystem::file_size(world.back / "live.db"), 4U);
}

TEST(Check, FindsAFlippedByteAndABackupTellsOfItAndHasAllElse) {
  BackupWorld world;
  world.fill(6'000);
  EXPECT_NE(world.check_words(world.data).find(": whole"), std::string::npos) << world.check_words(world.data);
  damage_a_chunk(world.data / "raw-20261123.db");
  const std::string words = world.check_words(world.data);
  EXPECT_TRUE(words.starts_with("raw-20261123.db, host 7, 2026-11-23 08:00:00 UTC, group 0, part 0: ")) << words;
  EXPECT_NE(words.find(": 1 fault"), std::string::npos) << words;
  const auto [said, whole] = world.back_up();
  EXPECT_FALSE(whole);
  EXPECT_NE(said.find("damaged in the data already: raw-20261123.db, host 7, 2026-11-23 08:00:00 UTC"),
            std::string::npos)
      << said;
  EXPECT_NE(world.restore_words().find("was damaged already when it was backed up: raw-20261123.db"),
            std::string::npos);
  auto restored = history::opened(world.options(world.back), kLater);
  EXPECT_EQ(history::ask(*restored, "test.level", 0, 6'000 * kSpacing).t.size(), 6'000U - 30U);
}

// What the command prints, and how it ends.
std::pair<std::string, int> run(const BackupWorld& world, std::vector<std::string> words) {
  std::ofstream(world.directory / "server.toml") << "";
  words.insert(words.end(), {"--config", (world.directory / "server.toml").string()});
  const auto options = parse_options(words);
  EXPECT_TRUE(options) << options.error().message;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int ended = run_client(*options);
  return {testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr(), ended};
}

TEST(CommandLine, ChecksBacksUpAndRestores) {
  BackupWorld world;
  world.fill(6'000);
  const std::string data = world.data.string(), target = world.target.string() + "/", back = world.back.string();
  auto [words, ended] = run(world, {"check", "--data", data});
  EXPECT_EQ(ended, 0) << words;
  EXPECT_NE(words.find(" chunks, 0 write-ahead rows: whole\n"), std::string::npos) << words;
  std::tie(words, ended) = run(world, {"backup", target, "--data", data});
  EXPECT_EQ(ended, 0) << words;
  EXPECT_TRUE(words.starts_with("raw-20261123.db: copied\n")) << words;
  struct stat status{};
  ASSERT_EQ(::stat(world.target.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  std::tie(words, ended) = run(world, {"restore", target, "--data", back});
  EXPECT_EQ(ended, 0) << words;
  EXPECT_NE(words.find("restored 6 files"), std::string::npos) << words;
  std::tie(words, ended) = run(world, {"restore", target, "--data", back});
  EXPECT_EQ(ended, 1);
  EXPECT_NE(words.find("isn't empty"), std::string::npos) << words;
  damage_a_chunk(world.data / "raw-20261123.db");
  std::tie(words, ended) = run(world, {"check", "--data", data});
  EXPECT_EQ(ended, 1) << words;
  std::tie(words, ended) = run(world, {"backup", target, "--data", data});
  EXPECT_EQ(ended, 1) << words;
  EXPECT_NE(words.find("backed up 6 files"), std::string::npos) << words;
}

TEST(CommandLine, TellsHowFarABackupIsAJsonObjectALine) {
  BackupWorld world;
  world.fill(6'000);
  const auto [words, ended] =
      run(world, {"backup", world.target.string(), "--progress", "--data", world.data.string()});
  EXPECT_EQ(ended, 0) << words;
  std::istringstream lines(words);
  domain::BackupState last;
  std::set<std::string> did;
  std::uint64_t files = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto state = parse_state(line);
    ASSERT_TRUE(state) << line;
    EXPECT_GE(state->progress.files.done, files) << line;
    files = state->progress.files.done;
    did.insert(state->progress.doing + " " + state->progress.file);
    last = *state;
  }
  EXPECT_TRUE(did.contains("copying raw-20261123.db") && did.contains("checking raw-20261123.db")) << words;
  EXPECT_EQ(last.phase, domain::BackupPhase::done);
  EXPECT_EQ(last.progress.files.done, 6U);
  EXPECT_NE(last.message.find("backed up 6 files"), std::string::npos);
  const auto [refusal, failed] =
      run(world, {"backup", world.data.string(), "--progress", "--data", world.data.string()});
  EXPECT_EQ(failed, 1);
  const auto state = parse_state(refusal.substr(0, refusal.find('\n')));
  ASSERT_TRUE(state) << refusal;
  EXPECT_EQ(state->phase, domain::BackupPhase::failed);
  EXPECT_NE(state->message.find("is the data directory itself"), std::string::npos);
}

}  // namespace
}  // namespace vedette::app
