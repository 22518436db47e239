#include "agent/collect/collector.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "agent/collect/container.h"
#include "agent/collect/facts.h"
#include "schema/metrics/catalogue.h"
#include "schema/units/bytes.h"
#include "tests/agent/collect/capture.h"
#include "tests/logged.h"

namespace vedette::collect {
namespace {

using namespace std::chrono_literals;

CollectorOptions options_of(const FakeProc& proc) {
  return {.proc = proc.path(),
          .sys = proc.path() + "/sys-of-nothing",
          .groups = {},
          .ask_usage = [](const std::string&) -> std::optional<Usage> { return std::nullopt; },
          .clock = [] { return units::Steady{}; }};
}

TEST(Collector, OneUnreadableSourceLeavesTheOthers) {
  const FakeProc proc;
  proc.write("stat", capture("stat-lxcfs"));
  proc.write("meminfo", "garbage\n");
  CollectorOptions options = options_of(proc);
  for (const auto group : {metrics::Group::sockets, metrics::Group::clock}) options.groups.set(group, false);
  Collector collector(std::move(options));
  const auto cells = collector.collect();
  EXPECT_EQ(collector.failures(), 5U);  // loadavg, meminfo, diskstats, net/dev, mountinfo
  const auto readable = cells.size();
  EXPECT_GE(readable, 3U * 8);
  proc.write("loadavg", "0.01 0.02 0.03 1/1 1\n");
  EXPECT_EQ(collector.collect().size(), readable + 4);
}

TEST(Collector, AFailingMountinfoIsToldOnceAndOnceWhenItIsBack) {
  const FakeProc proc;
  CollectorOptions options = options_of(proc);
  units::Steady now{};
  options.clock = [&now] { return now; };
  Collector collector(std::move(options));
  const tests::Logged log;
  const std::string failing = "can't open " + proc.path() + "/self/mountinfo",
                    back = "readable again\" source=" + proc.path();
  for (int second = 0; second < 100; ++second, now += std::chrono::seconds{1}) (void)collector.collect();
  EXPECT_EQ(log.count(failing), 1U);
  EXPECT_EQ(log.count(back), 0U) << log.text();
  proc.write("self/mountinfo", capture("mountinfo-lxc"));
  for (int second = 0; second < 100; ++second, now += std::chrono::seconds{1}) (void)collector.collect();
  EXPECT_EQ(log.count(failing), 1U);
  EXPECT_EQ(log.count(back), 1U) << log.text();
}

TEST(Collector, WhatAMachineMerelyLacksIsLookedForOnceAMinuteWithoutAWord) {
  const FakeProc proc;
  CollectorOptions options = options_of(proc);
  units::Steady now{};
  options.clock = [&now] { return now; };
  options.groups = metrics::Groups::only(metrics::Group::pressure);
  Collector collector(std::move(options));
  const tests::Logged log;
  EXPECT_TRUE(collector.collect().empty());
  proc.write("pressure/io", capture("pressure-6.18-memory"));
  for (int second = 0; second < 59; ++second) {
    now += 1s;
    EXPECT_TRUE(collector.collect().empty()) << second;
  }
  now += 1s;
  EXPECT_EQ(collector.collect().size(), 2U);
  EXPECT_EQ(collector.failures(), 0U);
  EXPECT_EQ(log.text(), "");
  proc.write("pressure/io", "garbage\n");
  (void)collector.collect();
  EXPECT_EQ(log.count("source can't be read", "/pressure/io"), 1U) << "a file that is there and unreadable is a fault";
}

TEST(Collector, ASlowSourceIsReadEvery10SecondsAndRepeatedBetween) {
  const FakeProc proc;
  CollectorOptions options = options_of(proc);
  units::Steady now{};
  options.clock = [&now] { return now; };
  options.groups = metrics::Groups::only(metrics::Group::clock);
  Collector collector(std::move(options));
  std::vector<std::int64_t> told;
  for (int second = 0; second < 60; ++second, now += 1s) {
    proc.write("uptime", std::to_string(second) + ".00 1\n");
    const auto cells = collector.collect();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (collector.roster().series()[i].key.name == "system.uptime") told.push_back(cells[i].bits);
    }
  }
  ASSERT_EQ(told.size(), 60U) << "at every tick there is a value";
  EXPECT_EQ(told.front(), 0);
  EXPECT_EQ(std::set(told.begin(), told.end()).size(), 7U) << "the first, and one every 10 s";
  for (std::size_t second = 0; second < told.size(); ++second)
    EXPECT_LE(static_cast<std::int64_t>(second) - told[second], 10);
}

TEST(Collector, ASlowSourceThatFailsLosesItsValuesUntilItIsReadAgain) {
  const FakeProc proc;
  CollectorOptions options = options_of(proc);
  units::Steady now{};
  options.clock = [&now] { return now; };
  options.groups = metrics::Groups::only(metrics::Group::clock);
  Collector collector(std::move(options));
  const auto uptime = [&] {
    const auto cells = collector.collect();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (collector.roster().series()[i].key.name == "system.uptime" && cells[i].present) return true;
    }
    return false;
  };
  proc.write("uptime", "5.00 1\n");
  EXPECT_TRUE(uptime());
  proc.write("uptime", "?\n");
  int absent = 0;
  for (int second = 0; second < 40; ++second, now += 1s) {
    if (second == 20) proc.write("uptime", "25.00 1\n");
    if (!uptime()) ++absent;
  }
  EXPECT_GE(absent, 10);
  EXPECT_LE(absent, 30);
  EXPECT_TRUE(uptime());
}

