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

TEST(ParseDiskstats, KeepsTheDiskOfKernel2632AndItsFields) {
  const std::string text = capture("diskstats-2.6.32");
  const auto disks = parse_diskstats(text).value();
  ASSERT_THAT(names(disks), testing::ElementsAre("sda"));
  EXPECT_EQ(disks[0].reads, 7811U);
  EXPECT_EQ(disks[0].sectors_read, 244882U);
  EXPECT_EQ(disks[0].writes, 13212U);
  EXPECT_EQ(disks[0].sectors_written, 268984U);
  EXPECT_EQ(disks[0].io_ms, 31201U);
}

TEST(ParseDiskstats, KnowsPartitionsByTheirListedDiskEvenIfThatIsIdle) {
  const std::string text = capture("diskstats-5.10");
  EXPECT_THAT(names(parse_diskstats(text).value()), testing::ElementsAre("nvme0n1", "mmcblk0"));
}

TEST(ParseDiskstats, TakesXvda1ForADiskWhereThereIsNoXvda) {
  const std::string text = capture("diskstats-4.9-xen");
  EXPECT_THAT(names(parse_diskstats(text).value()), testing::ElementsAre("xvda1", "xvdb"));
}

TEST(ParseDiskstats, AnEmptyFileIsAContainerAndGarbageAnError) {
  EXPECT_TRUE(parse_diskstats("").value().empty());
  for (const char* text : {"\n", "8 0 sda 1 2 3\n", "8 0 sda 1 2 3 4 5 6 7 8 9 10 11", "a b c d\n"}) {
    EXPECT_FALSE(parse_diskstats(text).has_value()) << text;
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
  ASSERT_EQ(cells.size(), 5U);
  EXPECT_EQ(to_string(roster.series()[0].key), "system.disk.io{device=sda,direction=read}");
  EXPECT_EQ(metrics::value(cells[0], roster.series()[0].quantum), 244882.0 * 512);
  EXPECT_DOUBLE_EQ(metrics::value(cells[4], roster.series()[4].quantum), 31.201);
}

TEST(ParseNetDev, ReadsGluedColonsOfOldKernels) {
  const std::string text = capture("net-dev-2.6.32");
  const auto all = parse_net_dev(text).value();
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
  EXPECT_THAT(names(parse_net_dev(text).value()), testing::ElementsAre("enp1s0f0np0", "docker0"));
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
  EXPECT_THAT(names(parse_net_dev(passing).value()), testing::ElementsAre());
  const std::vector<std::string> lasting{"eth0",   "br-lan", "br0",    "lxcbr0", "lxdbr0", "docker0",
                                         "enp1s0", "cni0",   "virbr0", "wg0",    "tap0",   "tap101i0"};
  const std::string text = net_dev(lasting);
  EXPECT_EQ(names(parse_net_dev(text).value()), lasting);
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
    EXPECT_FALSE(parse_net_dev(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace vedette::collect
