#include "agent/watch/kernel_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "tests/temporary_directory.h"

namespace vedette::watch {
namespace {

using namespace std::chrono_literals;

constexpr wire::Id128 kBoot{1};
constexpr units::Instant kNow = units::from_unix_ms(1'795'425'204'083);

KernelLine line(std::string_view text, int priority = 6, std::uint64_t sequence = 1) {
  return {priority, sequence, 5s, text};
}

TEST(KernelRecord, IsReadWithItsKeysLeftOut) {
  const auto read = parse_record("3,339,5140900,-;ata1: failed command\n SUBSYSTEM=scsi\n DEVICE=+scsi:0\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->priority, 3);
  EXPECT_EQ(read->sequence, 339U);
  EXPECT_EQ(read->since_boot, 5'140'900us);
  EXPECT_EQ(read->text, "ata1: failed command");
}

TEST(KernelRecord, OfAProgramOrWithoutItsFieldsIsNone) {
  EXPECT_EQ(parse_record("30,340,5140900,-;systemd[1]: Killed process 1 (x) total-vm"), std::nullopt)
      << "facility 3: whoever may write to the log can say anything";
  for (const char* bad : {"", ";", "6;x", "6,1;x", "6,x,1;x", "99999999999,1,1,-;x", "no semicolon"}) {
    EXPECT_EQ(parse_record(bad), std::nullopt) << bad;
  }
}

TEST(KernelLine, TellsTheVictimInTheWordsOfEveryKernel) {
  struct Case {
    const char* text;
    const char* words;
  };
  const Case cases[] = {
      {"Out of memory: Killed process 812 (postgres) total-vm:123kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, "
       "UID:105 pgtables:1kB oom_score_adj:0",
       "the kernel killed postgres (pid 812): memory was out"},
      {"Memory cgroup out of memory: Killed process 9 (my (odd) name) total-vm:1kB, anon-rss:1kB",
       "the kernel killed my (odd) name (pid 9): its group's memory limit was reached"},
      {"Killed process 3111 (java) total-vm:2kB, anon-rss:3kB, file-rss:0kB",
       "the kernel killed java (pid 3111): memory was out"},
      {"Killed process 77 (mysqld), UID 27, total-vm:9kB", "the kernel killed mysqld (pid 77): memory was out"},
  };
  for (const auto& [text, words] : cases) {
    const auto verdict = judge(line(text, 3));
    ASSERT_TRUE(verdict) << text;
    EXPECT_EQ(verdict->kind, "oom_kill");
    EXPECT_EQ(verdict->text, words);
  }
}

TEST(KernelLine, TellsFileSystemsThatStoppedWriting) {
  for (const char* text :
       {"EXT4-fs (sda1): Remounting filesystem read-only", "BTRFS info (device sdb): forced readonly",
        "XFS (dm-0): Log I/O Error Detected. Shutting down filesystem",
        "XFS (dm-0): User initiated shutdown received. Shutting down filesystem"}) {
    const auto verdict = judge(line(text, 2));
    ASSERT_TRUE(verdict) << text;
    EXPECT_EQ(verdict->kind, "read_only");
    EXPECT_EQ(verdict->text, text);
  }
}

TEST(KernelLine, OfNoMatterIsNone) {
  EXPECT_FALSE(judge(line("usb 1-1: new high-speed USB device", 6)));
  EXPECT_FALSE(judge(line("warning: something", 4)));
  EXPECT_TRUE(judge(line("blk_update_request: I/O error, dev sda, sector 1", 3)));
}

TEST(KernelEvents, HaveTheSameIdInEveryRunOfABoot) {
  KernelEvents one(kBoot), other(kBoot), reboot(wire::Id128{2});
  const auto killed = line("Out of memory: Killed process 1 (a) total-vm:1kB", 3, 40);
  const auto id = one.take(killed, kNow, false)->id;
  EXPECT_EQ(other.take(killed, kNow + 1h, true)->id, id);
  EXPECT_NE(reboot.take(killed, kNow, false)->id, id);
  EXPECT_NE(one.take(line("Out of memory: Killed process 1 (a) total-vm:1kB", 3, 41), kNow, false)->id, id);
}

TEST(KernelEvents, TellAFloodOfErrorsOnceInTenMinutes) {
  KernelEvents events(kBoot);
  std::uint64_t told = 0, counted = 0, sequence = 0;
  for (auto at = kNow; at < kNow + 25min; at += 1s) {
    if (const auto happening = events.take(line("I/O error, dev sda", 3, ++sequence), at, false)) {
      ++told;
      counted += happening->count;
    }
  }
  EXPECT_EQ(told, 3U);
  EXPECT_EQ(counted, 1U + 600 + 600);
  EXPECT_FALSE(events.take(line("early trouble", 3), kNow + 1h, true)) << "most machines log errors while they start";
}

TEST(KernelLog, ThatCannotBeReadSaysWhy) {
  const tests::TemporaryDirectory directory;
  const KernelLog log(kBoot, (directory / "kmsg").string());
  EXPECT_NE(log.trouble().find((directory / "kmsg").string() + ": No such file"), std::string::npos) << log.trouble();
}

// A pipe gives one record a read where each is written on its own and read before the next.
TEST(KernelLog, TellsWhatWasThereByItsTimeAndWhatComesAsNow) {
  const tests::TemporaryDirectory directory;
  const std::string path = (directory / "kmsg").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  KernelLog log(kBoot, path);
  std::FILE* writer = std::fopen(path.c_str(), "w");
  ASSERT_NE(writer, nullptr);
  const auto write = [&](const char* record) {
    std::fputs(record, writer);
    std::fflush(writer);
  };
  std::vector<Happening> told;
  const auto read = [&](units::Instant now) {
    log.read(now, 100s, [&](Happening happening) { told.push_back(std::move(happening)); });
  };
  write("3,1,60000000,-;Out of memory: Killed process 1 (a) total-vm:1kB");
  read(kNow);
  write("3,2,61000000,-;Out of memory: Killed process 2 (b) total-vm:1kB");
  read(kNow + 1s);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].at, kNow - 40s) << "a minute after the boot, which was 100 s ago";
  EXPECT_EQ(told[1].at, kNow + 1s);
  std::fclose(writer);
}

}  // namespace
}  // namespace vedette::watch
