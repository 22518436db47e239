"""Runs the binary's `once` and `once --json` and compares what they print with this machine's /proc, read before and
after: counters lie between, sizes are the same.

    once_test.py VEDETTE-AGENT
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

AGENT = ""
CPU_MODES = ["user", "nice", "system", "idle", "iowait", "interrupt", "softirq", "steal"]  # in the order of /proc/stat
# Those that are compared with /proc; counters that aren't here are only looked at.
COUNTERS = {"system.cpu.time", "system.disk.io", "system.disk.operations", "system.disk.io_time",
            "system.disk.operation_time", "system.disk.weighted_io_time", "system.network.io",
            "system.network.packets", "system.network.errors", "system.network.dropped",
            "system.linux.pressure.stall_time", "system.paging.faults", "system.paging.operations",
            "system.network.tcp.retransmits", "system.network.tcp.segments", "system.cpu.context_switches",
            "system.cpu.interrupts", "system.process.created"}
GROUPS = ["cpu", "load", "memory", "pressure", "disks", "filesystems", "network", "sockets", "sensors", "clock",
          "files", "processes", "cgroups", "machine", "textfile", "jobs", "agent"]


def lines(path):
    return pathlib.Path(path).read_text(errors="replace").splitlines()


def key(name, **attributes):
    return name, tuple(sorted(attributes.items()))


def cpu_counters():
    for line in lines("/proc/stat"):
        if match := re.match(r"cpu(\d*) (.*)", line):
            cpu = {"cpu": match[1]} if match[1] else {}
            for mode, ticks in zip(CPU_MODES, match[2].split()):
                yield key("system.cpu.time", mode=mode, **cpu), int(ticks) / os.sysconf("SC_CLK_TCK")


def disk_counters():
    for line in lines("/proc/diskstats"):
        (_, _, device, reads, _, sectors_read, read_ms, writes, _, sectors_written, write_ms, _, io_ms,
         weighted_ms) = line.split()[:14]
        for direction, count, sectors, ms in (("read", reads, sectors_read, read_ms),
                                              ("write", writes, sectors_written, write_ms)):
            yield key("system.disk.operation_time", device=device, direction=direction), int(ms) / 1000
            yield key("system.disk.operations", device=device, direction=direction), int(count)
            yield key("system.disk.io", device=device, direction=direction), int(sectors) * 512
        yield key("system.disk.io_time", device=device), int(io_ms) / 1000
        yield key("system.disk.weighted_io_time", device=device), int(weighted_ms) / 1000


def network_counters():
    for line in lines("/proc/net/dev")[2:]:
        interface, figures = line.rsplit(":", 1)
        fields = [int(word) for word in figures.split()]
        for direction, four in (("receive", fields[:4]), ("transmit", fields[8:12])):
            for what, value in zip(("io", "packets", "errors", "dropped"), four):
                yield key(f"system.network.{what}", direction=direction, interface=interface.strip()), value


def kernel_counters():
    stat = {words[0]: words[1] for words in map(str.split, lines("/proc/stat"))}
    yield key("system.cpu.context_switches"), int(stat["ctxt"])
    yield key("system.cpu.interrupts"), int(stat["intr"])
    yield key("system.process.created"), int(stat["processes"])
    vmstat = {words[0]: int(words[1]) for words in map(str.split, lines("/proc/vmstat"))}
    yield key("system.paging.faults", type="major"), vmstat["pgmajfault"]
    yield key("system.paging.faults", type="minor"), vmstat["pgfault"] - vmstat["pgmajfault"]
    yield key("system.paging.operations", direction="in"), vmstat["pswpin"]
    yield key("system.paging.operations", direction="out"), vmstat["pswpout"]
    names, values = [line.split() for line in lines("/proc/net/snmp") if line.startswith("Tcp:")]
    tcp = dict(zip(names, values))
    yield key("system.network.tcp.retransmits"), int(tcp["RetransSegs"])
    yield key("system.network.tcp.segments", direction="receive"), int(tcp["InSegs"])
    yield key("system.network.tcp.segments", direction="transmit"), int(tcp["OutSegs"])


def pressure_counters():
    for resource in ("cpu", "memory", "io"):
        try:
            told = lines(f"/proc/pressure/{resource}")
        except OSError:  # a kernel without it, or it is switched off
            continue
        for line in told:
            tasks, total = line.split()[0], int(line.rsplit("=", 1)[1]) / 1e6
            if (resource, tasks) != ("cpu", "full"):
                yield key("system.linux.pressure.stall_time", resource=resource, tasks=tasks), total


def counters():
    return dict([*cpu_counters(), *disk_counters(), *network_counters(), *kernel_counters(), *pressure_counters()])


def known_metrics():
    """Of list-metrics: kind and group by name."""
    found, at = {}, ""
    for line in run("list-metrics").stdout.splitlines():
        if match := re.match(r"([a-z][a-z_.0-9]+)", line):
            at = match[1]
        if match := re.search(r", (counter|gauge), group (\w+), from ", line):
            found[at] = (match[1], match[2])
    return found


def meminfo():
    return {name: int(rest.split()[0]) * 1024 for name, rest in (line.split(":", 1) for line in lines("/proc/meminfo"))}


def run(*words):
    return subprocess.run([AGENT, *words], capture_output=True, text=True, timeout=30, check=False)


class Once(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.before, cls.memory = counters(), meminfo()
        cls.done = run("once", "--json")
        cls.after = counters()
        cls.answer = json.loads(cls.done.stdout)
        cls.samples = {key(one["name"], **one["attributes"]): one for one in cls.answer["samples"]}
        cls.values = {each: one["value"] for each, one in cls.samples.items()}

    def of(self, name):
        return {dict(attributes).get("state", ""): value for (n, attributes), value in self.values.items() if n == name}

    def test_ends_well_and_prints_each_known_series_once(self):
        self.ended_well(self.done)
        self.assertEqual(len(self.samples), len(self.answer["samples"]))
        known = known_metrics()
        self.assertEqual({group for _, group in known.values()}, set(GROUPS))
        for (name, _), one in self.samples.items():
            self.assertIn(name, known)
            self.assertEqual(one["kind"], known[name][0], name)
            if name not in ("hw.temperature", "system.linux.clock.offset"):
                self.assertGreaterEqual(one["value"], 0, name)
        for name in COUNTERS:
            self.assertEqual(known[name][0], "counter", name)

    def ended_well(self, done):
        """Silent, but for the one line that a container gets."""
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"\A(vedette-agent: in a container \([^\n]+\n)?\Z")

    def test_time_is_now(self):
        self.assertLess(abs(time.time() - self.answer["time"]), 60)

    def test_counters_lie_between_two_readings_of_proc(self):
        checked = 0
        for each, value in self.values.items():
            if each[0] not in COUNTERS or each not in self.before or each not in self.after:
                continue
            # The kernel's idle and iowait may step back a little.
            self.assertGreaterEqual(value, self.before[each] - 1, each)
            self.assertLessEqual(value, self.after[each] + 1, each)
            checked += 1
        self.assertGreaterEqual(checked, 2 * len(CPU_MODES))

    def test_every_counter_of_pressure_faults_and_tcp_is_there(self):
        wanted = {each for each, _ in [*kernel_counters(), *pressure_counters()]}
        self.assertLessEqual(wanted, self.values.keys())

    def test_gauges_are_the_kernels(self):
        allocated, unused, _ = map(int, lines("/proc/sys/fs/file-nr")[0].split())
        self.assertLess(abs(self.of("system.linux.file_descriptors.open")[""] - (allocated - unused)), allocated / 2 + 200)
        self.assertLess(abs(self.of("system.uptime")[""] - float(lines("/proc/uptime")[0].split()[0])), 30)
        threads = int(lines("/proc/loadavg")[0].split()[3].split("/")[1])
        self.assertLess(abs(self.of("system.thread.count")[""] - threads), threads / 2 + 100)
        for mount, states in self.by_mount("system.filesystem.inodes.usage").items():
            if os.path.ismount(mount):
                info = os.statvfs(mount)
                self.assertLess(abs(sum(states.values()) - info.f_files), info.f_files / 100 + 1000, mount)
        self.assertEqual(self.by_mount("system.filesystem.read_only").keys(),
                         self.by_mount("system.filesystem.usage").keys())

    def by_mount(self, name):
        found = {}
        for (n, attributes), value in self.values.items():
            if n == name:
                one = dict(attributes)
                found.setdefault(one["mountpoint"], {})[one.get("state", "")] = value
        return found

    def test_a_plain_machine_has_some_hundred_series(self):
        many = len([each for each in self.values if each[0] == "system.cpu.time" or ".cgroup." in each[0]])
        self.assertLess(len(self.values) - many, 200 + 20 * len(self.by_mount("system.filesystem.usage")))

    def test_table_has_the_same_series_aligned(self):
        done = run("once", "--table")
        self.ended_well(done)
        blocks = [block.splitlines() for block in done.stdout.strip("\n").split("\n\n")]
        self.assertEqual([block[0] for block in blocks], [group for group in GROUPS if group in {b[0] for b in blocks}])
        rows = [line for block in blocks for line in block[1:]]
        self.assertEqual(len(rows), len(self.samples))
        self.assertEqual(run("once", "--json", "--table").returncode, 64)

    def test_a_group_that_is_switched_off_is_silent(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "agent.toml"
            path.write_text("[metrics]\n" + "".join(f"{group} = {str(group == 'load').lower()}\n" for group in GROUPS))
            done = run("once", "--json", "--config", path)
            self.ended_well(done)
            self.assertEqual({one["name"] for one in json.loads(done.stdout)["samples"]},
                             {"system.cpu.load_average.1m", "system.cpu.load_average.5m", "system.cpu.load_average.15m",
                              "system.thread.count"})
            path.write_text("[metrics]\nlod = true\n")
            done = run("once", "--config", path)
            self.assertEqual((done.returncode, done.stdout), (78, ""))
            self.assertIn('unknown key "metrics.lod"', done.stderr)

    def test_every_core_is_there(self):
        wanted = {each for each in self.before if each[0] == "system.cpu.time"} & self.after.keys()
        self.assertLessEqual(wanted, self.values.keys())

    def test_disks_and_interfaces_that_do_something_are_there(self):
        for name, attribute, shape in (("system.disk.operations", "device", r"(sd|vd|xvd)[a-z]+|nvme\d+n\d+"),
                                       ("system.network.packets", "interface", r"eth\d+|en[ops][a-z0-9]+")):
            for (n, attributes), value in self.before.items():
                if n == name and value > 0 and re.fullmatch(shape, dict(attributes)[attribute]):
                    self.assertIn((n, attributes), self.values)

    def test_memory_adds_up(self):
        total = self.memory["MemTotal"]
        self.assertEqual(self.of("system.memory.limit"), {"": total})
        usage = self.of("system.memory.usage")
        self.assertLessEqual({"used", "free"}, set(usage))
        self.assertLessEqual(set(usage), {"used", "free", "buffers", "cached", "shared"})
        if usage["used"] > 0:  # else the kernel's own figures don't add up
            self.assertEqual(sum(usage.values()), total)
        if "MemAvailable" in self.memory:
            available = self.of("system.linux.memory.available")[""]
            self.assertLess(abs(available - self.memory["MemAvailable"]), total / 4)
        swap = self.of("system.paging.usage")
        self.assertEqual(sum(swap.values()), self.memory.get("SwapTotal", 0))

    def test_load_is_the_kernels(self):
        for name, now in zip(("1m", "5m", "15m"), lines("/proc/loadavg")[0].split()):
            value = self.of(f"system.cpu.load_average.{name}")[""]
            self.assertLess(abs(value - float(now)), 2 + float(now) / 2)

    def test_file_systems_are_mounted_and_as_large_as_statvfs_says(self):
        mounts = [line.split(" - ") for line in lines("/proc/self/mountinfo")]
        points = {head.split()[4]: tail.split()[0] for head, tail in mounts}
        sums = {}
        for (name, attributes), value in self.values.items():
            if name == "system.filesystem.usage":
                states = sums.setdefault(dict(attributes)["mountpoint"], {})
                states[dict(attributes)["state"]] = value
        if points["/"] in ("ext4", "xfs", "btrfs"):
            self.assertTrue(sums)
        for point, states in sums.items():
            self.assertEqual(set(states), {"used", "free", "reserved"})
            if point in points:  # mountinfo escapes blanks and others
                info = os.statvfs(point)
                size = info.f_blocks * info.f_frsize  # some (ZFS) grow and shrink while they are used
                self.assertLess(abs(sum(states.values()) - size), size / 100 + 4096, point)

    def test_text_has_the_same_metrics_a_line_a_series(self):
        done = run("once")
        self.ended_well(done)
        names = set()
        for line in done.stdout.splitlines():
            match = re.fullmatch(r"([a-z_.0-9]+)(\{.*\})? ([0-9.]+)( \S+)?", line)
            self.assertTrue(match, line)
            names.add(match[1])
        self.assertEqual(names, {name for name, _ in self.samples})


if __name__ == "__main__":
    AGENT = sys.argv.pop(1)
    unittest.main()
