// Kills, disks that fail and files that are damaged: nothing is told that isn't stored, and the store goes on.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "server/processes/check.h"
#include "tests/logged.h"
#include "tests/server/history/faulty_vfs.h"
#include "tests/server/processes/a_store.h"

namespace vedette::processes {
namespace {

using history::FaultyVfs;
using Times = std::vector<units::Instant>;

Options faulty_in(const std::filesystem::path& directory) {
  FaultyVfs::install();
  Options options = options_in(directory);
  options.vfs = FaultyVfs::kName;
  return options;
}

struct Mended {
  ~Mended() {
    FaultyVfs::fail_writes(SQLITE_OK);
    FaultyVfs::fail_reads("");
  }
};

void write_over(const std::filesystem::path& file, std::streamoff at, const std::string& bytes) {
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(at);
  out << bytes;
  ASSERT_TRUE(out.flush());
}

class FailingDisk : public testing::TestWithParam<int> {};

TEST_P(FailingDisk, TellsNothingThatIsNotStoredSaysSoOnceAndGoesOnWhenItIsMended) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  const tests::Logged logged;
  const Mended mended;
  Running running(faulty_in(directory.path()), clock);
  running.keep(kNoon - 5min);
  FaultyVfs::fail_writes(GetParam());
  ASSERT_TRUE(running.store.submit(kHost, 2, list_at(kNoon - 4min)));
  ASSERT_TRUE(running.store.submit(kHost, 3, list_at(kNoon - 3min)));
  ASSERT_TRUE(await([&] { return running.store.counts().failed_commits >= 5; }));
  EXPECT_EQ(running.told.ids().size(), 1U);
  EXPECT_EQ(logged.count("can't be stored"), 1U);
  EXPECT_NE(running.store.trouble().find("since 12:00:00: "), std::string::npos) << running.store.trouble();
  EXPECT_NE(running.store.trouble().find("top-20261123.db"), std::string::npos) << running.store.trouble();
  EXPECT_EQ(running.times(kNoon - 1h, kNoon), Times{kNoon - 5min}) << "what is stored is read";
  FaultyVfs::fail_writes(SQLITE_OK);
  EXPECT_EQ(running.told.await(3).size(), 3U);
  EXPECT_EQ(running.times(kNoon - 1h, kNoon), (Times{kNoon - 5min, kNoon - 4min, kNoon - 3min}));
  EXPECT_TRUE(await([&] { return running.store.trouble().empty(); }));
  EXPECT_TRUE(logged.await("stored again"));
}
INSTANTIATE_TEST_SUITE_P(Of, FailingDisk, testing::Values(SQLITE_FULL, SQLITE_IOERR_WRITE));

TEST(ProcessFaults, ADayThatCantBeWrittenKeepsNoOtherFromBeingStored) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  const Mended mended;
  Running running(faulty_in(directory.path()), clock);
  FaultyVfs::fail_writes(SQLITE_IOERR_WRITE, "top-20261122");
  ASSERT_TRUE(running.store.submit(kHost, 1, list_at(kNoon - kDays1)));
  ASSERT_TRUE(running.store.submit(kHost, 2, list_at(kNoon)));
  EXPECT_EQ(running.told.await(1), (Told::Ids{{kHost, 2}}));
  ASSERT_TRUE(await([&] { return !running.store.trouble().empty(); }));
}

TEST(ProcessFaults, WhileTheDiskFailsOnlySoMuchWaitsInMemory) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  const Mended mended;
  Options options = faulty_in(directory.path());
  options.waiting_bytes = 2'000;
  Running running(options, clock);
  FaultyVfs::fail_writes(SQLITE_FULL);
  std::uint64_t taken = 0;
  ASSERT_TRUE(await([&] {
    if (running.store.submit(kHost, taken + 1, list_at(kNoon - taken * 1s))) ++taken;
    return running.store.counts().refused > 1'000;
  }));
  EXPECT_LT(taken, 80U);
  FaultyVfs::fail_writes(SQLITE_OK);
  EXPECT_EQ(running.told.await(taken).size(), taken);
  EXPECT_EQ(running.times(kNoon - 1h, kNoon).size(), taken);
}

TEST(ProcessFaults, OnADiskThatIsNearlyFullNothingIsStored) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Options options = options_in(directory.path());
  options.least_free = ~0ULL;
  Running running(options, clock);
  ASSERT_TRUE(running.store.submit(kHost, 1, list_at(kNoon)));
  ASSERT_TRUE(await([&] { return running.store.counts().failed_commits > 1; }));
  EXPECT_NE(running.store.trouble().find("disk full: "), std::string::npos) << running.store.trouble();
  EXPECT_TRUE(running.told.ids().empty());
}

