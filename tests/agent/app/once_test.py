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
import time
import unittest

AGENT = ""
CPU_MODES = ["user", "nice", "system", "idle", "iowait", "interrupt", "softirq", "steal"]  # in the order of /proc/stat
NAMES = {"system.cpu.time", "system.cpu.load_average.1m", "system.cpu.load_average.5m", "system.cpu.load_average.15m",
         "system.memory.usage", "system.memory.limit", "system.linux.memory.available", "system.paging.usage",
         "system.filesystem.usage", "system.disk.io", "system.disk.operations", "system.disk.io_time",
         "system.network.io", "system.network.packets", "system.network.errors", "system.network.dropped"}
COUNTERS = {"system.cpu.time", "system.disk.io", "system.disk.operations", "system.disk.io_time", "system.network.io",
            "system.network.packets", "system.network.errors", "system.network.dropped"}


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
        _, _, device, reads, _, sectors_read, _, writes, _, sectors_written, _, _, io_ms = line.split()[:13]
        for direction, count, sectors in (("read", reads, sectors_read), ("write", writes, sectors_written)):
            yield key("system.disk.operations", device=device, direction=direction), int(count)
            yield key("system.disk.io", device=device, direction=direction), int(sectors) * 512
        yield key("system.disk.io_time", device=device), int(io_ms) / 1000


def network_counters():
    for line in lines("/proc/net/dev")[2:]:
        interface, figures = line.rsplit(":", 1)
        fields = [int(word) for word in figures.split()]
        for direction, four in (("receive", fields[:4]), ("transmit", fields[8:12])):
            for what, value in zip(("io", "packets", "errors", "dropped"), four):
                yield key(f"system.network.{what}", direction=direction, interface=interface.strip()), value


def counters():
    return dict([*cpu_counters(), *disk_counters(), *network_counters()])


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
        self.assertEqual((self.done.returncode, self.done.stderr), (0, ""))
        self.assertEqual(len(self.samples), len(self.answer["samples"]))
        self.assertLessEqual({name for name, _ in self.samples}, NAMES)
        for (name, _), one in self.samples.items():
            self.assertEqual(one["kind"], "counter" if name in COUNTERS else "gauge", name)
            self.assertGreaterEqual(one["value"], 0, name)

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
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        names = set()
        for line in done.stdout.splitlines():
            match = re.fullmatch(r"([a-z_.0-9]+)(\{.*\})? ([0-9.]+)( \S+)?", line)
            self.assertTrue(match, line)
            names.add(match[1])
        self.assertEqual(names, {name for name, _ in self.samples})


if __name__ == "__main__":
    AGENT = sys.argv.pop(1)
    unittest.main()
