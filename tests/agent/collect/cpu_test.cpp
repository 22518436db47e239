#include "agent/collect/cpu.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/collect/text.h"
#include "tests/agent/collect/capture.h"

namespace vedette::collect {
namespace {

Stat stat_of(std::string_view text) {
  Stat stat;
  EXPECT_TRUE(parse_stat(text, stat).has_value());
  return stat;
}

TEST(ParseStat, ReadsKernel2632WithNineFields) {
  const auto all = stat_of(capture("stat-2.6.32")).cpus;
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].cpu, -1);
  EXPECT_EQ(all[0].modes, 8U);
  EXPECT_EQ(all[0].ticks, (std::array<std::uint64_t, 8>{4705, 150, 1120, 16250856, 2405, 10, 39, 0}));
  EXPECT_EQ(all[2].cpu, 1);
  EXPECT_EQ(all[2].ticks[0], 3312U);
}

TEST(ParseStat, CountsGuestTimeOnceAsPartOfUser) {
  const auto all = stat_of(capture("stat-6.1-guests")).cpus;
  std::uint64_t sum = 0;
  for (const auto ticks : all[0].ticks) sum += ticks;
  EXPECT_EQ(sum, 900000U + 500 + 120000 + 4500000 + 800 + 0 + 1000 + 200);
}

TEST(ParseStat, Reads256Cores) {
  const auto all = stat_of(capture("stat-5.15-256-cores")).cpus;
  ASSERT_EQ(all.size(), 257U);
  EXPECT_EQ(all.back().cpu, 255);
  EXPECT_EQ(all.back().ticks[0], 355U);
}

TEST(ParseStat, TellsSwitchesInterruptsAndTasks) {
  const Stat stat = stat_of(capture("stat-4.19"));
  EXPECT_GT(stat.context_switches.value(), 0U);
  EXPECT_GT(stat.interrupts.value(), 0U);
  EXPECT_GT(stat.created.value(), 0U);
  EXPECT_TRUE(stat.running.has_value());
  EXPECT_TRUE(stat.blocked.has_value());
  const Stat exact =
      stat_of("cpu 1 2 3 4\nintr 97 1 2 3\nctxt 5\nbtime 6\nprocesses 7\nprocs_running 8\nprocs_blocked 9");
  EXPECT_EQ(exact.interrupts, 97U);
  EXPECT_EQ(exact.context_switches, 5U);
  EXPECT_EQ(exact.created, 7U);
  EXPECT_EQ(exact.running, 8U);
  EXPECT_FALSE(exact.blocked.has_value()) << "the last line is torn";
}

TEST(ParseStat, ARoomUsedAgainHoldsNothingOfTheReadingBefore) {
  Stat stat = stat_of("cpu 1 2 3 4\ncpu0 1 2 3 4\nctxt 5\n");
  ASSERT_TRUE(parse_stat("cpu 1 2 3 5\nctxt x\n", stat).has_value());
  EXPECT_EQ(stat.cpus.size(), 1U);
  EXPECT_FALSE(stat.context_switches.has_value());
}

TEST(ParseStat, DropsALineThatIsCutInANumber) {
  const auto all = stat_of(capture("stat-truncated")).cpus;
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].cpu, 0);
}

TEST(ParseStat, TakesWhatAnOldKernelTellsAndNoMore) {
  const auto all = stat_of("cpu  1 2 3 4\n").cpus;
  EXPECT_EQ(all[0].modes, 4U);
}

TEST(ParseStat, RefusesGarbage) {
  for (const char* text : {"", "\n\n", "cpu\n", "cpu 1 2 3\n", "cpux 1 2 3 4\n", "intr 5\n", "cpu  1 2 3 4",
                           "cpu99999999 1 2 3 4\n", "cpu0 -1 2 3 4\n"}) {
    Stat stat;
    EXPECT_FALSE(parse_stat(text, stat).has_value()) << text;
  }
}

/// Series of CPU time.
std::size_t cores(const Roster& roster) {
  return static_cast<std::size_t>(
      std::ranges::count(roster.series(), "system.cpu.time", [](const auto& series) { return series.key.name; }));
}

TEST(CpuSource, CoresThatGoOfflineDisappearAndComeBackUnderTheirNumbers) {
  const FakeProc proc;
  proc.write("stat", capture("stat-4.19"));
  CpuSource source(proc.path());
  Roster roster;
  const auto read = [&] {
    std::vector<metrics::Cell> cells(roster.series().size());
    Draft draft(roster, cells);
    EXPECT_TRUE(source.read(draft).has_value());
    return cells;
  };
  const auto before = read();
  ASSERT_EQ(cores(roster), 5U * 8);
  proc.write("stat", capture("stat-5.10-cpu1-offline"));
  const auto without = read();
  proc.write("stat", capture("stat-4.19"));
  const auto after = read();
  EXPECT_EQ(cores(roster), 5U * 8);
  EXPECT_EQ(before, after);
  for (std::size_t i = 0; i < without.size(); ++i) {
    if (roster.series()[i].key.name != "system.cpu.time") continue;
    const auto core = roster.series()[i].key.attribute("cpu");
    EXPECT_EQ(without[i].present, core != "1" && core != "3") << to_string(roster.series()[i].key);
  }
}

TEST(CpuSource, TwoReadsOfTheMachineItselfOnlyGrow) {
  CpuSource source("/proc");
  Roster roster;
  std::vector<metrics::Cell> first, second;
  Draft one(roster, first), two(roster, second);
  ASSERT_TRUE(source.read(one).has_value());
  ASSERT_TRUE(source.read(two).has_value());
  ASSERT_GE(first.size(), 16U);
  EXPECT_GE(second[0].bits, first[0].bits);
}

TEST(ProcFile, ReadsWhatIsLargerThanItsBufferAndSaysWhatIsMissing) {
  const FakeProc proc;
  const std::string large(300'000, 'x');
  proc.write("stat", large);
  ProcFile file(proc.path() + "/stat");
  EXPECT_EQ(file.read().value(), large);
  ProcFile absent(proc.path() + "/absent");
  EXPECT_EQ(absent.read().error().code, units::ErrorCode::not_found);
  EXPECT_NE(absent.read().error().message.find("/absent: No such file"), std::string::npos);
  proc.write("absent", "there\n");
  EXPECT_EQ(absent.read().value(), "there\n");
}

TEST(TakeNumber, RefusesWhatIsNotAWholeNumberOf64Bits) {
  for (std::string_view text : {"", "  ", "1x", "-1", "+1", "18446744073709551616", "0x10"}) {
    EXPECT_FALSE(take_number(text).has_value());
  }
  std::string_view most = " \t18446744073709551615 7";
  EXPECT_EQ(take_number(most), 18446744073709551615U);
  EXPECT_EQ(take_number(most), 7U);
  EXPECT_EQ(clamped(18446744073709551615U), 9223372036854775807);
}

}  // namespace
}  // namespace vedette::collect
