"""A real agent whose collector is away: it is killed, its machine reboots, its disk fills up. What it took arrives once
the collector is back, each tick once, and no counter runs on over a reboot.

    agent_spool_test.py BINARIES      VEDETTE_SMALL_DISK names an empty file system of 8 MB: small_disk.sh makes one
"""
import contextlib
import math
import os
import pathlib
import signal
import sys
import tempfile
import time
import unittest
import uuid

from daemon import Process

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e/service"))
from collector import Client, Collector  # noqa: E402
from machine import free_port, sh, wait_until  # noqa: E402

BINARIES = pathlib.Path(sys.argv[1]).resolve()
AGENT = str(BINARIES / "vedette-agent")
DISK = pathlib.Path(os.environ["VEDETTE_SMALL_DISK"])
STEADY = "system.cpu.load_average.1m"
COUNTER = "system.cpu.time%7Bmode=system%7D"  # for a URL


class AgentSpool(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="vedette-spool-")))
        self.state = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(dir=DISK))) / "agent"
        self.spool = self.state / "spool"
        self.collector = Collector(BINARIES, self.folder / "data", f"127.0.0.1:{free_port()}").start()
        self.stack.callback(lambda: self.collector.stop(signal.SIGKILL))
        self.password = self.collector.add_user()
        self.client = Client(None, self.collector.url, self.password)
        sh(AGENT, "enroll", self.collector.url, "--token", self.collector.token(), "--ca-pin", self.collector.pin(),
           "--state", self.state)
        self.began = time.time() - 5

    def start_agent(self, boot=None):
        """`boot`: another boot id than the kernel's."""
        command = [AGENT, "run", "--state", self.state]
        if boot:
            (self.folder / "boot_id").write_text(f"{boot}\n")
            command = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"',
                       self.folder / "boot_id", *command]
        agent = Process(*command)
        self.stack.callback(lambda: agent.alive and agent.stop(signal.SIGKILL))
        agent.wait_for("started")
        return agent

    def spooled(self):
        return sum(file.stat().st_size for file in self.spool.glob("*.spool")) if self.spool.exists() else 0

    def ticks_are_spooled(self, count):
        """Awaits so many more writes."""
        for _ in range(count):
            before = self.spooled()
            wait_until("another tick on disk", lambda: self.spooled() > before, 5, 0.02)

    def history(self, series=STEADY):
        return self.client.ticks(self.client.host()["id"], self.began, time.time() + 5, series)

    def collector_goes(self, agent):
        wait_until("five ticks", lambda: len(self.history()) >= 5)
        self.collector.stop(signal.SIGKILL)
        agent.wait_for("not connected")

    def collector_is_back(self):
        self.collector.start()
        self.client = Client(None, self.collector.url, self.password)

    def whole(self, spans):
        """Nothing is missing of these spans of time, nothing is there twice, and nothing is left on the agent's disk."""
        wanted = {second for first, last in spans for second in range(math.ceil(first), math.floor(last) + 1)}
        wait_until("all ticks are there", lambda: wanted <= {round(t) for t in self.history()}, 90, 0.5)
        times = self.history()
        self.assertEqual(len(times), len(set(times)))
        self.assertEqual([b for a, b in zip(times, times[1:]) if b - a < 0.5], [], "taken once, there twice")
        wait_until("the spool is empty", lambda: self.spooled() == 0, 30)

    def test_kills_and_a_reboot_while_the_collector_is_away_lose_nothing(self):
        agent = self.start_agent()
        self.collector_goes(agent)
        gone = time.time()
        self.ticks_are_spooled(5)
        spans = []
        agent.stop(signal.SIGKILL)
        spans.append((gone, time.time() - 0.5))

        starts = []
        for boot in (None, uuid.uuid4()):
            agent = self.start_agent(boot)
            starts.append(time.time())
            agent.wait_for("found ticks of an earlier run")
            self.ticks_are_spooled(4)
            agent.stop(signal.SIGKILL)
            spans.append((starts[-1] + 1, time.time() - 0.5))

        agent = self.start_agent(boot)
        starts.append(time.time())
        self.ticks_are_spooled(2)
        self.collector_is_back()
        self.client.wait_status("up", 60)
        spans.append((starts[-1] + 1, time.time() - 1))
        self.whole(spans)

        rates, ticks = set(self.history(COUNTER)), self.history()
        first = [min(t for t in ticks if t > start) for start in starts]
        self.assertIn(first[0], rates, "killed and started again, a counter runs on")
        self.assertNotIn(first[1], rates, "over a reboot none does")
        self.assertIn(first[2], rates)
        self.assertIsNone(agent.said("damaged"))

    def test_a_full_disk_is_told_and_costs_nothing(self):
        agent = self.start_agent()
        self.collector_goes(agent)
        gone = time.time()
        self.ticks_are_spooled(2)
        filler = DISK / "filler"
        with open(filler, "wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass
        agent.wait_for("the spool can't be used")
        self.assertIn("No space left on device", agent.said("the spool can't be used"))
        before = self.spooled()
        wait_until("some ticks in memory", lambda: time.time() > gone + 12)
        self.assertEqual(self.spooled(), before)
        filler.unlink()
        agent.wait_for("the spool can be used again")
        self.ticks_are_spooled(1)
        self.assertTrue(agent.alive)
        killed = time.time()
        agent.stop(signal.SIGKILL)
        self.start_agent()
        self.collector_is_back()
        self.client.wait_status("up", 60)
        self.whole([(gone, killed - 0.5)])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
