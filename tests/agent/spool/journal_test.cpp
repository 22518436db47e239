// The spool with its journal, from run to run.
#include "agent/spool/journal.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

#include "tests/agent/spool/disk.h"
#include "tests/logged.h"

namespace vedette::spool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using wire::OpenStream;

TEST(Journal, NothingTouchesTheDiskWhileAcksCome) {
  Disk disk;
  AgentRun run(disk, 1, run_number(1));
  run.connect(2);
  for (std::int64_t second = 1; second <= 600; ++second) {
    run.add(second, second);
    if (second % 5 == 0) run.spool.release(2, static_cast<TickNumber>(second));
  }
  EXPECT_EQ(disk.appends, 0U);
  EXPECT_EQ(run.spool.kept().value, 0U);
}

TEST(Journal, EachTickIsWrittenAtOnceWithoutAConnectionAndAfterTenSecondsWithoutAnAck) {
  Disk disk;
  AgentRun run(disk, 1, run_number(1));
  run.add(1, 1);
  EXPECT_EQ(disk.appends, 1U);
  run.connect(2);
  run.spool.release(1, 1);
  EXPECT_THAT(disk.files, IsEmpty());
  run.add(2, 11);
  EXPECT_EQ(disk.appends, 2U) << "the tick and its offset; the oldest that waits now is nine seconds old";
  run.add(12, 12);
  EXPECT_EQ(disk.appends, 13U);
  run.add(13, 13);
  EXPECT_EQ(disk.appends, 14U);
  run.spool.release(2, 11);
  const std::size_t then = disk.appends;
  run.add(14, 14);
  EXPECT_EQ(disk.appends, then);
  run.spool.set_connected(false);
  EXPECT_EQ(disk.appends, then + 1) << "what isn't acked is written when the connection ends";
}

TEST(Journal, WhatAKilledRunSpooledIsTheNextRunsToSend) {
  Disk disk;
  {
    AgentRun killed(disk, 1, run_number(1));
    killed.add(1, 100);
    killed.connect(2, 3s);
    killed.add(101, 200);
    killed.spool.set_connected(false);
    killed.add(201, 250);
  }
  AgentRun next(disk, 10, run_number(2));
  EXPECT_THAT(next.spool.open(), ElementsAre(OpenStream{1, 1, 100}, OpenStream{2, 1, 150}));
  EXPECT_EQ(next.ticks(1), numbered(1, 4, 103)) << "with the offset that the first Welcome told";
  EXPECT_EQ(next.ticks(2), numbered(1, 104, 253));
  const auto batch = next.spool.read(2, 1, 10);
  ASSERT_TRUE(batch && batch->earlier);
  EXPECT_EQ(batch->earlier->series, two_series());
  EXPECT_EQ(batch->earlier->boot, run_number(1).boot);
}

TEST(Journal, WhatWasReleasedIsNotSentAgainAfterAKill) {
  Disk disk;
  {
    AgentRun killed(disk, 1, run_number(1));
    killed.add(1, 100);
    killed.spool.release(1, 37);
  }
  AgentRun next(disk, 10, run_number(2));
  EXPECT_THAT(next.spool.open(), ElementsAre(OpenStream{1, 38, 100}));
  EXPECT_EQ(next.ticks(1), numbered(38, 38, 100));
  next.spool.release(1, 100);
  EXPECT_THAT(disk.files, IsEmpty());
  EXPECT_EQ(next.spool.kept().value, 0U);
}

TEST(Journal, WhatIsUnackedAtAnOrderlyEndIsKept) {
  Disk disk;
  {
    AgentRun upgraded(disk, 1, run_number(1));
    upgraded.connect(2);
    upgraded.add(1, 3);
    upgraded.spool.begin(3);  // a new attempt that nobody answered
    upgraded.add(4, 5);
    upgraded.spool.keep();
  }
  AgentRun next(disk, 10, run_number(2));
  EXPECT_EQ(next.ticks(2), numbered(1, 1, 5));
}

TEST(Journal, TimesOfARunThatWasNeverWelcomedAreCorrectedByTheClockThatRunsShare) {
  Disk disk;
  Origin first = run_number(1), second = run_number(2), rebooted = run_number(3, 2);
  first.clock_base = 1'000s;
  second.clock_base = 1'600s;  // the wall clock was set on by ten minutes in between
  rebooted.clock_base = 9'000s;
  AgentRun(disk, 1, first).add(1, 5);
  {
    AgentRun next(disk, 2, second);
    next.connect(3, 50s);
    EXPECT_EQ(next.ticks(1), numbered(1, 651, 655));
  }
  AgentRun(disk, 4, second).add(6, 6);
  AgentRun last(disk, 5, rebooted);
  EXPECT_EQ(last.ticks(1), numbered(1, 651, 655)) << "told once, it stays";
  last.connect(6, 7s);
  EXPECT_EQ(last.ticks(4), numbered(1, 13, 13)) << "of another boot: this run's offset";
}

