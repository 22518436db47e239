"""Short runs of the bench's programs: which figures there are, each once, and that a wrong setting is told.

    history_test.py BINARIES
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest


def run(program, *words, **settings):
    with tempfile.TemporaryDirectory(dir=BINARIES.parent) as folder:  # on a disk, as the bench wants it
        return subprocess.run([BINARIES / program, *words], capture_output=True, timeout=100,
                              env=os.environ | settings | {"TMPDIR": folder})


class Figures(unittest.TestCase):
    def test_each_once(self):
        ran = run("bench_history", VEDETTE_BENCH_PARTS="ingest,recovery", VEDETTE_BENCH_SECONDS="1000")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        figures = [json.loads(line) for line in ran.stdout.splitlines()]
        names = [figure["name"] for figure in figures]
        self.assertEqual(sorted(names), sorted(set(names)))
        self.assertLessEqual({"cpu_s_per_msample", "bytes_per_sample", "bytes_per_sample_vm_values", "bytes_written_per_sample",
                              "query_15min_x4_cpu_ms", "recovery_ms_1000_hosts"}, set(names))
        for figure in figures:
            self.assertEqual(figure["bench"], "history")
            self.assertGreater(figure["value"], 0, figure)

    def test_tells_a_wrong_setting(self):
        ran = run("bench_history", VEDETTE_BENCH_SECONDS="1h")
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"VEDETTE_BENCH_SECONDS=1h", ran.stderr)


class RemoteWrite(unittest.TestCase):
    def requests(self, seconds):
        ran = run("bench_history_remote_write", "2", str(seconds), "counters")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        rest, found = ran.stdout, []
        while rest:
            size = int.from_bytes(rest[:4], "little")
            found.append(rest[4:4 + size])
            self.assertEqual(len(found[-1]), size)
            rest = rest[4 + size:]
        return found

    def test_a_request_a_second(self):
        found = self.requests(3)
        self.assertEqual(len(found), 3)
        self.assertEqual(self.requests(2), found[:2], "the same samples again")
        self.assertNotEqual(found[0], found[1])


if __name__ == "__main__":
    BINARIES = pathlib.Path(sys.argv.pop(1))
    unittest.main()
