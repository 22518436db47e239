"""The reader that knows only the documentation, held against what was stored and against what a running collector answers.

    reader_test.py BINARIES
"""
import contextlib
import csv
import gzip
import io
import json
import math
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
DOCS, GOLDEN = HERE.parents[1] / "docs", HERE.parent / "golden"
sys.path[:0] = [str(HERE), str(HERE.parent / "load")]
import reader  # noqa: E402
from stand import Stand  # noqa: E402
from machine import sh, wait_until  # noqa: E402  (stand says where)

BINARIES = pathlib.Path(sys.argv[1]).resolve()
SLOT = 600_000
START = 1_795_472_400_000  # of the listing; storage_directory.cpp


def example(page, name):
    _, _, rest = DOCS.joinpath(page).read_text().partition(f"```example {name}\n")
    return bytes.fromhex("".join(line.partition("|")[0] for line in rest.partition("```")[0].splitlines()))


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


class Examples(unittest.TestCase):
    """What the pages say of their own examples."""

    def test_the_row(self):
        [batch] = reader.row(example("storage-format.md", "row"))
        self.assertEqual(batch[:3], (7, 0x0123456789abcdef, 1))
        at = 1795425204000
        self.assertEqual(batch.ticks, [reader.Tick(at, 3, {0: 200, 1: 5000, 2: bits(1.5)}),
                                       reader.Tick(at + 1000, 3, {0: 198, 1: 5300, 2: bits(1.5)}),
                                       reader.Tick(at + 2000, 4 | 1 << 20, {0: 200, 2: bits(-0.0), 3: 7})])

    def test_the_key_and_the_attributes(self):
        self.assertEqual(reader.key(int.from_bytes(example("storage-format.md", "key"), "big")), (7, 55, 1, 2))
        self.assertEqual(reader.attributes(example("storage-format.md", "attributes")), {"device": "sda", "direction": "read"})

    def test_the_chunk(self):
        times, columns = reader.chunk(example("chunk-format.md", "chunk"))
        self.assertEqual(times, [1795425204000 + n * 1000 for n in range(4)])
        self.assertEqual({number: reader.column(data, 4) for number, data in columns.items()},
                         {0: [100, 103, 106, 110], 2: [bits(1.5), bits(1.5), None, bits(1.75)]})

    def test_the_dense_chunk(self):
        times, columns = reader.chunk(example("chunk-format.md", "dense"))
        self.assertEqual(times, [1795425204000 + n * 1000 for n in range(16)])
        steps = (0, 0, 1, 2, 0, 0, 0, 1, 1, -2, 0, 0, 0, 0, 1)
        self.assertEqual(reader.column(columns[0], 16), [1_000_000 + 4096 * sum(steps[:n]) for n in range(16)])

    def test_chunks_that_were_kept(self):
        for kind in ("recorded", "every-kind"):
            tables = []
            for version in (1, 2):
                times, columns = reader.chunk(GOLDEN.joinpath(f"chunks/{kind}-{version}.chunk").read_bytes())
                tables.append((times, {number: reader.column(data, len(times)) for number, data in columns.items()}))
            self.assertGreater(len(tables[0][0]), 200)
            self.assertEqual(*tables)


