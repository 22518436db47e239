"""An agent whose machine has a wrong clock, and one that is set while it runs: the real binaries, the agent under
libfaketime, which gives it another wall clock and leaves the monotonic one alone.

    wrong_clock_test.py BINARIES
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e/service"))
from collector import Client, Collector  # noqa: E402
from machine import free_port, sh, wait_until  # noqa: E402

BINARIES = pathlib.Path(sys.argv[1]).resolve()
HOUR = 3600


class WrongClock(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vedette-clock-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.collector = Collector(BINARIES, self.folder / "data", f"127.0.0.1:{free_port()}").start()
        self.addCleanup(lambda: self.collector.stop(signal.SIGKILL))
        self.client = Client(None, self.collector.url, self.collector.add_user())
        sh(str(BINARIES / "vedette-agent"), "enroll", self.collector.url, "--token", self.collector.token(),
           "--ca-pin", self.collector.pin(), "--state", str(self.folder / "agent"))

    def set_clock(self, offset):
        """The agent's wall clock from now on, in hours beside the real one."""
        written = self.folder / "offset.new"
        written.write_text(f"{offset:+d}h\n")
        written.rename(self.folder / "offset")

    def start_agent(self):
        library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        environment = {**os.environ, "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self.folder / "offset"),
                       "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        with open(self.folder / "agent.log", "wb") as log:
            agent = subprocess.Popen([BINARIES / "vedette-agent", "run", "--state", self.folder / "agent"], env=environment,
                                     stderr=log)
        self.addCleanup(lambda: (agent.kill(), agent.wait(10)))

    def skew(self, hours):
        """Awaits that the host is up and that its clock is known to be so wrong."""
        wait_until(f"a skew of {hours} h", lambda: self.client.host()["status"] == "up" and
                   abs((self.client.host()["skew"] or 0) - hours * HOUR) < 5)

    def ticks(self, since, count):
        """So many ticks since then, in the order and at the times of this machine's own clock, without a hole."""
        host = self.client.host()["id"]
        wait_until(f"{count} ticks", lambda: len(self.client.ticks(host, since, time.time() + 24 * HOUR)) >= count)
        found = self.client.ticks(host, since - 24 * HOUR, time.time() + 24 * HOUR)
        self.assertGreater(found[0], self.began - 2, "none at the host's own time")
        self.assertLess(found[-1], time.time() + 2, "none at the host's own time")
        holes = [(a, b) for a, b in zip(found, found[1:]) if not 0 < b - a < 5]
        self.assertEqual(holes, [])

    def test_ticks_stand_at_the_collectors_time_and_a_clock_that_is_set_moves_none(self):
        self.began = time.time()
        self.set_clock(2)
        self.start_agent()
        self.skew(2)
        self.ticks(self.began, 5)
        self.assertIn("this machine's clock differs from the collector's", (self.folder / "agent.log").read_text())

        self.set_clock(-3)
        self.ticks(time.time(), 4)

        self.collector.stop(signal.SIGKILL)
        again = time.time()
        self.collector.start()
        self.skew(-3)
        self.ticks(again, 8)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