TEST(Journal, AnHourWithoutACollectorTakesLittleMemoryAndIsReadBackWhole) {
  Disk disk;
  AgentRun run(disk, 1, run_number(1));
  run.connect(2);
  run.add(1, 5);
  run.spool.release(2, 5);
  run.spool.set_connected(false);
  run.add(6, 3'605);
  EXPECT_LT(run.spool.size().value, 16U * 1024);
  EXPECT_EQ(run.spool.dropped(), 0U);
  run.spool.begin(3);
  run.spool.confirm(0ms);
  EXPECT_EQ(run.ticks(2), numbered(6, 6, 3'605));
}

TEST(Journal, IsBoundedAndDropsTheOldestFirstAndCounts) {
  Disk disk;
  AgentRun run(disk, 1, run_number(1), {.bytes = units::mib(1), .age = 48h});
  run.add(1, 100'000);
  EXPECT_LE(disk.used(), units::mib(1).value + 64 * 1024);
  EXPECT_GT(disk.used(), units::mib(1).value * 3 / 4);
  const auto open = run.spool.open();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].last, 100'000U);
  EXPECT_EQ(run.spool.dropped(), open[0].first - 1);
  EXPECT_GT(run.spool.dropped(), 0U);
  EXPECT_EQ(run.ticks(1).size(), 100'000 - run.spool.dropped());
}

TEST(Journal, DropsWhatIsTooOldOfEarlierRunsToo) {
  Disk disk;
  AgentRun(disk, 1, run_number(1), {.age = 1h}).add(1, 100);
  AgentRun next(disk, 2, run_number(2), {.age = 1h});
  next.add(3'000, 3'000);
  EXPECT_EQ(next.spool.open().size(), 2U);
  next.add(3'800, 3'800);
  EXPECT_THAT(next.spool.open(), ElementsAre(OpenStream{2, 1, 2}));
  EXPECT_EQ(next.spool.dropped(), 100U);
}

TEST(Journal, AFullDiskIsToldOnceMemoryTakesOverAndNothingIsLost) {
  Disk disk;
  tests::Logged log;
  AgentRun run(disk, 1, run_number(1));
  run.add(1, 50);
  disk.room = disk.used() + 10;
  run.add(51, 400);
  EXPECT_EQ(log.count("the spool can't be used", "No space left"), 1U);
  EXPECT_EQ(run.ticks(1), numbered(1, 1, 400));
  disk.room = SIZE_MAX;
  run.add(401, 420);
  EXPECT_EQ(log.count("the spool can be used again"), 1U);
  EXPECT_EQ(run.ticks(1), numbered(1, 1, 420));
  EXPECT_EQ(run.spool.dropped(), 0U);
  EXPECT_EQ(AgentRun(disk, 9, run_number(2)).ticks(1), numbered(1, 1, 420)) << "all of it is on disk by now";
}

TEST(Journal, WithoutADiskMemoryIsBoundedAndDropsItsOldest) {
  Disk disk;
  AgentRun run(disk, 1, run_number(1), {}, {.bytes = units::Bytes(20'000)});
  run.add(1, 50);
  disk.broken = true;
  run.add(51, 5'000);
  EXPECT_LE(run.spool.size().value, 20'000U);
  const std::uint64_t dropped = run.spool.dropped();
  EXPECT_GT(dropped, 0U);
  disk.broken = false;
  run.add(5'001, 5'020);
  EXPECT_EQ(run.spool.dropped(), dropped);
  const auto ticks = run.ticks(1);
  EXPECT_EQ(ticks.size(), 5'020 - dropped);
  EXPECT_EQ(ticks.begin()->second, 1);
  EXPECT_EQ(ticks.rbegin()->second, 5'020);
}

TEST(Journal, EachLostTickIsCountedOnceAlsoWhereMemoryAndDiskLoseSome) {
  Disk disk;
  AgentRun run(disk, 1, run_number(1), {.bytes = units::mib(1)}, {.bytes = units::Bytes(20'000)});
  run.add(1, 50);
  disk.broken = true;
  run.add(51, 5'000);
  disk.broken = false;
  run.add(5'001, 100'000);
  EXPECT_EQ(run.ticks(1).size() + run.spool.dropped(), 100'000U);
  EXPECT_GT(run.spool.open().at(0).first, 5'000U);
}

TEST(Journal, ADiskThatComesLateIsTakenUpThen) {
  Disk disk;
  AgentRun(disk, 1, run_number(1)).add(1, 10);
  disk.broken = true;
  AgentRun next(disk, 2, run_number(2));
  next.add(100, 105);
  EXPECT_THAT(next.spool.open(), ElementsAre(OpenStream{2, 1, 6}));
  disk.broken = false;
  next.add(120, 120);
  EXPECT_THAT(next.spool.open(), ElementsAre(OpenStream{1, 1, 10}, OpenStream{2, 1, 7}));
  EXPECT_EQ(next.ticks(1), numbered(1, 1, 10));
}

TEST(Journal, WhatAnotherIdentityLeftIsRemovedAndTold) {
  Disk disk;
  tests::Logged log;
  AgentRun(disk, 1, run_number(1)).add(1, 10);
  AgentRun next(disk, 2, run_number(2, 1, 77));
  EXPECT_THAT(next.spool.open(), IsEmpty());
  EXPECT_THAT(disk.files, IsEmpty());
  EXPECT_EQ(log.count("another identity", "files=1"), 1U);
}

TEST(Journal, DamageIsToldAndTheRestIsSent) {
  Disk disk;
  tests::Logged log;
  AgentRun(disk, 1, run_number(1)).add(1, 100);
  std::string& bytes = disk.files.begin()->second;
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x40);
  disk.files[99] = "not a segment";
  AgentRun next(disk, 2, run_number(2));
  const auto ticks = next.ticks(1);
  EXPECT_GE(ticks.size(), 80U);
  EXPECT_LT(ticks.size(), 100U);
  EXPECT_EQ(ticks.rbegin()->second, 100);
  EXPECT_EQ(log.count("the spool is damaged", "files_lost=1", "ticks_lost=" + std::to_string(100 - ticks.size())), 1U);
  EXPECT_EQ(next.spool.dropped(), 100 - ticks.size());
  EXPECT_FALSE(disk.files.contains(99));
}

/// Random hours of an agent against a plain list of what was taken and not acked: connections that come and go, acks of
/// some, a disk that fills and recovers, kills and orderly ends.
class Hours {
 public:
  explicit Hours(std::uint64_t seed) : random_(seed) {}

  void live_one_run(std::uint8_t number) {
    const StreamId first = ++last_stream_;
    AgentRun run(disk_, first, run_number(number));
    EXPECT_EQ(held(run), unacked_) << "at the start of run " << int{number};
    run.connect(++last_stream_);
    bool connected = true;
    for (int step = 0; step < 400; ++step) {
      const auto dice = random_() % 40;
      if (dice == 0 && !connected) run.connect(++last_stream_);
      if (dice <= 1) run.spool.set_connected(connected = dice == 0);
      if (dice == 2) disk_.room = random_() % 2 == 0 ? disk_.used() : SIZE_MAX;
      if (dice >= 3 && dice <= 6 && connected) take_some(run);
      if (dice > 6) tick(run, 1);
    }
    EXPECT_EQ(held(run), unacked_) << "at the end of run " << int{number};
    EXPECT_EQ(run.spool.dropped(), 0U);
    end(run);
  }

 private:
  void tick(AgentRun& run, std::int64_t later) {
    second_ += later;
    run.add(second_, second_);
    unacked_.insert(second_);
  }

  /// What the collector would be sent: of each stream what comes after the last tick it has.
  std::set<std::int64_t> held(AgentRun& run) {
    std::set<std::int64_t> seconds;
    for (const OpenStream& open : run.spool.open()) {
      for (const auto& [number, second] : run.ticks(open.stream, 50)) {
        if (number > marks_[open.stream]) {
          EXPECT_TRUE(seconds.insert(second).second);
        }
      }
    }
    return seconds;
  }

  /// The collector takes some of each stream.
  void take_some(AgentRun& run) {
    for (const OpenStream& open : run.spool.open()) {
      const TickNumber last = open.first + random_() % (open.last - open.first + 1);
      for (const auto& [number, second] : run.ticks(open.stream)) {
        if (number <= last && number > marks_[open.stream]) {
          EXPECT_EQ(unacked_.erase(second), 1U);
        }
      }
      marks_[open.stream] = std::max(marks_[open.stream], last);
      run.spool.release(open.stream, last);
    }
  }

  void end(AgentRun& run) {
    disk_.room = SIZE_MAX;
    tick(run, 30);  // the disk is tried again, and what waits has waited long enough
    if (random_() % 2 == 0) return run.spool.keep();
    run.spool.set_connected(false);
    tick(run, 1);
    // Killed here: an hour offline loses nothing.
  }

  std::mt19937_64 random_;
  Disk disk_;
  std::set<std::int64_t> unacked_;
  std::map<StreamId, TickNumber> marks_;
  std::int64_t second_ = 0;
  StreamId last_stream_ = 0;
};

TEST(Journal, RandomHoursLoseNothingAndSendNothingTwice) {
  for (std::uint64_t seed = 1; seed <= 100 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Hours hours(seed);
    for (std::uint8_t number = 1; number <= 5; ++number) hours.live_one_run(number);
  }
}

}  // namespace
}  // namespace vedette::spool
