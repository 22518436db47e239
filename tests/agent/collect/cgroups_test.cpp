#include "agent/collect/cgroups.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/collect/cgroup_files.h"
#include "agent/collect/cgroup_name.h"
#include "tests/agent/collect/capture.h"
#include "tests/agent/collect/reading.h"
#include "tests/logged.h"
#include "tests/temporary_directory.h"

namespace vedette::collect {
namespace {

const std::string kId = "3f4e5d6c7b8a99887766554433221100ffeeddccbbaa99887766554433221100";

std::string told(std::string_view path) {
  const CgroupPlace place = place_of(path);
  std::string text = place.kind ? std::string(word_of(*place.kind)) + " " + std::string(place.name) : "";
  if (place.descend) text += text.empty() ? "below" : ", below";
  return text;
}

TEST(CgroupName, OfSystemd) {
  EXPECT_EQ(told("system.slice"), "slice system.slice, below");
  EXPECT_EQ(told("system.slice/nginx.service"), "service nginx.service");
  EXPECT_EQ(told("system.slice/system-getty.slice"), "below") << "of nested slices what is in them is told";
  EXPECT_EQ(told("system.slice/system-getty.slice/getty@tty1.service"), "service getty@tty1.service");
  EXPECT_EQ(told("user.slice"), "slice user.slice") << "not what is in it";
  EXPECT_EQ(told("init.scope"), "");
  EXPECT_EQ(told("system.slice/boot.mount"), "");
  EXPECT_EQ(told("system.slice/.service"), "") << "no name";
  EXPECT_EQ(told("a.slice/b.slice/c.slice/d.slice"), "") << "deep enough";
  EXPECT_EQ(told(""), "");
}

TEST(CgroupName, OfWhatPassesIsNotTold) {
  EXPECT_EQ(told("system.slice/system-sshd.slice/sshd@12-10.0.0.1:22-10.0.0.9:51234.service"), "");
  EXPECT_EQ(told("system.slice/run-u12.service"), "");
  EXPECT_EQ(told("system.slice/run-p4412-i4413.service"), "");
  EXPECT_EQ(told("system.slice/run-r0123456789abcdef0123456789abcdef.service"), "");
  EXPECT_EQ(told("system.slice/run-backup.service"), "service run-backup.service");
  EXPECT_EQ(told("system.slice/varlink@3-4412-0.service"), "");
  EXPECT_EQ(told("system.slice/system-postgresql.slice/postgresql@15-main.service"),
            "service postgresql@15-main.service");
  EXPECT_EQ(told("system.slice/user-runtime-dir@1000.service"), "service user-runtime-dir@1000.service");
}

TEST(CgroupName, OfContainers) {
  EXPECT_EQ(told("system.slice/docker-" + kId + ".scope"), "docker 3f4e5d6c7b8a");
  EXPECT_EQ(told("docker"), "below");
  EXPECT_EQ(told("docker/" + kId), "docker 3f4e5d6c7b8a");
  EXPECT_EQ(told("docker/buildkit"), "");
  EXPECT_EQ(told("machine.slice/libpod-" + kId + ".scope"), "podman 3f4e5d6c7b8a");
  EXPECT_EQ(told("machine.slice/libpod-conmon-" + kId + ".scope"), "");
  EXPECT_EQ(told("machine.slice/machine-libpod_pod_" + kId + ".slice/libpod-" + kId + ".scope"), "podman 3f4e5d6c7b8a");
  EXPECT_EQ(told("libpod_parent/libpod-" + kId), "podman 3f4e5d6c7b8a");
  EXPECT_EQ(told("system.slice/docker-" + kId.substr(1) + ".scope"), "") << "no id";
  EXPECT_EQ(told("lxc.payload.web"), "lxc web");
  EXPECT_EQ(told("lxc.monitor.web"), "");
  EXPECT_EQ(told("lxc/101"), "lxc 101");
  EXPECT_EQ(told("lxc.payload/web"), "lxc web");
}

TEST(CgroupName, OfKubernetesAndMachines) {
  EXPECT_EQ(told("kubepods.slice"), "slice kubepods.slice, below");
  const std::string pod = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice";
  EXPECT_EQ(told(pod), "below");
  EXPECT_EQ(told(pod + "/cri-containerd-" + kId + ".scope"), "kubernetes 3f4e5d6c7b8a");
  EXPECT_EQ(told(pod + "/crio-" + kId + ".scope"), "kubernetes 3f4e5d6c7b8a");
  EXPECT_EQ(told(pod + "/crio-conmon-" + kId + ".scope"), "");
  EXPECT_EQ(told("kubepods/besteffort/pod1/" + kId), "kubernetes 3f4e5d6c7b8a");
  EXPECT_EQ(told("machine.slice/machine-qemu\\x2d1\\x2dweb.scope"), "machine qemu\\x2d1\\x2dweb");
  EXPECT_EQ(told("machine.slice/systemd-nspawn@build.service"), "machine build");
  EXPECT_EQ(told("qemu.slice/100.scope"), "machine 100");
  EXPECT_EQ(unescaped_unit("qemu\\x2d1\\x2dweb"), "qemu-1-web");
  EXPECT_EQ(unescaped_unit("a\\x2\\xzz\\"), "a\\x2\\xzz\\");
}

bool any_device(std::uint32_t, std::uint32_t) {
  return true;
}

TEST(CgroupFiles, CpuStatOfVersion2) {
  CgroupFigures figures;
  parse_cpu_stat(
      "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 0\nnr_throttled 0\n"
      "throttled_usec 0\nnr_bursts 0\nburst_usec 0\n",
      figures);
  EXPECT_EQ(figures.cpu_us, 2'500'000U);
  EXPECT_FALSE(figures.throttled_us) << "there is no quota";
  parse_cpu_stat("usage_usec 1\nnr_periods 80\nnr_throttled 20\nthrottled_usec 1234\n", figures);
  EXPECT_EQ(figures.periods, 80U);
  EXPECT_EQ(figures.throttled_periods, 20U);
  EXPECT_EQ(figures.throttled_us, 1'234U);
  CgroupFigures none;
  parse_cpu_stat("usage_usec 12", none);
  EXPECT_FALSE(none.cpu_us) << "cut off";
}

TEST(CgroupFiles, IoStatAddsTheDevicesThatCount) {
  CgroupFigures figures;
  const auto not_stacked = [](std::uint32_t major, std::uint32_t) { return major != 253; };
  parse_io_stat(
      "253:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
      "8:16 8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"  // 5.10
      "8:32 \n"
      "259:1 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0 cost.usage=7\n"
      "x rbytes=5 wbytes\n"
      "8:48 rbytes=5x wbytes=",
      not_stacked, figures);
  EXPECT_EQ(figures.read_bytes, 4'097U);
  EXPECT_EQ(figures.written_bytes, 8'194U);
  EXPECT_EQ(figures.reads, 4U);
  EXPECT_EQ(figures.writes, 6U);
  CgroupFigures idle;
  parse_io_stat("", any_device, idle);
  EXPECT_FALSE(idle.reads);
}

TEST(CgroupFiles, BlkioOfVersion1) {
  std::optional<std::uint64_t> read, written;
  parse_blkio(
      "8:0 Read 4096\n8:0 Write 100\n8:0 Sync 4196\n8:0 Async 0\n8:0 Discard 0\n8:0 Total 4196\n"
      "8:16 Read 4\n8:16 Write x\nTotal 4196\n",
      any_device, read, written);
  EXPECT_EQ(read, 4'100U);
  EXPECT_EQ(written, 100U);
}

TEST(CgroupFiles, NoLimitIsNoNumber) {
  EXPECT_EQ(only_number("1048576\n"), 1'048'576U);
  EXPECT_FALSE(only_number("max\n"));
  EXPECT_FALSE(only_number("9223372036854771712\n")) << "version 1";
  EXPECT_FALSE(only_number("10"));
  EXPECT_FALSE(only_number(""));
  EXPECT_EQ(number_of_key("oom 3\noom_kill 2\noom_group_kill 1\n", "oom_kill"), 2U);
  EXPECT_FALSE(number_of_key("oom_kill_disable 0\n", "oom_kill"));
}

/// /sys with a tree that a test fills.
class FakeSys {
 public:
  void write(const std::string& path, const std::string& text) const {
    const auto file = directory_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::trunc) << text;
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(directory_ / path); }
  void device(const std::string& number, const std::string& name) const {
    std::filesystem::create_directories(directory_ / "dev/block");
    std::filesystem::create_symlink("../../devices/virtual/block/" + name, directory_ / ("dev/block/" + number));
  }
  /// A group as Linux 6.1 has it.
  void group(const std::string& path, std::uint64_t cpu_us = 1'000'000) const {
    const std::string at = "fs/cgroup/" + path + "/";
    write(at + "cpu.stat", "usage_usec " + std::to_string(cpu_us) +
                               "\nuser_usec 1\nsystem_usec 1\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n");
    write(at + "memory.current", "10485760\n");
    write(at + "memory.max", "max\n");
    write(at + "memory.stat",
          "anon 4096000\nfile 6291456\nkernel_stack 49152\nactive_file 1048576\n"
          "inactive_file 5242880\nunevictable 0\n");
    write(at + "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
    write(at + "io.stat",
          "253:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n"
          "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n");
    write(at + "pids.current", "7\n");
  }
  [[nodiscard]] std::string path() const { return directory_.path().string(); }

 private:
  tests::TemporaryDirectory directory_;
};

TEST(CgroupSource, TellsOneOfVersion2) {
  FakeSys sys;
  sys.write("fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
  sys.device("8:0", "sda");
  sys.device("253:0", "dm-0");
  sys.group("system.slice/nginx.service", 2'500'000);
  const std::string at = "fs/cgroup/system.slice/docker-" + kId + ".scope/";
  sys.write(at + "cpu.stat", "usage_usec 9\nnr_periods 10\nnr_throttled 5\nthrottled_usec 250000\n");
  sys.write(at + "memory.current", "104857600\n");
  sys.write(at + "memory.max", "209715200\n");
  sys.write(at + "memory.events", "oom 1\noom_kill 1\n");
  CgroupSource source(sys.path(), {});
  Reading reading(source);
  ASSERT_TRUE(reading.read());
  const auto of = [&](const std::string& metric) {
    return reading["system.linux.cgroup." + metric + "{cgroup=nginx.service,kind=service}"];
  };
  EXPECT_EQ(of("cpu.time"), 2.5);
  EXPECT_EQ(of("cpu.throttled_time"), std::nullopt);
  EXPECT_EQ(of("memory.usage"), 10'485'760);
  EXPECT_EQ(of("memory.working_set"), 5'242'880);
  EXPECT_EQ(of("memory.limit"), std::nullopt);
  EXPECT_EQ(of("memory.oom_kills"), 0);
  EXPECT_EQ(of("tasks"), 7);
  EXPECT_EQ(reading["system.linux.cgroup.disk.io{cgroup=nginx.service,direction=write,kind=service}"], 8'192);
  EXPECT_EQ(reading["system.linux.cgroup.disk.operations{cgroup=nginx.service,direction=read,kind=service}"], 1)
      << "dm-0's is sda's";
  const auto docker = [&](const std::string& metric) {
    return reading["system.linux.cgroup." + metric + "{cgroup=3f4e5d6c7b8a,kind=docker}"];
  };
  EXPECT_EQ(docker("cpu.throttled_time"), 0.25);
  EXPECT_EQ(docker("cpu.throttled_periods"), 5);
  EXPECT_EQ(docker("cpu.periods"), 10);
  EXPECT_EQ(docker("memory.limit"), 209'715'200);
  EXPECT_EQ(docker("memory.oom_kills"), 1);
  EXPECT_EQ(docker("memory.working_set"), std::nullopt) << "nothing says so";
  EXPECT_EQ(docker("tasks"), std::nullopt);
}

TEST(CgroupSource, AGroupThatComesAndGoesKeepsItsNumber) {
  FakeSys sys;
  sys.write("fs/cgroup/cgroup.controllers", "cpu\n");
  sys.group("system.slice/a.service");
  CgroupSource source(sys.path(), {});
  Reading reading(source);
  const auto time_of = [&](const std::string& name) {
    EXPECT_TRUE(reading.read());
    return reading["system.linux.cgroup.cpu.time{cgroup=" + name + ",kind=service}"];
  };
  EXPECT_TRUE(time_of("a.service"));
  const auto series = reading.roster().series().size();
  sys.remove("fs/cgroup/system.slice/a.service");
  EXPECT_FALSE(time_of("a.service"));
  sys.group("system.slice/a.service", 5);
  EXPECT_EQ(time_of("a.service"), 0.000'005);
  EXPECT_EQ(reading.roster().series().size(), series);
  sys.group("system.slice/b.service");
  EXPECT_FALSE(time_of("b.service")) << "it may be gone in a moment";
  sys.remove("fs/cgroup/system.slice/b.service");
  EXPECT_FALSE(time_of("b.service"));
  EXPECT_EQ(reading.roster().series().size(), series) << "and then takes nothing";
  sys.group("system.slice/b.service");
  EXPECT_FALSE(time_of("b.service"));
  EXPECT_TRUE(time_of("b.service"));
}

TEST(CgroupSource, LeavesOutServicesFirstAndSaysSoOnce) {
  const tests::Logged log;
  FakeSys sys;
  sys.write("fs/cgroup/cgroup.controllers", "cpu\n");
  for (const char* name : {"a", "b", "c"}) sys.group("system.slice/" + std::string(name) + ".service");
  sys.group("lxc.payload.web");
  CgroupSource source(sys.path(), {.limit = 2});
  Reading reading(source);
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(reading.read());
  EXPECT_TRUE(reading["system.linux.cgroup.cpu.time{cgroup=web,kind=lxc}"]);
  EXPECT_FALSE(reading["system.linux.cgroup.cpu.time{cgroup=a.service,kind=service}"]);
  EXPECT_EQ(log.count("cgroups.limit"), 1U) << log.text();
}

TEST(CgroupSource, EverNewNamesEndAtABound) {
  const tests::Logged log;
  FakeSys sys;
  sys.write("fs/cgroup/cgroup.controllers", "cpu\n");
  CgroupSource source(sys.path(), {.limit = 2});
  Reading reading(source);
  ASSERT_TRUE(reading.read());
  std::size_t told = 0;
  for (int n = 0; n < 20; ++n) {
    const std::string name = "job" + std::to_string(n);
    sys.write("fs/cgroup/lxc/" + name + "/cpu.stat", "usage_usec 1\n");
    for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(reading.read());
    told += reading["system.linux.cgroup.cpu.time{cgroup=" + name + ",kind=lxc}"].has_value();
    sys.remove("fs/cgroup/lxc/" + name);
  }
  EXPECT_EQ(told, 2 * CgroupSource::kMostEver);
  EXPECT_EQ(log.count("too many different control groups"), 1U) << log.text();
}

TEST(CgroupSource, OneNameAtTwoPlacesIsOneSeries) {
  FakeSys sys;
  sys.write("fs/cgroup/cgroup.controllers", "cpu\n");
  sys.group("lxc.payload.web");
  sys.group("lxc/web");
  CgroupSource source(sys.path(), {});
  Reading reading(source);
  ASSERT_TRUE(reading.read());
  const auto series = reading.roster().series();
  for (std::size_t i = 0; i < series.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(series[i].key, series[j].key);
  }
  EXPECT_TRUE(reading["system.linux.cgroup.cpu.time{cgroup=web,kind=lxc}"]);
}

TEST(CgroupSource, TellsOneOfVersion1) {  // as RHEL 8 lays it out
  FakeSys sys;
  const std::string top = "fs/cgroup/", at = "/system.slice/nginx.service/";
  sys.write(top + "systemd" + at + "cgroup.procs", "1\n");
  sys.write(top + "cpu,cpuacct" + at + "cpuacct.usage", "2500000999\n");
  sys.write(top + "cpu,cpuacct" + at + "cpu.stat", "nr_periods 4\nnr_throttled 1\nthrottled_time 250000000\n");
  std::filesystem::create_directory_symlink("cpu,cpuacct", sys.path() + "/fs/cgroup/cpu");
  std::filesystem::create_directory_symlink("cpu,cpuacct", sys.path() + "/fs/cgroup/cpuacct");
  sys.write(top + "memory" + at + "memory.usage_in_bytes", "10485760\n");
  sys.write(top + "memory" + at + "memory.limit_in_bytes", "9223372036854771712\n");
  sys.write(top + "memory" + at + "memory.stat", "inactive_file 1\ntotal_inactive_file 5242880\n");
  sys.write(top + "memory" + at + "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  sys.write(top + "blkio" + at + "blkio.throttle.io_service_bytes", "8:0 Read 1\n8:0 Write 1\nTotal 2\n");
  sys.write(top + "blkio" + at + "blkio.throttle.io_service_bytes_recursive",
            "8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\nTotal 12288\n");
  sys.write(top + "blkio" + at + "blkio.throttle.io_serviced", "8:0 Read 1\n8:0 Write 2\nTotal 3\n");
  sys.write(top + "pids" + at + "pids.current", "7\n");
  CgroupSource source(sys.path(), {});
  Reading reading(source);
  ASSERT_TRUE(reading.read());
  const auto of = [&](const std::string& metric) {
    return reading["system.linux.cgroup." + metric + "{cgroup=nginx.service,kind=service}"];
  };
  EXPECT_EQ(of("cpu.time"), 2.5);
  EXPECT_EQ(of("cpu.throttled_time"), 0.25);
  EXPECT_EQ(of("memory.usage"), 10'485'760);
  EXPECT_EQ(of("memory.working_set"), 5'242'880);
  EXPECT_EQ(of("memory.limit"), std::nullopt);
  EXPECT_EQ(of("memory.oom_kills"), 3);
  EXPECT_EQ(of("tasks"), 7);
  EXPECT_EQ(reading["system.linux.cgroup.disk.io{cgroup=nginx.service,direction=write,kind=service}"], 8'192);
  EXPECT_EQ(reading["system.linux.cgroup.disk.operations{cgroup=nginx.service,direction=write,kind=service}"], 2)
      << "without the sum its own";
}

TEST(CgroupSource, CpuTimeComesFromATreeOfVersion2BesideThoseOfVersion1) {  // Debian 10, Ubuntu 20.04
  FakeSys sys;
  sys.write("fs/cgroup/systemd/system.slice/ssh.service/cgroup.procs", "1\n");
  sys.write("fs/cgroup/unified/system.slice/ssh.service/cpu.stat", "usage_usec 2500000\nuser_usec 1\nsystem_usec 1\n");
  CgroupSource source(sys.path(), {});
  Reading reading(source);
  ASSERT_TRUE(reading.read());
  EXPECT_EQ(reading["system.linux.cgroup.cpu.time{cgroup=ssh.service,kind=service}"], 2.5);
}

TEST(CgroupSource, AMachineWithoutControlGroupsLacksThem) {
  FakeSys sys;
  CgroupSource source(sys.path(), {});
  Reading reading(source);
  const auto read = reading.read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, units::ErrorCode::not_found);
  sys.write("fs/cgroup/cgroup.controllers", "cpu\n");
  EXPECT_TRUE(reading.read()) << "mounted later";
}

TEST(CgroupSource, OfThisMachineGivesNoError) {
  CgroupSource source("/sys", {});
  Reading reading(source);
  for (int n = 0; n < 2; ++n) {
    const auto read = reading.read();
    EXPECT_TRUE(read || read.error().code == units::ErrorCode::not_found);
  }
}

}  // namespace
}  // namespace vedette::collect