TEST(Collector, NoTickReadsAllTheSlowSources) {
  // Each tick that reads one shows by its new value.
  const FakeProc proc;
  CollectorOptions options = options_of(proc);
  units::Steady now{};
  options.clock = [&now] { return now; };
  options.groups.set(metrics::Group::sensors, false);
  proc.write("uptime", "0.00 1\n");
  proc.write("net/netstat", "TcpExt: ListenOverflows\nTcpExt: 0\n");
  Collector collector(std::move(options));
  (void)collector.collect();
  std::set<int> uptimes, listens;
  std::string_view metric;
  const auto value_of = [&](const std::vector<metrics::Cell>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (collector.roster().series()[i].key.name == metric) return cells[i].bits;
    }
    return std::int64_t{0};
  };
  std::int64_t uptime = 0, listen = 0;
  for (int second = 1; second <= 30; ++second) {
    now += 1s;
    const std::string n = std::to_string(second);
    proc.write("uptime", n + ".00 1\n");
    proc.write("net/netstat", "TcpExt: ListenOverflows\nTcpExt: " + n + "\n");
    const auto cells = collector.collect();
    metric = "system.uptime";
    if (const auto value = value_of(cells); value != std::exchange(uptime, value)) uptimes.insert(second);
    metric = "system.network.tcp.listen_overflows";
    if (const auto value = value_of(cells); value != std::exchange(listen, value)) listens.insert(second);
  }
  EXPECT_EQ(uptimes.size(), 3U);
  EXPECT_EQ(listens.size(), 3U);
  for (const int second : uptimes) EXPECT_FALSE(listens.contains(second)) << second;
}

TEST(Collector, AGroupThatIsSwitchedOffHasNoSeriesAndEachSeriesIsOfItsGroup) {
  for (std::size_t g = 0; g < metrics::kGroupNames.size(); ++g) {
    const auto group = static_cast<metrics::Group>(g);
    Collector collector({.groups = metrics::Groups::only(group)});
    (void)collector.collect();
    for (const metrics::Series& series : collector.roster().series())
      EXPECT_EQ(name(metrics::find(series.key.name)->group), name(group)) << to_string(series.key);
  }
  metrics::Groups none;
  for (std::size_t g = 0; g < metrics::kGroupNames.size(); ++g) none.set(static_cast<metrics::Group>(g), false);
  Collector nothing({.groups = none});
  EXPECT_TRUE(nothing.collect().empty());
}

TEST(Collector, EverySeriesIsTheCataloguesAndWithinTheLimits) {
  Collector collector;
  (void)collector.collect();
  ASSERT_FALSE(collector.roster().series().empty());
  for (const metrics::Series& series : collector.roster().series()) {
    EXPECT_TRUE(metrics::check(series).has_value()) << to_string(series.key);
    ASSERT_NE(metrics::find(series.key.name), nullptr);
    EXPECT_FALSE(metrics::find(series.key.name)->derived);
  }
}

