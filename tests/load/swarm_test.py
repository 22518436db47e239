"""The load tool tells the truth: what it counts agrees with the collector, and what went wrong shows.

    swarm_test.py BINARIES
"""
import subprocess
import sys
import unittest

from stand import Stand

BINARIES = sys.argv[1]


class SwarmTest(unittest.TestCase):
    def test_every_tick_is_acked_stored_once_and_seen_by_viewers(self):
        with Stand(BINARIES) as stand:
            swarm = stand.swarm("--agents", 20, "--viewers", 3, "--topics", "fleet,host", "--rate", 4, "--seconds", 3)
            summary = swarm.wait_for("summary", 60)
        self.assertGreaterEqual(summary["ticks_sent"], 20 * 4 * 2)
        self.assertEqual(summary["ticks_acked"], summary["ticks_sent"])
        self.assertEqual((summary["hosts_verified"], summary["ticks_lost"], summary["ticks_duplicated"]), (20, 0, 0))
        self.assertGreater(summary["viewer_ticks"], 3 * 20 * 2)
        self.assertEqual(summary["viewer_unreadable"], 0)
        self.assertGreater(summary["sample_to_viewer_p99_ms"], 0)
        self.assertLessEqual(summary["sample_to_ack_p50_ms"], summary["sample_to_ack_p99_ms"])

    def test_kill_9_of_the_collector_loses_nothing_and_all_come_back(self):
        with Stand(BINARIES) as stand:
            swarm = stand.swarm("--agents", 20, "--viewers", 2, "--rate", 4, "--seconds", 600)
            swarm.wait_for("progress", 30)
            stand.kill()
            swarm.wait_for("outage", 20)
            stand.collector.start()
            back = swarm.wait_for("all_back", 90)
            swarm.wait_for("progress", 60, lambda line: line["seconds"] > back["seconds"] and line["viewers_connected"] == 2)
            swarm.end()
            summary = swarm.wait_for("summary", 90)
        self.assertEqual(back["agents_lost"], 20)
        self.assertEqual((summary["reconnects"], summary["viewer_reconnects"]), (20, 2))
        self.assertEqual(summary["ticks_acked"], summary["ticks_sent"])
        self.assertEqual((summary["hosts_verified"], summary["ticks_lost"], summary["ticks_duplicated"]), (20, 0, 0))

    def test_ticks_that_the_collector_forgot_are_counted_as_lost(self):
        with Stand(BINARIES) as stand:
            swarm = stand.swarm("--agents", 2, "--rate", 4, "--seconds", 600)
            swarm.wait_for("progress", 30)
            stand.collector.stop()
            for file in stand.collector.data.rglob("*"):  # history without its last seconds, and all before
                if file.name.startswith(("live.db", "raw-")):
                    file.unlink()
            stand.collector.start()
            swarm.wait_for("all_back", 90)
            swarm.end()
            summary = swarm.wait_for("summary", 90)
        self.assertGreater(summary["ticks_lost"], 0)

    def test_says_what_is_missing(self):
        for words, said in ((["--url", "https://127.0.0.1:1"], "--pin"),
                            (["--url", "https://127.0.0.1:1", "--insecure", "--viewers", "x"], "whole number"),
                            (["--url", "https://127.0.0.1:1", "--insecure"], "--token"),
                            (["--fleet"], "--fleet")):
            done = subprocess.run([f"{BINARIES}/swarm", *words], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
