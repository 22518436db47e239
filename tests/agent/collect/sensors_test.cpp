// What is found below /sys: temperatures, fans, frequencies, throttling.
#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "agent/collect/cpu_speed.h"
#include "agent/collect/hwmon.h"
#include "agent/collect/sysfs.h"
#include "tests/agent/collect/capture.h"
#include "tests/agent/collect/reading.h"

namespace vedette::collect {
namespace {

using namespace std::chrono_literals;

/// A folder that stands for /sys: FakeProc, with links.
class FakeSys : public FakeProc {
 public:
  void link(const std::string& name, const std::string& target) const {
    std::filesystem::create_directories((std::filesystem::path(path()) / name).parent_path());
    std::filesystem::create_symlink(target, std::filesystem::path(path()) / name);
  }
};

/// A two-socket server as lm_sensors sees it: coretemp, two NVMe drives, a board with fans.
void fill(const FakeSys& sys) {
  const std::string root = "class/hwmon/";
  sys.write(root + "hwmon0/name", "coretemp\n");
  sys.link(root + "hwmon0/device", "../../../coretemp.0");
  sys.write(root + "hwmon0/temp1_label", "Package id 0\n");
  sys.write(root + "hwmon0/temp1_input", "61000\n");
  for (int core = 0; core < 20; ++core) {
    const std::string stem = root + "hwmon0/temp" + std::to_string(core + 2);
    sys.write(stem + "_label", "Core " + std::to_string(core) + "\n");
    sys.write(stem + "_input", std::to_string(50'000 + core * 500) + "\n");
  }
  for (const std::string nvme : {"1", "2"}) {
    sys.write(root + "hwmon" + nvme + "/name", "nvme\n");
    sys.link(root + "hwmon" + nvme + "/device", "../../nvme" + nvme);
    sys.write(root + "hwmon" + nvme + "/temp1_label", "Composite\n");
    sys.write(root + "hwmon" + nvme + "/temp1_input", "3" + nvme + "850\n");
    sys.write(root + "hwmon" + nvme + "/temp2_label", "Sensor 1\n");
    sys.write(root + "hwmon" + nvme + "/temp2_input", "47850\n");
  }
  sys.write(root + "hwmon3/name", "nct6775\n");
  sys.write(root + "hwmon3/fan1_input", "1180\n");
  sys.write(root + "hwmon3/fan2_input", "0\n");
  sys.write(root + "hwmon3/temp1_input", "-4500\n");
  sys.write(root + "hwmon3/temp1_max", "80000\n");
  sys.write(root + "hwmon3/in0_input", "1200\n");
}

/// Reads until every helper thread has answered.
void read_all(Source& source, Reading& reading) {
  ASSERT_TRUE(reading.read().has_value());
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (source.pending() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    reading.settle();
  }
  ASSERT_FALSE(source.pending());
}

TEST(Sysfs, NumbersAreWholeAndNothingElseIs) {
  const FakeSys sys;
  for (const auto& [text, number] :
       std::vector<std::pair<std::string, std::optional<std::int64_t>>>{{"42\n", 42},
                                                                        {"-7\n", -7},
                                                                        {"5", 5},
                                                                        {"", std::nullopt},
                                                                        {"\n", std::nullopt},
                                                                        {"1.5\n", std::nullopt},
                                                                        {"<unsupported>\n", std::nullopt},
                                                                        {"99999999999999999999\n", std::nullopt},
                                                                        {"1 2\n", std::nullopt}}) {
    sys.write("n", text);
    EXPECT_EQ(read_number(sys.path() + "/n"), number) << text;
  }
  EXPECT_FALSE(read_number(sys.path() + "/absent").has_value());
  sys.write("word", "Core\t 0\x7f\nmore\n");
  EXPECT_EQ(read_word(sys.path() + "/word"), "Core 0");
  EXPECT_EQ(number_in("temp12_input", "temp", "_input"), 12U);
  EXPECT_FALSE(number_in("temp_input", "temp", "_input").has_value());
  EXPECT_FALSE(number_in("temp1x_input", "temp", "_input").has_value());
}

TEST(HwmonSource, TellsTheHottestCoreOneTemperatureADriveAndEveryFan) {
  const FakeSys sys;
  fill(sys);
  units::Steady now{};
  HwmonSource source(sys.path(), [&now] { return now; });
  Reading reading(source);
  read_all(source, reading);
  EXPECT_EQ(reading.roster().series().size(), 7U);
  EXPECT_EQ(reading["hw.temperature{chip=coretemp,device=coretemp.0,sensor=\"Package id 0\"}"].value_or(-1), -1)
      << "blanks need no quotes";
  EXPECT_EQ(reading["hw.temperature{chip=coretemp,device=coretemp.0,sensor=Package id 0}"], 61);
  EXPECT_EQ(reading["hw.temperature{chip=coretemp,device=coretemp.0,sensor=cores}"], 59.5);
  EXPECT_EQ(reading["hw.temperature{chip=nvme,device=nvme1,sensor=Composite}"], 31.85);
  EXPECT_EQ(reading["hw.temperature{chip=nvme,device=nvme2,sensor=Composite}"], 32.85);
  EXPECT_EQ(reading["hw.temperature{chip=nct6775,device=hwmon3,sensor=temp1}"], -4.5);
  EXPECT_EQ(reading["hw.fan.speed{chip=nct6775,device=hwmon3,sensor=fan1}"], 1180);
  EXPECT_EQ(reading["hw.fan.speed{chip=nct6775,device=hwmon3,sensor=fan2}"], 0);
}

TEST(HwmonSource, ADriveThatIsPluggedInIsFoundWithinAMinuteAndOneThatGoesLeaves) {
  const FakeSys sys;
  fill(sys);
  units::Steady now{};
  HwmonSource source(sys.path(), [&now] { return now; });
  Reading reading(source);
  read_all(source, reading);
  sys.write("class/hwmon/hwmon9/name", "drivetemp\n");
  sys.write("class/hwmon/hwmon9/temp1_input", "29000\n");
  std::filesystem::remove_all(sys.path() + "/class/hwmon/hwmon2");
  now += 50s;
  read_all(source, reading);
  EXPECT_FALSE(reading["hw.temperature{chip=nvme,device=nvme2,sensor=Composite}"].has_value());
  EXPECT_FALSE(reading["hw.temperature{chip=drivetemp,device=hwmon9,sensor=temp1}"].has_value());
  now += 10s;
  read_all(source, reading);
  EXPECT_EQ(reading["hw.temperature{chip=drivetemp,device=hwmon9,sensor=temp1}"], 29);
  EXPECT_EQ(reading["hw.temperature{chip=nvme,device=nvme1,sensor=Composite}"], 31.85);
}

TEST(HwmonSource, AMachineWithoutSensorsLacksThem) {
  const FakeSys sys;
  HwmonSource source(sys.path(), [] { return units::Steady{}; });
  Reading reading(source);
  EXPECT_EQ(reading.read().error().code, units::ErrorCode::not_found);
  EXPECT_FALSE(source.pending());
}

TEST(FindSensors, ReadsABoundedNumber) {
  const FakeSys sys;
  sys.write("class/hwmon/hwmon0/name", "fake\n");
  for (int i = 0; i < 300; ++i) sys.write("class/hwmon/hwmon0/temp" + std::to_string(i) + "_input", "1\n");
  EXPECT_EQ(find_sensors(sys.path()).size(), kMostSensors);
}

/// Cores as Linux lists them: hyperthreads share a core's count, cores a package's.
void fill_cores(const FakeSys& sys, int cores, int packages) {
  const std::string root = "devices/system/cpu/";
  for (int cpu = 0; cpu < cores * 2; ++cpu) {
    const std::string own = root + "cpu" + std::to_string(cpu);
    const int core = cpu % cores, package = core * packages / cores;
    sys.write(own + "/topology/core_id", std::to_string(core) + "\n");
    sys.write(own + "/topology/physical_package_id", std::to_string(package) + "\n");
    sys.write(own + "/thermal_throttle/core_throttle_count", "3\n");
    sys.write(own + "/thermal_throttle/package_throttle_count", std::to_string(10 + package) + "\n");
    sys.write(root + "cpufreq/policy" + std::to_string(cpu) + "/scaling_cur_freq",
              std::to_string(1'000'000 + cpu * 10'000) + "\n");
  }
  sys.write(root + "online", "0-255\n");
  sys.write(root + "cpuidle/current_driver", "none\n");
}

TEST(CpuSpeedSource, AMachineOf128CoresHasFiveSeries) {
  const FakeSys sys;
  fill_cores(sys, 128, 2);
  CpuSpeedSource source(sys.path(), [] { return units::Steady{}; });
  Reading reading(source);
  read_all(source, reading);
  EXPECT_EQ(reading.roster().series().size(), 5U);
  EXPECT_EQ(reading["system.cpu.frequency{statistic=min}"], 1e9);
  EXPECT_EQ(reading["system.cpu.frequency{statistic=max}"], 3.55e9);
  EXPECT_EQ(reading["system.cpu.frequency{statistic=avg}"], 2.275e9);
  EXPECT_EQ(reading["system.cpu.throttles{scope=core}"], 128 * 3);
  EXPECT_EQ(reading["system.cpu.throttles{scope=package}"], 10 + 11);
}

TEST(CpuSpeedSource, ASumOverCoresOfWhichOneIsOfflineIsNotTold) {
  const FakeSys sys;
  fill_cores(sys, 4, 1);
  units::Steady now{};
  CpuSpeedSource source(sys.path(), [&now] { return now; });
  Reading reading(source);
  read_all(source, reading);
  std::filesystem::remove_all(sys.path() + "/devices/system/cpu/cpu1/thermal_throttle");
  now += 10s;
  read_all(source, reading);
  EXPECT_FALSE(reading["system.cpu.throttles{scope=core}"].has_value());
  EXPECT_EQ(reading["system.cpu.throttles{scope=package}"], 10);
  EXPECT_EQ(reading["system.cpu.frequency{statistic=min}"], 1e9);
  now += 50s;  // a minute after the first look
  read_all(source, reading);
  EXPECT_EQ(reading["system.cpu.throttles{scope=core}"], 4 * 3)
      << "the other hyperthread of that core shows the same count";
}

TEST(CpuSpeedSource, AVirtualMachineLacksThem) {
  const FakeSys sys;
  sys.write("devices/system/cpu/cpu0/topology/core_id", "0\n");
  CpuSpeedSource source(sys.path(), [] { return units::Steady{}; });
  Reading reading(source);
  EXPECT_EQ(reading.read().error().code, units::ErrorCode::not_found);
}

}  // namespace
}  // namespace vedette::collect
