#include "agent/collect/disk.h"

#include <gmock/gmock.h>

#include "agent/collect/network.h"
#include "tests/agent/collect/capture.h"
#include "tests/logged.h"

namespace vedette::collect {
namespace {

using tests::Logged;

std::vector<std::string> names(const auto& list) {
  std::vector<std::string> all;
  for (const auto& entry : list) all.emplace_back(entry.name);
  return all;
}

std::vector<DiskStats> disks_of(std::string_view text) {
  std::vector<DiskStats> disks;
  EXPECT_TRUE(parse_diskstats(text, disks).has_value());
  return disks;
}

std::vector<InterfaceStats> interfaces_of(std::string_view text) {
  std::vector<InterfaceStats> all;
  EXPECT_TRUE(parse_net_dev(text, all).has_value());
  return all;
}

TEST(ParseDiskstats, KeepsTheDiskOfKernel2632AndItsFields) {
  const std::string text = capture("diskstats-2.6.32");
  const auto disks = disks_of(text);
  ASSERT_THAT(names(disks), testing::ElementsAre("sda"));
  EXPECT_EQ(disks[0].reads, 7811U);
  EXPECT_EQ(disks[0].sectors_read, 244882U);
  EXPECT_EQ(disks[0].writes, 13212U);
  EXPECT_EQ(disks[0].sectors_written, 268984U);
  EXPECT_EQ(disks[0].read_ms, 40323U);
  EXPECT_EQ(disks[0].write_ms, 120344U);
  EXPECT_EQ(disks[0].in_flight, 0U);
  EXPECT_EQ(disks[0].io_ms, 31201U);
  EXPECT_EQ(disks[0].weighted_ms, 160667U);
}

TEST(ParseDiskstats, KnowsPartitionsByTheirListedDiskEvenIfThatIsIdle) {
  const std::string text = capture("diskstats-5.10");
  EXPECT_THAT(names(disks_of(text)), testing::ElementsAre("nvme0n1", "mmcblk0"));
}

TEST(ParseDiskstats, TakesXvda1ForADiskWhereThereIsNoXvda) {
  const std::string text = capture("diskstats-4.9-xen");
  EXPECT_THAT(names(disks_of(text)), testing::ElementsAre("xvda1", "xvdb"));
}

TEST(ParseDiskstats, AnEmptyFileIsAContainerAndGarbageAnError) {
  EXPECT_TRUE(disks_of("").empty());
  for (const char* text : {"\n", "8 0 sda 1 2 3\n", "8 0 sda 1 2 3 4 5 6 7 8 9 10 11", "a b c d\n"}) {
    std::vector<DiskStats> disks;
    EXPECT_FALSE(parse_diskstats(text, disks).has_value()) << text;
  }
}

TEST(DiskSource, BytesComeFromSectorsOf512) {
  const FakeProc proc;
  proc.write("diskstats", capture("diskstats-2.6.32"));
  DiskSource source(proc.path());
  Roster roster;
  std::vector<metrics::Cell> cells;
  Draft draft(roster, cells);
  ASSERT_TRUE(source.read(draft).has_value());
  ASSERT_EQ(cells.size(), 9U);
  EXPECT_EQ(to_string(roster.series()[0].key), "system.disk.io{device=sda,direction=read}");
  EXPECT_EQ(metrics::value(cells[0], roster.series()[0].quantum), 244882.0 * 512);
  const auto value_of = [&](std::string_view series) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (to_string(roster.series()[i].key) == series) return metrics::value(cells[i], roster.series()[i].quantum);
    }
    return -1.0;
  };
  EXPECT_DOUBLE_EQ(value_of("system.disk.io_time{device=sda}"), 31.201);
  EXPECT_DOUBLE_EQ(value_of("system.disk.weighted_io_time{device=sda}"), 160.667);
  EXPECT_DOUBLE_EQ(value_of("system.disk.pending_operations{device=sda}"), 0);
  // 120.344 s for 13,212 writes: each waited 9.1 ms.
  EXPECT_DOUBLE_EQ(value_of("system.disk.operation_time{device=sda,direction=write}"), 120.344);
  EXPECT_DOUBLE_EQ(value_of("system.disk.operation_time{device=sda,direction=read}"), 40.323);
}

TEST(ParseNetDev, ReadsGluedColonsOfOldKernels) {
  const std::string text = capture("net-dev-2.6.32");
  const auto all = interfaces_of(text);
  ASSERT_THAT(names(all), testing::ElementsAre("eth0"));
  EXPECT_EQ(all[0].received.bytes, 3210987654U);
  EXPECT_EQ(all[0].received.errors, 1U);
  EXPECT_EQ(all[0].received.dropped, 2U);
  EXPECT_EQ(all[0].sent.bytes, 987654321U);
  EXPECT_EQ(all[0].sent.packets, 2012345U);
  EXPECT_EQ(all[0].sent.dropped, 4U);
}

TEST(ParseNetDev, LeavesOutLoopbackContainerLinksSilentOnesAndGarbage) {
  const std::string text = capture("net-dev-6.1");
  EXPECT_THAT(names(interfaces_of(text)), testing::ElementsAre("enp1s0f0np0", "docker0"));
}

/// /proc/net/dev with interfaces of these names.
std::string net_dev(const std::vector<std::string>& interfaces) {
  std::string text = "Inter-|   Receive |  Transmit\n face |bytes packets|bytes packets\n";
  for (const std::string& name : interfaces) text += name + ": 900 9 0 0 0 0 0 0 900 9 0 0 0 0 0 0\n";
  return text;
}

TEST(ParseNetDev, LeavesOutNamesThatComeAndGoWithContainersAndMachinesButNoneThatAPersonGave) {
  const std::string passing =
      net_dev({"veth8a1b2c3", "cali01234567890", "lxc0a1b2c3d4e5f", "eni0a1b2c3d4e5", "azv0a1b2c3d4e5",
               "gke0a1b2c3d4e5", "tap0a1b2c3d-4e", "vnet17", "br-0a1b2c3d4e5f"});
  EXPECT_THAT(names(interfaces_of(passing)), testing::ElementsAre());
  const std::vector<std::string> lasting{"eth0",   "br-lan", "br0",    "lxcbr0", "lxdbr0", "docker0",
                                         "enp1s0", "cni0",   "virbr0", "wg0",    "tap0",   "tap101i0"};
  const std::string text = net_dev(lasting);
  EXPECT_EQ(names(interfaces_of(text)), lasting);
}

TEST(NetworkSource, NamesThatNeverEndAreRefusedAtTheLimitAndToldOnce) {
  const FakeProc proc;
  NetworkSource source(proc.path());
  Roster roster(20);  // two interfaces and a half
  const Logged log;
  std::vector<metrics::Cell> cells;
  for (int i = 0; i < 50; ++i) {
    proc.write("net/dev", net_dev({"pod" + std::to_string(i)}));
    cells.clear();
    Draft draft(roster, cells);
    ASSERT_TRUE(source.read(draft).has_value());
  }
  EXPECT_EQ(roster.series().size(), 20U);
  EXPECT_EQ(log.count("series limit reached"), 1U);
  EXPECT_TRUE(cells.empty());
}

TEST(ParseNetDev, RefusesAFileWithoutItsHead) {
  for (const char* text : {"", "one\n", "one\ntwo\n", "Inter-|\n face |bytes"}) {
    std::vector<InterfaceStats> all;
    EXPECT_FALSE(parse_net_dev(text, all).has_value()) << text;
  }
}

}  // namespace
}  // namespace vedette::collect