class Listed(unittest.TestCase):
    """A directory with all that can lie in one, made by the store, and its listing, made beside it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="vedette-reader-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.data = cls.folder / "data"
        cls.data.mkdir()
        cls.listing = {}  # host -> {(time, series): cell}
        for line in sh(BINARIES / "storage_directory", cls.data).splitlines():
            host, series, time, cell = map(int, line.split())
            cls.listing.setdefault(host, {})[time, series] = cell & reader.ALL

    def read(self, data, host):
        """As the listing has it; every sample must be there once."""
        directory, found = reader.Directory(data), {}
        numbers = {series: number for number, series in enumerate(map(reader.written, directory.series[host].values()))}
        for series, time, cell in directory.samples(host):
            place = (time, numbers[reader.written(series)])
            self.assertNotIn(place, found)
            found[place] = cell
        return found, directory.damage

    def chunks(self, data):
        for file in sorted(data.glob("raw-*.db")):
            with contextlib.closing(sqlite3.connect(file)) as database:
                for k, blob in database.execute("SELECT k, v FROM chunk"):
                    yield file, k, blob

    def test_every_sample_is_read_bit_for_bit(self):
        self.assertGreater(sum(map(len, self.listing.values())), 20_000)
        for host, expected in self.listing.items():
            found, damage = self.read(self.data, host)
            self.assertEqual(damage, [])
            self.assertEqual(found.keys() ^ expected.keys(), set(), host)
            self.assertEqual(found, expected)

    def test_the_directory_holds_what_the_pages_are_about(self):
        directory = reader.Directory(self.data)
        self.assertEqual(sorted(directory.series), [1, 2, 3, 4, 5, 6])
        self.assertEqual(len(directory.series[4]), 2, "it had five before it was deleted")
        self.assertEqual([path.name for path in sorted(self.data.glob("raw-*.db"))], ["raw-20261123.db", "raw-20261124.db"])
        keys = [reader.key(k) for _, k, _ in self.chunks(self.data)]
        self.assertIn(3, {group for _, _, group, _ in keys})
        self.assertEqual({part for host, _, _, part in keys if host == 2}, {0, 1}, "eight parts and another became one")
        self.assertEqual({host for host, _, _, _ in keys}, {1, 2, 3, 4, 5})
        last = 145 - 10 + 4  # slot of both hosts that the end came in
        self.assertEqual({host for host, slot, _, _ in keys if slot == last}, {1, 2})
        self.assertTrue({(1, START // SLOT + 5), (2, START // SLOT + 5), (6, START // SLOT + 8)} <= directory.rows.keys())
        self.assertEqual({tick.boot for tick in directory.ticks(1)}, {1, 2})
        self.assertEqual({tick.boot >> 20 for tick in directory.ticks(5)}, {0, 1})
        forms = {data[0] for _, _, blob in self.chunks(self.data) for data in reader.chunk(blob)[1].values()}
        self.assertEqual(forms, {0, 1, 2, 3, 4, 5, 8, 10, 12})

    def test_minutes_and_hours_are_what_the_samples_did(self):
        directory = reader.Directory(self.data)
        kinds = {"gauge": 0, "counter": 0}
        for tier, length in (("1m", 60_000), ("1h", 3_600_000)):
            for host, expected in self.listing.items():
                samples = {}
                for (time, series), cell in sorted(expected.items()):
                    samples.setdefault((time // length * length, series), []).append(reader.signed(cell))
                for time, number, derived, fields in directory.rows_of(tier, host):
                    series, cells = directory.series[host][number], samples.get((time, number), [])
                    if derived or series.divide == 0 or any(abs(cell) > 2**40 for cell in cells):
                        continue
                    self.assertEqual((fields[0], reader.signed(fields[4])), (len(cells), cells[-1]))
                    if series.kind == 0:
                        self.assertEqual([reader.signed(fields[n]) for n in (1, 2, 3)], [min(cells), max(cells), sum(cells)])
                    elif len(cells) > 1:
                        self.assertGreaterEqual(fields[3] + fields[6], cells[-1] - cells[0])
                        self.assertLessEqual(fields[5], length + 600_000)
                    kinds["gauge" if series.kind == 0 else "counter"] += 1
        self.assertGreater(min(kinds.values()), 50, kinds)
        self.assertEqual(directory.damage, [])

    def test_series_and_values(self):
        series = reader.Directory(self.data).series[1]
        self.assertEqual(series[2], reader.Series("test.shape2", {"device": "d2", "state": 'über, "='}, "By", 0, 1024, 1))
        self.assertEqual(series[0].kind, 1)
        self.assertEqual(reader.base_units(3, series[2]), 3072)
        self.assertEqual(reader.base_units(-250 & reader.ALL, series[7]), -2.5)
        self.assertEqual(reader.base_units(bits(-math.inf), series[12]), -math.inf)

    def damaged(self, name, wanted, byte):
        """A copy in which a byte of one chunk is another."""
        data = self.folder / name
        shutil.copytree(self.data, data)
        file, k, blob = next(one for one in self.chunks(data) if reader.key(one[1]) == wanted)
        broken = bytearray(blob)
        broken[byte] ^= 16
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE chunk SET v = ? WHERE k = ?", [broken, k])
        return data

    def test_a_flipped_byte_is_noticed_and_all_else_is_read(self):
        slot = 144 - 10 + 9  # the last of the first day, which holds 90 s of host 1
        data = self.damaged("flipped", (1, slot, 0, 0), 300)
        begin = START + 9 * SLOT
        for host, expected in self.listing.items():
            found, damage = self.read(data, host)
            self.assertEqual(len(damage), host == 1)
            gone = {place for place in expected if host == 1 and begin <= place[0] < begin + SLOT}
            self.assertEqual(len(gone) > 0, host == 1)
            self.assertEqual(found, {place: cell for place, cell in expected.items() if place not in gone})

    def test_each_byte_of_a_chunk_counts(self):
        blob = next(blob for _, k, blob in self.chunks(self.data) if reader.key(k) == (3, 137, 0, 0))
        directory = reader.Directory(self.data)
        for byte in range(len(blob)):
            broken = bytearray(blob)
            broken[byte] ^= 1 << byte % 8
            self.assertEqual(directory.parts(3, 137, [((0, 0), bytes(broken))]), [])
            self.assertEqual(len(directory.damage), byte + 1, f"byte {byte}")

    def test_a_newer_file_is_refused(self):
        for name in ("live.db", "raw-20261124.db"):
            data = self.folder / f"newer-{name}"
            shutil.copytree(self.data, data)
            with contextlib.closing(sqlite3.connect(data / name)) as database:
                database.execute("PRAGMA user_version = 9")
            with self.assertRaisesRegex(reader.Newer, name):
                list(reader.Directory(data).ticks(1))

    def test_the_command_prints_it(self):
        printed = subprocess.run([sys.executable, HERE / "reader.py", self.data, "--host", "6", "--series", "test.shape0"],
                                 check=True, capture_output=True, text=True).stdout
        rows = list(csv.DictReader(io.StringIO(printed)))
        self.assertEqual({(int(row["time"]), int(row["raw"])) for row in rows},
                         {(time, cell) for (time, series), cell in self.listing[6].items() if series == 0})
        self.assertEqual({row["series"] for row in rows}, {'test.shape0{device=d0,state=über, "=}'})
        self.assertEqual(rows[3]["value"], repr(int(rows[3]["raw"]) / 100))


def points(directory, host):
    """By series, (Unix seconds, value) of each sample."""
    found = {}
    for series, time, cell in directory.samples(host):
        found.setdefault(reader.written(series), []).append((time / 1000, reader.base_units(cell, series)))
    return found


def answered(history):
    """The same of what GET /api/v1/history answers."""
    return {reader.written(reader.Series(one["name"], one["attributes"], *[None] * 4)): list(zip(one["t"], one["value"]))
            for one in history["series"]}


class Earlier(unittest.TestCase):
    """Directories of collectors of earlier days, and what those answered."""

    def test_they_are_read_as_they_were_answered(self):
        kept = sorted(GOLDEN.joinpath("directories").iterdir())
        self.assertGreater(len(kept), 1)
        for source in kept:
            with self.subTest(source.name), tempfile.TemporaryDirectory(prefix="vedette-reader-") as name:
                data = pathlib.Path(name)
                for file in source.glob("*.db.gz"):
                    data.joinpath(file.stem).write_bytes(gzip.decompress(file.read_bytes()))
                answers = json.loads(gzip.decompress(source.joinpath("answers.json.gz").read_bytes()))
                directory = reader.Directory(data)
                found, expected = points(directory, 1), answered(answers["history"])
                self.assertEqual(directory.damage, [])
                self.assertGreater(sum(map(len, expected.values())), 1000)
                self.assertEqual(found, expected)


class Running(unittest.TestCase):
    """A collector and an agent of the build, read while both run."""

    def test_it_is_what_the_collector_answers(self):
        with Stand(BINARIES) as stand:
            state = stand.folder / "agent"
            sh(BINARIES / "vedette-agent", "enroll", stand.collector.url, "--token", stand.token, "--ca-pin", stand.pin,
               "--state", state)
            with open(stand.folder / "agent.log", "wb") as log:
                agent = subprocess.Popen([BINARIES / "vedette-agent", "run", "--state", state], stderr=log)
            stand.callback(lambda: (agent.kill(), agent.wait()))
            data = stand.folder / "data"
            wait_until("six ticks in the directory", lambda: len(list(reader.Directory(data).ticks(1))) >= 6)
            directory, client = reader.Directory(data), stand.client()
            self.assertEqual(directory.damage, [])
            found = points(directory, 1)
            times = [time for samples in found.values() for time, _ in samples]
            stored = {series.name for series in directory.series[1].values()}
            self.assertGreater(len(stored), 10)
            names = "&".join(f"series={name}" for name in stored)
            host = client.host()["id"]
            answer = client.ask("GET", f"/api/v1/history?host={host}&from={min(times)}&to={max(times)}&step=0&as=total&{names}")
            self.assertEqual(answered(answer), found)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