TEST(Roster, RefusesAndCountsWhatIsTooManyOrBreaksALimit) {
  Roster roster(2);
  EXPECT_EQ(roster.add("system.memory.limit"), 0U);
  EXPECT_EQ(roster.add("system.filesystem.usage", {{"mountpoint", std::string(300, 'x')}, {"state", "used"}}),
            kRefused);
  EXPECT_EQ(roster.add("system.cpu.load_average.1m"), 1U);
  EXPECT_EQ(roster.add("system.cpu.load_average.5m"), kRefused);
  EXPECT_EQ(roster.refused(), 2U);
  std::vector<metrics::Cell> cells;
  Draft draft(roster, cells);
  draft.put(kRefused, 1);
  EXPECT_TRUE(cells.empty());
}

TEST(Roster, ASeriesOfAnEarlierRunAndASourcesOwnAreOneAndTheSame) {
  Roster roster(3);
  const auto memory = metrics::series_of("system.memory.limit"),
             load = metrics::series_of("system.cpu.load_average.1m");
  EXPECT_EQ(roster.add("system.memory.limit"), 0U);
  EXPECT_EQ(roster.adopt(memory), 0U);
  EXPECT_EQ(roster.adopt(load), 1U);
  EXPECT_EQ(roster.adopt(load), 1U);
  auto other_unit = memory;
  other_unit.unit = "KiBy";
  EXPECT_EQ(roster.adopt(other_unit), 2U) << "counted in something else it is another series";
  EXPECT_EQ(roster.add("system.cpu.load_average.1m"), 1U) << "full, but this one is known";
  EXPECT_EQ(roster.add("system.cpu.load_average.5m"), kRefused);
  EXPECT_EQ(roster.adopt(metrics::series_of("system.cpu.load_average.15m")), kRefused);
  EXPECT_EQ(roster.series().size(), 3U);
}

TEST(Roster, NamesOfAnyBytesBecomeTextThatCanBeAnnouncedEachOnce) {
  Roster roster;
  const auto mount = [&](const char* point) {
    return roster.add("system.filesystem.usage", {{"mountpoint", point}, {"state", "used"}});
  };
  EXPECT_EQ(mount("/srv/caf\xe9"), 0U);
  EXPECT_EQ(mount("/srv/caf\xe8"), kRefused) << "it would be announced twice";
  EXPECT_EQ(mount("/srv/caf\uFFFD"), kRefused);
  EXPECT_EQ(mount("/srv/café"), 1U);
  EXPECT_EQ(roster.series()[0].key.attribute("mountpoint"), "/srv/caf\uFFFD");
  wire::Announce announce;
  for (const metrics::Series& series : roster.series())
    announce.series.push_back({static_cast<std::uint32_t>(announce.series.size()), series});
  EXPECT_TRUE(wire::decode_agent(units::as_bytes(wire::encode(announce))).has_value());
}

TEST(Container, SaysWhatIsTheMachinesAndWhatItsOwn) {
  EXPECT_EQ(container_note("", capture("mountinfo-docker")), "");
  EXPECT_EQ(
      container_note("docker", capture("mountinfo-docker")),
      "in a container (docker): cpu, load, memory, disks, pressure, files, clock, sensors are the whole machine's; "
      "network, sockets, filesystems are the container's own, and the machine's can't be seen from here");
  EXPECT_EQ(container_note("lxc", capture("mountinfo-lxcfs")),
            "in a container (lxc): pressure, files, clock, sensors are the whole machine's; cpu, load, memory, disks, "
            "network, sockets, filesystems are the container's own, and the machine's can't be seen from here");
}

TEST(Container, IsKnownByItsMountsWhereNothingElseTells) {
  EXPECT_EQ(kind_of_mounts(capture("mountinfo-lxcfs")), "lxc");
  EXPECT_EQ(kind_of_mounts("1 2 0:5 / / rw - overlay overlay rw\n"), "container");
  EXPECT_EQ(kind_of_mounts(capture("mountinfo-6.1")), "");
  EXPECT_EQ(kind_of_mounts("garbage\n1\n- -\n"), "");
}

