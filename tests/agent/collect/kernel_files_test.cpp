// The small files: pressure, vmstat, ZFS's ARC, open files, uptime, and adjtimex.
#include <gtest/gtest.h>

#include "agent/collect/arc.h"
#include "agent/collect/clock.h"
#include "agent/collect/file_descriptors.h"
#include "agent/collect/pressure.h"
#include "agent/collect/vmstat.h"
#include "tests/agent/collect/capture.h"
#include "tests/agent/collect/reading.h"

namespace vedette::collect {
namespace {

constexpr const char* kTooLarge = "99999999999999999999";

TEST(ParsePressure, ReadsTheTotalsOfOldAndNewKernels) {
  EXPECT_EQ(parse_pressure(capture("pressure-4.20-cpu")).value().some, 1183925736U);
  EXPECT_FALSE(parse_pressure(capture("pressure-4.20-cpu")).value().full.has_value());
  EXPECT_EQ(parse_pressure(capture("pressure-5.14-cpu")).value().full, 0U);
  EXPECT_EQ(parse_pressure(capture("pressure-6.18-memory")).value().some, 4259714U);
  EXPECT_EQ(parse_pressure(capture("pressure-6.18-memory")).value().full, 1886933U);
}

TEST(ParsePressure, RefusesGarbageAndTornLines) {
  for (const std::string& text :
       {std::string(), std::string("some\n"), std::string("some total=\n"), std::string("some avg10=0 total=12"),
        std::string("some total=-1\n"), std::string("some total=") + kTooLarge + "\n", std::string("full total=1\n")}) {
    EXPECT_FALSE(parse_pressure(text).has_value()) << text;
  }
}

TEST(PressureSource, TellsSecondsAndNoFullOfTheCpu) {
  const FakeProc proc;
  proc.write("pressure/cpu", capture("pressure-5.14-cpu"));
  proc.write("pressure/memory", capture("pressure-6.18-memory"));
  PressureSource cpu(proc.path(), "cpu"), memory(proc.path(), "memory"), io(proc.path(), "io");
  Reading of_cpu(cpu), of_memory(memory), of_io(io);
  ASSERT_TRUE(of_cpu.read().has_value());
  ASSERT_TRUE(of_memory.read().has_value());
  EXPECT_EQ(of_cpu.roster().series().size(), 1U);
  EXPECT_DOUBLE_EQ(of_cpu["system.linux.pressure.stall_time{resource=cpu,tasks=some}"].value(), 90210.334555);
  EXPECT_DOUBLE_EQ(of_memory["system.linux.pressure.stall_time{resource=memory,tasks=full}"].value(), 1.886933);
  EXPECT_EQ(of_io.read().error().code, units::ErrorCode::not_found);
}

TEST(ParseVmstat, ReadsRhel7WhichCountsNoOomKills) {
  const Vmstat vmstat = parse_vmstat(capture("vmstat-3.10")).value();
  EXPECT_EQ(vmstat.faults, 812330121U);
  EXPECT_EQ(vmstat.major_faults, 9120U);
  EXPECT_EQ(vmstat.swapped_in, 41U);
  EXPECT_EQ(vmstat.swapped_out, 1207U);
  EXPECT_FALSE(vmstat.oom_kills.has_value());
  EXPECT_TRUE(parse_vmstat(capture("vmstat-6.18")).value().oom_kills.has_value());
}

TEST(ParseVmstat, LeavesOutWhatIsNoNumberAndRefusesAFileWithoutAny) {
  const Vmstat vmstat = parse_vmstat("pgfault 5\npgmajfault x\npswpin -1\noom_kill 3").value();
  EXPECT_EQ(vmstat.faults, 5U);
  EXPECT_FALSE(vmstat.major_faults.has_value());
  EXPECT_FALSE(vmstat.swapped_in.has_value());
  EXPECT_FALSE(vmstat.oom_kills.has_value());
  EXPECT_FALSE(parse_vmstat("nr_free_pages 5\n").has_value());
  EXPECT_FALSE(parse_vmstat("").has_value());
}

TEST(VmstatSource, MinorFaultsAreAllWithoutTheMajorOnes) {
  const FakeProc proc;
  proc.write("vmstat", capture("vmstat-3.10"));
  VmstatSource source(proc.path());
  Reading reading(source);
  ASSERT_TRUE(reading.read().has_value());
  EXPECT_EQ(reading["system.paging.faults{type=minor}"], 812330121.0 - 9120);
  EXPECT_EQ(reading["system.paging.operations{direction=out}"], 1207);
  EXPECT_FALSE(reading["system.linux.memory.oom_kills"].has_value());
  proc.write("vmstat", "pgfault 3\npgmajfault 7\n");  // the two aren't read at one moment
  ASSERT_TRUE(reading.read().has_value());
  EXPECT_EQ(reading["system.paging.faults{type=minor}"], 0);
}

TEST(ParseArcstats, TellsWhatZfsCanGiveBack) {
  const Arc arc = parse_arcstats(capture("arcstats-2.1")).value();
  EXPECT_EQ(arc.size, 66571993088U);
  EXPECT_EQ(arc.reclaimable(), 66571993088U - 4217006080U);
  EXPECT_EQ((Arc{.size = 5, .least = 9}).reclaimable(), 0U);
  for (const char* text : {"", "size 4 5\n", "size 4 5\nc_min 4 x\n", "size 4 5\nc_min 4 6"})
    EXPECT_FALSE(parse_arcstats(text).has_value()) << text;
}

TEST(ArcSource, AddsUpToTheCachesSize) {
  const FakeProc proc;
  proc.write("spl/kstat/zfs/arcstats", capture("arcstats-2.1"));
  ArcSource source(proc.path());
  Reading reading(source);
  ASSERT_TRUE(reading.read().has_value());
  const double sum = reading["system.linux.memory.arc.usage{state=reclaimable}"].value() +
                     reading["system.linux.memory.arc.usage{state=unreclaimable}"].value();
  EXPECT_NEAR(sum, 66571993088.0, 2048);
}

TEST(ParseFileNr, KnowsAKernelWithoutALimit) {
  EXPECT_EQ(parse_file_nr(capture("file-nr-3.10")).value().open, 1568U);
  EXPECT_EQ(parse_file_nr(capture("file-nr-3.10")).value().limit, 1614186U);
  EXPECT_EQ(parse_file_nr(capture("file-nr-6.1")).value().open, 9120U);
  EXPECT_FALSE(parse_file_nr(capture("file-nr-6.1")).value().limit.has_value());
  EXPECT_EQ(parse_file_nr("5 9 10\n").value().open, 0U);
  for (const char* text : {"", "1 2\n", "1 2 x\n", "1 2 3"}) EXPECT_FALSE(parse_file_nr(text).has_value()) << text;
}

TEST(ParseUptime, IsWholeSeconds) {
  EXPECT_EQ(parse_uptime("80643.92 123.4\n").value(), 80643U);
  EXPECT_EQ(parse_uptime("7\n").value(), 7U);
  for (const char* text : {"", "\n", ".5 1\n", "-1.0 2\n", "80643.92"}) EXPECT_FALSE(parse_uptime(text).has_value());
}

TEST(ClockState, IsSynchronizedOnlyWhereNothingSpeaksAgainstIt) {
  timex told{};
  told.esterror = 12;
  told.offset = 34'000;
  told.status = STA_PLL | STA_NANO;
  ClockState clock = clock_state(TIME_OK, told);
  EXPECT_TRUE(clock.synchronized);
  EXPECT_EQ(clock.estimated_error, 12);
  EXPECT_EQ(clock.offset, 34);
  told.status = STA_PLL;
  EXPECT_EQ(clock_state(TIME_OK, told).offset, 34'000);
  EXPECT_FALSE(clock_state(TIME_ERROR, told).synchronized);
  told.status |= STA_UNSYNC;
  EXPECT_FALSE(clock_state(TIME_OK, told).synchronized);
}

TEST(ClockSource, TellsThisMachinesOrThatItMayNotAsk) {
  ClockSource source;
  Reading reading(source);
  const auto read = reading.read();
  if (!read) {
    EXPECT_EQ(read.error().code, units::ErrorCode::not_found) << read.error().message;
    return;
  }
  const double synchronized = reading["system.linux.clock.synchronized"].value();
  EXPECT_TRUE(synchronized == 0 || synchronized == 1);
  EXPECT_GE(reading["system.linux.clock.estimated_error"].value(), 0);
}

}  // namespace
}  // namespace vedette::collect
