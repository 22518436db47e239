// Backups of whole data directories: beside a store that takes in all the time, killed, and of nothing.
#include "server/app/backup.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>
#include <set>
#include <tuple>

#include "tests/server/app/a_collector.h"
#include "tests/server/app/backup_world.h"

namespace vedette::app {
namespace {

TEST(Backup, BesideConstantIngestHasAllThatWasAckedBeforeItBeganAndNothingTwice) {
  BackupWorld world;
  std::atomic<std::uint64_t> acked{0};
  auto store = Store::open(world.options(world.data), kLater);
  ASSERT_TRUE(store);
  (*store)->on_commit([&](auto marks) {
    for (const auto& mark : marks) acked = mark.last;
    acked.notify_all();
  });
  (*store)->start();
  history::announce(**store);
  // So many more while a backup is made, so that what is to be checked stays small.
  std::atomic<std::uint64_t> limit{8'000};
  std::jthread ingest([&](const std::stop_token& stop) {
    for (std::uint64_t next = 1; !stop.stop_requested(); next += 10) {
      for (auto now = limit.load(); next > now && !stop.stop_requested(); now = limit) limit.wait(now);
      (void)(*store)->submit(ticks(next, 10));
      (void)(*store)->flush();
    }
  });
  for (auto seen = acked.load(); seen < limit; seen = acked) acked.wait(seen);
  for (int round = 0; round < 3; ++round) {
    limit += 6'000;
    limit.notify_all();
    const std::uint64_t before = acked;
    const auto [words, whole] = world.back_up();
    ASSERT_TRUE(whole) << words;
    EXPECT_GT(acked, before) << "commits went on";
    EXPECT_NE(world.check_words(world.data).find(": whole"), std::string::npos) << world.check_words(world.data);
    std::filesystem::remove_all(world.back);
    ASSERT_NE(world.restore_words().find("restored"), std::string::npos) << world.restore_words();
    EXPECT_NE(world.check_words(world.back).find(": whole"), std::string::npos) << world.check_words(world.back);
    auto restored = history::opened(world.options(world.back), kLater);
    EXPECT_GE(restored->resume_point(kHost, 1), before);
    expect_ticks(*restored, before);
    ASSERT_TRUE(restored->seal_all());
    ASSERT_TRUE(restored->build_all());
    expect_ticks(*restored, before);
    EXPECT_EQ(restored->trouble(), "");
  }
  ingest.request_stop();
  ++limit;
  limit.notify_all();
  ingest.join();
  EXPECT_EQ((*store)->trouble(), "");
  expect_ticks(**store, acked);
}

TEST(Backup, LosesNothingThatIsSealedWhileItRuns) {
  BackupWorld world;
  auto store = history::opened(world.options(world.data));  // its clock stands still: sealed is what is told to be
  history::announce(*store);
  ASSERT_TRUE(store->submit(ticks(1, 3'000)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->submit(ticks(3'001, 200)));
  ASSERT_TRUE(store->flush());
  const auto seal = [&](const std::string& line) {
    if (line == "raw-20261124.db: copied") {
      ASSERT_TRUE(store->seal_all());
    }
  };
  const auto done = Backup{world.data, world.target, kLater, seal}.run();
  ASSERT_TRUE(done && *done);
  ASSERT_NE(world.restore_words().find("restored"), std::string::npos);
  expect_ticks(*history::opened(world.options(world.back)), 3'200);
}

TEST(Backup, CopiesOnlyWhatHasChanged) {
  BackupWorld world;
  world.fill(12'000);
  EXPECT_NE(world.back_up().first.find("raw-20261124.db: copied"), std::string::npos);
  {
    auto store = history::opened(world.options(world.data), kLater);
    ASSERT_TRUE(store->submit(ticks(12'001, 10)));
    ASSERT_TRUE(store->seal_all());
  }
  const auto [words, whole] = world.back_up();
  EXPECT_TRUE(whole);
  EXPECT_NE(words.find("raw-20261123.db: unchanged"), std::string::npos) << words;
  EXPECT_NE(words.find("raw-20261124.db: unchanged"), std::string::npos) << words;
  EXPECT_NE(words.find("raw-20261126.db: copied"), std::string::npos) << words;
  ASSERT_NE(world.restore_words().find("restored"), std::string::npos);
  expect_ticks(*history::opened(world.options(world.back), kLater), 12'010);
}

TEST(Backup, ThatWasKilledIsGoneOnWithWhereItStopped) {
  BackupWorld world;
  world.fill(12'000);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto die = [](const std::string& line) {
      if (line == "raw-20261124.db: copied") ::kill(::getpid(), SIGKILL);
    };
    (void)Backup{world.data, world.target, kLater, die}.run();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_NE(world.restore_words().find("isn't finished"), std::string::npos) << world.restore_words();
  EXPECT_FALSE(std::filesystem::exists(world.back));
  const auto [words, whole] = world.back_up();
  EXPECT_TRUE(whole);
  EXPECT_NE(words.find("raw-20261123.db: unchanged"), std::string::npos) << words;
  EXPECT_NE(words.find("raw-20261124.db: unchanged"), std::string::npos) << words;
  EXPECT_NE(words.find("raw-20261125.db: copied"), std::string::npos) << words;
  ASSERT_NE(world.restore_words().find("restored"), std::string::npos);
  expect_ticks(*history::opened(world.options(world.back), kLater), 12'000);
}

TEST(Backup, KilledAtAnyMomentLeavesTheOneBeforeWhole) {
  BackupWorld world;
  world.fill(4'000);
  ASSERT_TRUE(world.back_up().second);
  std::mt19937_64 random(20261123);
  for (std::uint64_t round = 0; round < 20; ++round) {
    {
      auto store = history::opened(world.options(world.data), kLater);
      ASSERT_TRUE(store->submit(ticks(4'001 + round * 10, 10)));
      ASSERT_TRUE(store->seal_all());
    }
    const pid_t child = ::fork();
    if (child == 0) {
      (void)Backup{world.data, world.target, kLater, [](const std::string&) {}}.run();
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(random() % 60'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    std::filesystem::remove_all(world.back);
    const std::string words = world.restore_words();
    ASSERT_NE(words.find("restored"), std::string::npos) << "round " << round << ": " << words;
    expect_ticks(*history::opened(world.options(world.back), kLater), 4'000);
  }
  ASSERT_TRUE(world.back_up().second);
  std::filesystem::remove_all(world.back);
  ASSERT_NE(world.restore_words().find("restored"), std::string::npos);
  expect_ticks(*history::opened(world.options(world.back), kLater), 4'200);
}

TEST(Backup, IsNotMadeOfALiveDbThatNoCollectorStartsWith) {
  BackupWorld world;
  world.fill(100);
  std::fstream(world.data / "live.db", std::ios::in | std::ios::out | std::ios::binary)
      .seekp(4096)
      .write(std::string(8192, '\xA5').data(), 8192);
  const auto [words, whole] = world.back_up();
  EXPECT_FALSE(whole);
  EXPECT_TRUE(words.starts_with("live.db: ")) << words;
  EXPECT_NE(words.find("Restore an earlier backup"), std::string::npos) << words;
  EXPECT_FALSE(std::filesystem::exists(world.target / "manifest.json"));
}

TEST(Backup, SaysWhatIsWrongWithItsDirectories) {
  BackupWorld world;
  world.fill(10);
  const auto refusal = [](const std::filesystem::path& data, const std::filesystem::path& target) {
    const auto done = Backup{data, target, kLater, [](const std::string&) {}}.run();
    return done ? "done" : done.error().message;
  };
  EXPECT_NE(refusal(world.data, world.data).find("is the data directory itself"), std::string::npos);
  EXPECT_NE(refusal(world.directory / "none", world.target).find("holds no data of a collector"), std::string::npos);
  EXPECT_NE(refusal(world.data, world.directory.path()).find("holds other things"), std::string::npos);
  EXPECT_NE(world.check_words(world.directory / "none").find("no such directory"), std::string::npos);
  EXPECT_NE(world.check_words(world.directory.path()).find("holds no data of a collector"), std::string::npos);
}

TEST(Backup, OfARunningCollectorStartsAgainWithItsPeopleAndItsPin) {
  Bench bench;
  auto collector = bench.start();
  const std::map<std::string, std::string> role = {{"role", "administrator"}, {"password-stdin", ""}};
  ASSERT_TRUE(bench.ask({"user add", {"ann"}, role}, "correct horse"));
  const auto quiet = [](const std::string&) {};
  const auto done = Backup{bench.directory / "data", bench.directory / "backup", bench.clock, quiet}.run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(*done);
  ASSERT_TRUE(bench.ask({"user add", {"ben"}, role}, "correct horse")) << "it goes on";
  const std::string pin = collector->pin();
  collector.reset();
  std::filesystem::remove_all(bench.directory / "data");
  const auto restored = restore(bench.directory / "backup", bench.directory / "data", quiet);
  ASSERT_TRUE(restored) << restored.error().message;
  collector = bench.start();
  EXPECT_EQ(collector->pin(), pin);
  EXPECT_EQ(*bench.ask({"user list", {}, {}}), "ann  administrator\n");
}

}  // namespace
}  // namespace vedette::app