TEST(Facts, AreUtf8WhateverTheFilesHoldAndCutBetweenCharacters) {
  const std::string long_name = std::string(127, 'a') + "éb", emoji = std::string(125, 'a') + "😀b";
  wire::Hello hello;
  hello.agent_version = "1";
  hello.stream = 1;
  hello.facts.os = parse_os_release("PRETTY_NAME=\"Caf\xe9 Linux\"\n");
  hello.facts.cpu_model = parse_cpu_model("model name\t: Odd\xae CPU\n");
  hello.facts.timezone = timezone_of(
      "/usr/share/zoneinfo/M\xfc"
      "nchen");
  hello.facts.hostname = as_fact(std::string(300, '\xff'), 256);
  hello.facts.virtualization = parse_os_release("PRETTY_NAME=" + long_name + "\n");
  EXPECT_EQ(hello.facts.os, "Caf\uFFFD Linux");
  EXPECT_EQ(hello.facts.cpu_model, "Odd\uFFFD CPU");
  EXPECT_EQ(hello.facts.virtualization, std::string(127, 'a'));
  EXPECT_EQ(parse_cpu_model("model name\t: " + emoji + "\n"), std::string(125, 'a'));
  testing::internal::CaptureStderr();
  const auto decoded = wire::decode_agent(units::as_bytes(wire::encode(hello)));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(decoded.has_value()) << decoded.error().message;
}

TEST(Facts, OfThisMachineMakeAHelloThatACollectorTakes) {
  wire::Hello hello;
  hello.agent_version = "1";
  hello.stream = 1;
  hello.facts = read_facts();
  EXPECT_TRUE(wire::decode_agent(units::as_bytes(wire::encode(hello))).has_value());
}

TEST(Facts, AreReadFromTheFilesOfAnyDistribution) {
  EXPECT_EQ(parse_os_release("NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(parse_os_release("PRETTY_NAME=Arch"), "Arch");
  EXPECT_EQ(parse_os_release(""), "Linux");
  EXPECT_EQ(parse_cpu_model("processor\t: 0\nmodel name\t: AMD EPYC 7B13\nmodel\t: 1\n"), "AMD EPYC 7B13");
  EXPECT_EQ(parse_cpu_model("processor\t: 0\nHardware\t: BCM2711\nModel\t\t: Raspberry Pi 4\n"), "Raspberry Pi 4");
  EXPECT_EQ(parse_cpu_model(""), "");
  EXPECT_EQ(parse_boot_time("cpu 1 2 3 4\nbtime 1262305800\n"), units::from_unix_ms(1262305800000));
  EXPECT_FALSE(parse_boot_time("cpu 1\n").has_value());
  EXPECT_EQ(timezone_of("/usr/share/zoneinfo/Europe/Berlin"), "Europe/Berlin");
  EXPECT_EQ(timezone_of("/etc/elsewhere"), "");
}

TEST(Facts, ABootIdIsAUuidAndNothingElse) {
  const auto id = parse_boot_id("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\n");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ((*id)[0], 0x0a);
  EXPECT_EQ((*id)[15], 0xf9);
  for (const char* text :
       {"", "0a1b", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8fg\n", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f900"}) {
    EXPECT_FALSE(parse_boot_id(text).has_value()) << text;
  }
  EXPECT_NE(read_boot_id(), wire::Id128{});
}

TEST(BootId, IsAContainersOwnAtEachOfItsStarts) {
  const wire::Id128 kernel{1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(boot_id_of(kernel, std::chrono::seconds{0}), kernel) << "a machine";
  const auto one = boot_id_of(kernel, std::chrono::seconds{4'000}),
             other = boot_id_of(kernel, std::chrono::seconds{4'001});
  EXPECT_NE(one, kernel);
  EXPECT_NE(one, other);
  EXPECT_EQ(one, boot_id_of(kernel, std::chrono::seconds{4'000}));
  EXPECT_GE(started_after_kernel(), units::Milliseconds{0});
}

}  // namespace
}  // namespace vedette::collect
