// The state of the machine: RAID, pools, updates.
#include <gtest/gtest.h>

#include "agent/collect/md.h"
#include "agent/collect/updates.h"
#include "agent/collect/zpool.h"
#include "tests/agent/collect/capture.h"
#include "tests/agent/collect/reading.h"

namespace vedette::collect {
namespace {

const char* const kMdstat =
    "Personalities : [raid1] [raid6] [raid5] [raid4] [raid0]\n"
    "md127 : active (auto-read-only) raid1 sdb1[1] sda1[0]\n"
    "      1046528 blocks super 1.2 [2/2] [UU]\n"
    "      bitmap: 0/1 pages [0KB], 65536KB chunk\n"
    "\n"
    "md1 : active raid5 sde1[4] sdd1[2](F) sdc1[1] sdb2[0]\n"
    "      292945152 blocks super 1.2 level 5, 512k chunk, algorithm 2 [4/3] [UU_U]\n"
    "      [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec\n"
    "\n"
    "md2 : active raid0 sdg1[0] sdh1[1]\n"
    "      2093056 blocks super 1.2 512k chunks\n"
    "\n"
    "md3 : inactive sdi1[0](S)\n"
    "      1046528 blocks super 1.2\n"
    "\n"
    "md125 : inactive sdk[1](S) sdj[0](S)\n"
    "      5928 blocks super external:imsm\n"
    "\n"
    "md126 : active raid1 sdk[1] sdj[0]\n"
    "      244195328 blocks super external:/md125/0 [2/1] [U_]\n"
    "\n"
    "unused devices: <none>\n";

TEST(Mdstat, TellsWhichArraysRunAndWhatTheyLack) {
  FakeProc proc;
  proc.write("mdstat", kMdstat);
  MdSource source(proc.path());
  Reading reading(source);
  ASSERT_TRUE(reading.read());
  const auto active = [&](const std::string& name) { return reading["system.linux.md.active{device=" + name + "}"]; };
  const auto missing = [&](const std::string& name) {
    return reading["system.linux.md.missing_disks{device=" + name + "}"];
  };
  EXPECT_EQ(active("md127"), 1);
  EXPECT_EQ(missing("md127"), 0);
  EXPECT_EQ(missing("md1"), 1);
  EXPECT_EQ(active("md2"), 1);
  EXPECT_EQ(missing("md2"), std::nullopt) << "raid0 has no spare to lack";
  EXPECT_EQ(active("md3"), 0);
  EXPECT_EQ(active("md125"), std::nullopt) << "a container of imsm";
  EXPECT_EQ(missing("md126"), 1);
  const auto series = reading.roster().series().size();
  proc.write("mdstat", "Personalities : [raid1]\nunused devices: <none>\n");
  ASSERT_TRUE(reading.read());
  EXPECT_EQ(active("md127"), std::nullopt) << "it was stopped";
  proc.write("mdstat", kMdstat);
  ASSERT_TRUE(reading.read());
  EXPECT_EQ(active("md127"), 1);
  EXPECT_EQ(reading.roster().series().size(), series);
}

TEST(Mdstat, WhatIsOddSaysNothing) {
  std::vector<MdArray> arrays(3);
  parse_mdstat("[2/1] [_U]\nmd0 active raid1\n      1 blocks super external:imsm [2/1]\nmd1 : act", arrays);
  EXPECT_TRUE(arrays.empty());
}

TEST(Pool, HasAState) {
  FakeProc proc;
  PoolSource source(proc.path());
  Reading reading(source);
  const auto none = reading.read();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, units::ErrorCode::not_found);
  proc.write("spl/kstat/zfs/arcstats", "9 1 0x01\n");
  proc.write("spl/kstat/zfs/tank/state", "DEGRADED\n");
  proc.write("spl/kstat/zfs/rpool/state", "ONLINE\n");
  proc.write("spl/kstat/zfs/odd/state", "PURPLE\n");
  ASSERT_TRUE(reading.read());
  EXPECT_EQ(reading["system.linux.zfs.pool.state{pool=tank}"], 1);
  EXPECT_EQ(reading["system.linux.zfs.pool.state{pool=rpool}"], 0);
  EXPECT_EQ(reading["system.linux.zfs.pool.state{pool=odd}"], std::nullopt);
  EXPECT_EQ(parse_pool_state("SUSPENDED\n"), 2U);
  EXPECT_EQ(parse_pool_state("ONLI"), std::nullopt);
}

TEST(Updates, AreCountedAsUpdateNotifierWritesThem) {
  const auto of = [](std::string_view text) {
    const PendingUpdates pending = parse_updates_available(text);
    return (pending.all ? std::to_string(*pending.all) : "?") + "/" + std::to_string(pending.security);
  };
  EXPECT_EQ(of("\n5 packages can be updated.\n2 updates are security updates.\n\n"), "5/2") << "18.04";
  EXPECT_EQ(of("\nExpanded Security Maintenance for Applications is not enabled.\n\n"
               "12 updates can be applied immediately.\n3 of these updates are standard security updates.\n"
               "1 of these updates is an ESM Apps security update.\n"
               "To see these additional updates run: apt list --upgradable\n\n"
               "5 additional security updates can be applied with ESM Apps.\n"),
            "12/4")
      << "22.04";
  EXPECT_EQ(of("1 update can be applied immediately.\n1 of these updates is a standard security update.\n"), "1/1");
  EXPECT_EQ(of("0 updates can be applied immediately.\n"), "0/0");
  EXPECT_EQ(of("12 Aktualisierungen können sofort angewendet werden.\n"), "?/0");
  EXPECT_EQ(of("12"), "?/0");
}

TEST(Updates, RebootIsToldWhereSomebodyWouldAskForOne) {
  FakeProc root;
  UpdateSource source(root.path());
  Reading reading(source);
  const auto none = reading.read();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, units::ErrorCode::not_found);
  root.write("etc/kernel/postinst.d/unattended-upgrades", "#!/bin/sh\n");
  ASSERT_TRUE(reading.read());
  EXPECT_EQ(reading["system.linux.reboot_required"], 0);
  EXPECT_EQ(reading["system.linux.updates.pending{type=all}"], std::nullopt);
  root.write("var/run/reboot-required", "*** System restart required ***\n");
  root.write("var/lib/update-notifier/updates-available", "2 updates can be applied immediately.\n");
  ASSERT_TRUE(reading.read());
  EXPECT_EQ(reading["system.linux.reboot_required"], 1);
  EXPECT_EQ(reading["system.linux.updates.pending{type=all}"], 2);
  EXPECT_EQ(reading["system.linux.updates.pending{type=security}"], 0);
}

}  // namespace
}  // namespace vedette::collect
