// A tick that meets nothing new allocates nothing: operator new is replaced in this program and counts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "agent/collect/collector.h"
#include "tests/agent/collect/steady/counted_new.h"
#include "tests/temporary_directory.h"

namespace vedette::collect {
namespace {

std::size_t counted(auto&& work) {
  begin_counting();
  work();
  return end_counting();
}

TEST(Allocations, AreCounted) {
  EXPECT_EQ(counted([] { ::operator delete(::operator new(1)); }), 1U) << "or the other tests can't fail";
}

TEST(Collector, ATickInTheSteadyStateAllocatesNothing) {
  units::Steady now{};
  Collector collector(
      {.proc = "/proc", .sys = "/sys", .groups = {}, .ask_usage = ask_statvfs, .clock = [&now] { return now; }});
  std::vector<metrics::Cell> cells;
  cells.reserve(4096);
  collector.collect(cells);  // every series joins, every file is opened
  while (!collector.settled()) collector.collect(cells);
  const std::size_t series = collector.roster().series().size();
  ASSERT_GT(series, 40U);
  // Real /proc, all 1 Hz sources; the clock stands, so that no slow one is due.
  std::size_t least = SIZE_MAX;
  for (int tick = 0; tick < 20; ++tick) least = std::min(least, counted([&] { collector.collect(cells); }));
  EXPECT_EQ(least, 0U);
  EXPECT_GE(std::ranges::count(cells, true, &metrics::Cell::present), 40);
}

TEST(Collector, OfTheSlowSourcesOnlyThoseThatAskAHelperThreadAllocate) {
  units::Steady now{};
  metrics::Groups groups;
  groups.set(metrics::Group::filesystems, false);
  groups.set(metrics::Group::sensors, false);
  groups.set(metrics::Group::cpu, false);
  Collector collector(
      {.proc = "/proc", .sys = "/sys", .groups = groups, .ask_usage = ask_statvfs, .clock = [&now] { return now; }});
  std::vector<metrics::Cell> cells;
  cells.reserve(4096);
  for (int tick = 0; tick < 12; ++tick, now += std::chrono::seconds{1}) collector.collect(cells);
  // A device that appears on the machine meanwhile, or a source that it lacks, may cost one tick something.
  std::vector<std::size_t> counts;
  for (int tick = 0; tick < 40; ++tick, now += std::chrono::seconds{1})
    counts.push_back(counted([&] { collector.collect(cells); }));
  EXPECT_GE(std::ranges::count(counts, 0U), 38);
}

TEST(Collector, KnownControlGroupsAllocateNothing) {
  const tests::TemporaryDirectory sys;
  std::filesystem::create_directories(sys / "fs/cgroup");
  std::ofstream(sys / "fs/cgroup/cgroup.controllers") << "cpu io\n";
  for (int n = 0; n < 50; ++n) {
    const auto group = sys / ("fs/cgroup/system.slice/a-service-with-a-longer-name-" + std::to_string(n) + ".service");
    std::filesystem::create_directories(group);
    std::ofstream(group / "cpu.stat") << "usage_usec 1\n";
    std::ofstream(group / "io.stat") << "8:0 rbytes=1 wbytes=1 rios=1 wios=1\n";
  }
  Roster roster;
  std::vector<metrics::Cell> cells(50 * CgroupSource::kSeries);
  Draft draft(roster, cells);
  CgroupSource source(sys.path().string(), {});
  ASSERT_TRUE(source.read(draft));
  ASSERT_EQ(roster.series().size(), 250U);
  EXPECT_EQ(counted([&] { EXPECT_TRUE(source.read(draft)); }), 0U);
}

}  // namespace
}  // namespace vedette::collect