TEST(ProcessFaults, AFileThatCantBeReadFailsTheAnswerAndDamageIsLeftOut) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  const Mended mended;
  Options options = faulty_in(directory.path());
  {
    Running running(options, clock);
    running.keep(kNoon - kDays1);
    running.keep(kNoon);
  }
  const Store store(options, clock);
  FaultyVfs::fail_reads("top-20261122");
  const auto refused = store.lists(kHost, kNoon - 2 * kDays1, kNoon);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, units::ErrorCode::io);
  FaultyVfs::fail_reads("");
  EXPECT_EQ(store.lists(kHost, kNoon - 2 * kDays1, kNoon)->size(), 2U);
  write_over(directory / "top-20261122.db", 0, std::string(4'096, 'x'));
  EXPECT_EQ(store.lists(kHost, kNoon - 2 * kDays1, kNoon)->size(), 1U);
  EXPECT_NE(store.trouble().find("top-20261122.db"), std::string::npos) << store.trouble();
}

TEST(ProcessFaults, ADamagedFileIsSetAsideWhenItsDayIsWrittenTo) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  const tests::Logged logged;
  {
    Running(options_in(directory.path()), clock).keep(kNoon - 1min);
  }
  write_over(directory / "top-20261123.db", 0, std::string(8'192, 'x'));
  Running running(options_in(directory.path()), clock);
  running.keep(kNoon);
  EXPECT_EQ(running.times(kNoon - 1h, kNoon), Times{kNoon});
  EXPECT_TRUE(exists(directory, "top-20261123.db.damaged"));
  EXPECT_EQ(logged.count("found damaged", "renamed to top-20261123.db.damaged"), 1U);
  EXPECT_NE(running.store.trouble().find("found damaged"), std::string::npos) << running.store.trouble();
}

TEST(ProcessFaults, ADamagedRowIsLeftOutAndCheckNamesIt) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  Running running(options_in(directory.path()), clock);
  running.keep(kNoon - 2min);
  running.keep(kNoon - 1min);
  {
    auto database = sqlite::Database::open(directory / "top-20261123.db");
    ASSERT_TRUE(database);
    auto statement = database->prepare("UPDATE top SET v = x'0105' WHERE k = ?");
    ASSERT_TRUE(statement);
    statement->bind(1, key_of(kHost, kNoon - 2min));
    ASSERT_TRUE(statement->run());
  }
  EXPECT_EQ(running.times(kNoon - 1h, kNoon), Times{kNoon - 1min});
  EXPECT_NE(running.store.trouble().find("2026-11-23 11:58:00 UTC"), std::string::npos) << running.store.trouble();
  const auto checked = check_lists(directory / "top-20261123.db", day_of(kNoon), false);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->lists, 2U);
  ASSERT_EQ(checked->damage.size(), 1U);
  EXPECT_EQ(checked->damage[0].host, kHost);
  EXPECT_EQ(checked->damage[0].at, kNoon - 2min);
}

// In a process of its own, which tells what was told to it, and is killed at any moment.
TEST(ProcessFaults, WhatWasToldIsThereAfterAKill) {
  const tests::TemporaryDirectory directory;
  const MovedClock clock;
  for (int round = 0; round < 5; ++round) {
    int pipes[2];
    ASSERT_EQ(::pipe(pipes), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Store store(options_in(directory.path()), clock);
      store.on_stored([&](HostNumber, std::uint64_t id) { (void)!::write(pipes[1], &id, sizeof id); });
      store.start();
      for (std::uint64_t n = 1;; ++n) {
        while (!store.submit(kHost, n, list_at(kNoon - n * 1s))) std::this_thread::yield();
      }
    }
    ::close(pipes[1]);
    std::uint64_t id = 0;
    const std::uint64_t until = 100 + 37 * static_cast<std::uint64_t>(round);
    while (id < until && ::read(pipes[0], &id, sizeof id) == sizeof id) {
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (std::uint64_t more = 0; ::read(pipes[0], &more, sizeof more) == sizeof more;) id = more;
    ::close(pipes[0]);
    Running running(options_in(directory.path()), clock);
    ASSERT_GE(id, until);
    const std::uint64_t newest = std::min<std::uint64_t>(id, domain::ProcessRecords::kMostLists);
    EXPECT_EQ(running.times(kNoon - units::Milliseconds{newest * 1000}, kNoon - 1s).size(), newest);
    EXPECT_EQ(check_lists(directory / "top-20261123.db", day_of(kNoon), false)->damage.size(), 0U);
  }
}

}  // namespace
}  // namespace vedette::processes
