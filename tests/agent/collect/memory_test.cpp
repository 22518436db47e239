#include "agent/collect/memory.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/collect/load.h"
#include "tests/agent/collect/capture.h"

namespace vedette::collect {
namespace {

TEST(ParseMeminfo, ReadsKernel2632WhichTellsNothingAvailable) {
  const MemInfo info = parse_meminfo(capture("meminfo-2.6.32")).value();
  EXPECT_EQ(info.total, 1020696U);
  EXPECT_FALSE(info.available.has_value());
  EXPECT_EQ(info.cache(), 201200U + 20000 - 200);
  EXPECT_EQ(info.used(), 1020696U - 612340 - 28340 - 221000 - 200);
}

TEST(ParseMeminfo, StatesAddUpToTheLimit) {
  for (const char* name : {"meminfo-2.6.32", "meminfo-6.1"}) {
    const MemInfo info = parse_meminfo(capture(name)).value();
    EXPECT_EQ(info.used() + info.free + *info.buffers + info.cache() + *info.shared, info.total) << name;
  }
}

TEST(ParseMeminfo, NeverGoesBelowZeroWhereLxcfsMixesItsNumbersWithTheHosts) {
  const MemInfo info = parse_meminfo(capture("meminfo-lxcfs")).value();
  EXPECT_EQ(info.cache(), 0U);  // the host's Shmem is larger than the container's Cached
  EXPECT_LE(info.used(), info.total);
}

TEST(ParseMeminfo, TellsTheKernelsOwnMemoryAndWhatIsPromised) {
  const MemInfo info =
      parse_meminfo(
          "MemTotal: 100 kB\nMemFree: 50 kB\nDirty: 7 kB\nSReclaimable: 8 kB\nSUnreclaim: 9 kB\nCommitted_AS: 400 kB\n")
          .value();
  EXPECT_EQ(info.dirty, 7U);
  EXPECT_EQ(info.reclaimable, 8U);
  EXPECT_EQ(info.unreclaimable, 9U);
  EXPECT_EQ(info.committed, 400U);
}

TEST(ParseMeminfo, RefusesWhatLacksTheTotal) {
  for (const char* text : {"", "MemFree: 1 kB\n", "MemTotal: x kB\nMemFree: 1 kB\n", "MemTotal: 5 kB\nMemFree: 1 kB"}) {
    EXPECT_FALSE(parse_meminfo(text).has_value()) << text;
  }
}

TEST(MemorySource, AMachineWithoutSwapHasNoPagingSeriesUntilItGetsSome) {
  const FakeProc proc;
  proc.write("meminfo", capture("meminfo-6.1"));
  MemorySource source(proc.path());
  Roster roster;
  std::vector<metrics::Cell> cells;
  Draft draft(roster, cells);
  ASSERT_TRUE(source.read(draft).has_value());
  const auto swap = [&] {
    return std::ranges::count(roster.series(), "system.paging.usage", [](const auto& one) { return one.key.name; });
  };
  const auto before = roster.series().size();
  EXPECT_EQ(swap(), 0);
  proc.write("meminfo", capture("meminfo-2.6.32"));
  ASSERT_TRUE(source.read(draft).has_value());
  EXPECT_EQ(swap(), 2);
  EXPECT_EQ(to_string(roster.series()[before].key), "system.paging.usage{state=used}");
  EXPECT_EQ(metrics::value(cells[before], roster.series()[before].quantum), (2064376.0 - 2060000) * 1024);
}

TEST(ParseLoadavg, ReadsHundredths) {
  const Load load = parse_loadavg("0.92 10.06 123.45 1/123 456\n").value();
  EXPECT_EQ(load.one, 92U);
  EXPECT_EQ(load.five, 1006U);
  EXPECT_EQ(load.fifteen, 12345U);
  EXPECT_EQ(load.threads, 123U);
  EXPECT_FALSE(parse_loadavg("0.92 10.06 123.45\n").value().threads.has_value());
  EXPECT_FALSE(parse_loadavg("0.92 10.06 123.45 1/ 456\n").value().threads.has_value());
}

TEST(ParseLoadavg, RefusesGarbage) {
  for (const char* text : {"", "0.92 0.26\n", "0.92 0.26 0.15", "a b c\n", "0,92 0,26 0,15\n", "1 2 3\n"}) {
    EXPECT_FALSE(parse_loadavg(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace vedette::collect
