"""Reads a collector's data directory as docs/storage-format.md and docs/chunk-format.md have it: written from those pages alone.

    reader.py DIRECTORY [--host N] [--series NAME]      prints CSV: host, series, time (ms), raw (the cell), value (base units)
"""
import argparse
import contextlib
import csv
import datetime
import pathlib
import re
import sqlite3
import struct
import sys
import zlib
from collections import namedtuple

ALL = 2**64 - 1
BOOTS = 4294967295  # the column of each tick's boot
SLOT = 600_000  # ms
DAY = 144  # slots
SLOTS = {"1m": 3_600_000, "1h": 86_400_000}  # ms
END = 7_258_118_400_000  # 2200-01-01, ms

Series = namedtuple("Series", "name attributes unit kind multiply divide")
Tick = namedtuple("Tick", "time boot cells")  # cells: series number -> 64 bits


class Damaged(Exception):
    pass


class Newer(Exception):
    pass


def unzigzag(n):
    return n >> 1 ^ -(n & 1)


def signed(cell):
    return cell - 2**64 if cell >> 63 else cell


class Bytes:
    """What varint, signed and fixed are read from."""

    def __init__(self, data):
        self.data, self.at = data, 0

    @property
    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        if count > self.left:
            raise Damaged("bytes are missing")
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self):
        n = shift = 0
        while True:
            byte = self.take(1)[0]
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if n > ALL or (byte == 0 and shift > 7):
            raise Damaged("a varint is too long")
        return n

    def signed(self):
        return unzigzag(self.varint())

    def fixed(self, count):
        return int.from_bytes(self.take(count), "little")

    def end(self):
        if self.left:
            raise Damaged("bytes are left over")


class Bits:
    """A bit stream that starts here; whole() leaves its reader after the last byte that was begun."""

    def __init__(self, source):
        self.source, self.number, self.count = source, 0, 0

    def get(self, width):
        while self.count < width:
            self.number |= self.source.take(1)[0] << self.count
            self.count += 8
        value = self.number & (1 << width) - 1
        self.number >>= width
        self.count -= width
        return value

    def whole(self):
        if self.number:
            raise Damaged("a bit stream isn't filled up with zeros")


def checked(data):
    """Without the crc at its end, which must fit."""
    if len(data) < 4 or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise Damaged("a check sum doesn't fit")
    return data[:-4]


# --- docs/chunk-format.md -------------------------------------------------------------------------------------------------

WIDTHS = [*range(25), 28, 32, 36, 40, 48, 56, 64]


def rice(bits, k):
    quotient = 0
    while quotient < 16 and bits.get(1):
        quotient += 1
    if quotient == 16:
        return bits.get(bits.get(6) + 1)
    return quotient << k | bits.get(k)


def blocks(data, count):
    if count == 0:
        return []
    values, step = [data.signed() & ALL], 0
    while len(values) < count:
        transform, code = divmod(data.take(1)[0], 64)
        base = data.signed() if transform >= 2 else 0
        level, bits = values[-1], Bits(data)
        for _ in range(min(64, count - len(values))):
            u = rice(bits, code) if code < 32 else bits.get(WIDTHS[code - 32])
            before = values[-1]
            value = (before + unzigzag(u), before + step + unzigzag(u), before + base + u, level + base + u)[transform] & ALL
            values.append(value)
            step = value - before
        bits.whole()
    return values


def prefix_code(bits):
    """(length, code as a number) -> symbol; a code is read highest bit first."""
    lengths, symbol, length, room = {}, -1, 5, 1024
    while room > 0:
        zeros = 0
        while not bits.get(1):
            zeros += 1
        symbol += 1 << zeros | bits.get(zeros)
        ones = 0
        while bits.get(1):
            ones += 1
        length += unzigzag(2 * ones + bits.get(1))
        if symbol > 142 or not 0 <= length <= 10:
            raise Damaged("a prefix code has no such symbol or length")
        lengths[symbol] = length
        room -= 1024 >> length
    if room < 0:
        raise Damaged("a prefix code has too many codes")
    codes, code, before = {}, -1, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        code = code + 1 << length - before
        codes[length, code], before = symbol, length
    return codes


def residuals(bits, count):
    codes, found = prefix_code(bits), []
    while len(found) < count:
        length = code = 0
        while (length, code) not in codes:
            length, code = length + 1, code << 1 | bits.get(1)
        symbol = codes[length, code]
        if symbol < 16:
            found += [0] * ((1 << symbol) + bits.get(symbol))
        elif symbol == 16:
            found.append(1)
        else:
            more = (symbol - 17) // 2
            found.append((2 + (symbol - 17) % 2 << more) + bits.get(more))
    if len(found) > count:
        raise Damaged("a run is too long")
    return found


def coded(data, count):
    if count < 2:
        raise Damaged("a column of fewer than two values is coded")
    values, step = [data.signed() & ALL], 0
    transform, shift = divmod(data.take(1)[0], 64)
    base = data.signed() if transform >= 2 else 0
    bits = Bits(data)
    for u in residuals(bits, count - 1):
        if transform == 3:
            values.append(values[0] + (base + u << shift) & ALL)
        else:
            step = (unzigzag(u), step + unzigzag(u), base + u)[transform]
            values.append(values[-1] + (step << shift) & ALL)
    bits.whole()
    return values


def xored(data, before, count):
    bits, leading, width = Bits(data), 0, 0
    for _ in range(count):
        if bits.get(1):
            if bits.get(1):
                leading, width = bits.get(5), bits.get(6) + 1
            if not 0 < width <= 64 - leading:
                raise Damaged("a window doesn't fit")
            before ^= bits.get(width) << 64 - leading - width
        yield before
    bits.whole()


def doubles(data, count):
    if count == 0:
        return []
    values = [data.fixed(8)]
    while len(values) < count:
        form, size = data.take(1)[0], min(64, count - len(values))
        if form > 2:
            raise Damaged("a block has an unknown form")
        values += ([values[-1]] * size, xored(data, values[-1], size), (data.fixed(8) for _ in range(size)))[form]
    return values


def bitmap(data, count):
    bits = Bits(data)
    present = [bits.get(1) == 1 for _ in range(count)]
    bits.whole()
    return present


def runs(data, count):
    present, there = [], True
    while len(present) < count:
        length = data.varint()
        if length > count - len(present) or (length == 0 and (present or not there)):
            raise Damaged("a run doesn't fit")
        present += [there] * length
        there = not there
    return present


def column(data, ticks):
    """A list with a cell or None for each tick."""
    data = Bytes(checked(data))
    form = data.take(1)[0]
    if form not in (0, 1, 2, 3, 4, 5, 8, 10, 12):
        raise Damaged("a column has an unknown form")
    present = runs(data, ticks) if form & 2 else bitmap(data, ticks) if form & 4 else [True] * ticks
    values = iter((doubles if form & 1 else coded if form & 8 else blocks)(data, sum(present)))
    cells = [next(values) if there else None for there in present]
    data.end()
    return cells


def chunk(blob):
    """(times, {column id: its bytes}) of a chunk."""
    data = Bytes(blob)
    version = data.take(1)[0]
    if not 1 <= version <= 2:
        raise Newer(f"a chunk of version {version}")
    ticks, first, span, length = data.varint(), data.signed(), data.varint(), data.varint()
    times, places, number = Bytes(data.take(length)), [], -1
    for _ in range(data.varint()):
        number += data.varint() + 1
        places.append((number, data.varint()))
    data.take(4)
    checked(blob[:data.at])
    form = times.take(1)[0] if version == 2 else 0
    if form not in (0, 8):
        raise Damaged("times have an unknown form")
    times = [signed(time) for time in (coded if form else blocks)(times, ticks)]
    if times and (min(times), max(times)) != (first, first + span):
        raise Damaged("times aren't where the head says")
    columns = {number: data.take(size) for number, size in places}
    data.end()
    return times, columns


# --- docs/storage-format.md -----------------------------------------------------------------------------------------------

Batch = namedtuple("Batch", "host stream first ticks")


def packed(data, count):
    time = boot = 0
    last, ticks = {}, []
    for _ in range(count):
        time, boot, width = time + data.signed(), boot + data.signed(), data.varint()
        form = data.take(1)[0]
        if form > 1 or width > 65_536:
            raise Damaged("a tick has no such form")
        present = bitmap(data, width) if form else [True] * width
        for series in range(width):
            if present[series]:
                last[series] = last.get(series, 0) + data.signed() & ALL
        ticks.append(Tick(time, boot, {series: last[series] for series in range(width) if present[series]}))
    data.end()
    return ticks


def row(blob):
    """The batches of a write-ahead row."""
    data, batches = Bytes(blob), []
    version = data.take(1)[0]
    if version != 1:
        raise Newer(f"a write-ahead row of version {version}")
    while data.left:
        host, stream, first, count, length = data.varint(), data.fixed(8), data.varint(), data.varint(), data.varint()
        batches.append(Batch(host, stream, first, packed(Bytes(data.take(length)), count)))
    return batches


def attributes(blob):
    words = blob.decode().split("\0")
    return dict(zip(words[:-1:2], words[1:-1:2]))


def key(k):
    """(host, slot of the file, group, part)"""
    return k >> 35, k >> 18 & 2**17 - 1, k >> 8 & 2**10 - 1, k & 255


def base_units(cell, series):
    if series.divide == 0:
        return struct.unpack("<d", struct.pack("<Q", cell))[0]
    return float(signed(cell)) * series.multiply / series.divide


def in_order(sources):
    """The ticks of one host and slot out of lists of them, those that count more first."""
    ticks = [tick for source in sources for tick in source]
    first = {}
    for tick in ticks:
        epoch = tick.boot >> 20
        first[epoch] = min(first.get(epoch, tick.time), tick.time)
    kept = {}
    for tick in ticks:
        newer = [time for epoch, time in first.items() if epoch > tick.boot >> 20]
        if not newer or tick.time < min(newer) - 2000:
            kept.setdefault(tick.time, tick)
    return [kept[time] for time in sorted(kept)]


class Directory:
    """A data directory as it is when this is made. `damage` collects what can't be read, in words."""

    def __init__(self, path):
        self.path, self.damage = pathlib.Path(path), []
        self.rows = {}  # (host, slot since 1970) -> ticks
        self.read_live()
        self.days = {}  # days since 1970 -> file
        for file in sorted(self.path.glob("raw-*.db")):
            if re.fullmatch(r"raw-\d{8}\.db", file.name):
                day = datetime.datetime.strptime(file.name[4:12], "%Y%m%d") - datetime.datetime(1970, 1, 1)
                self.days[day.days] = file.name

    @contextlib.contextmanager
    def opened(self, name, newest):
        with contextlib.closing(sqlite3.connect(f"{self.path.resolve().as_uri()}/{name}?mode=ro", uri=True)) as database:
            [(version,)] = database.execute("PRAGMA user_version")
            if not 1 <= version <= newest:
                raise Newer(f"{name} has schema {version}, not 1 to {newest}")
            yield database

    def read_live(self):
        with self.opened("live.db", newest=2) as database:
            database.execute("BEGIN")
            self.series = {}  # host -> number -> Series
            for host, number, name, pairs, *rest in database.execute("SELECT * FROM series"):
                self.series.setdefault(host, {})[number] = Series(name, attributes(pairs), *rest)
            forgotten = dict(database.execute("SELECT host, through FROM forgotten"))
            for number, blob in database.execute("SELECT id, v FROM ahead ORDER BY id"):
                for batch in row(blob):
                    for tick in batch.ticks:
                        if number > forgotten.get(batch.host, 0) and 0 <= tick.time < END:
                            self.rows.setdefault((batch.host, tick.time // SLOT), []).append(tick)

    def parts(self, host, slot, chunks):
        """Lists of ticks, by part."""
        parts = {}
        for (group, part), blob in chunks:
            try:
                times, columns = chunk(blob)
                boots = column(columns[BOOTS], len(times))
                cells = {number: column(data, len(times)) for number, data in columns.items() if number != BOOTS}
                ticks = parts.setdefault(part, [Tick(time, boot, {}) for time, boot in zip(times, boots)])
                if len(ticks) != len(times):
                    raise Damaged("it has another number of ticks than its part")
                for number, values in cells.items():
                    for tick, value in zip(ticks, values):
                        if value is not None:
                            tick.cells[number] = value
            except (Damaged, Newer, KeyError) as error:
                self.damage.append(f"host {host}, slot {slot}, group {group}, part {part}: {error!r}")
        return [parts[part] for part in sorted(parts)]

    def ticks(self, host):
        """Every tick of the host, in the order of time."""
        slots = {}
        for day, name in self.days.items():
            with self.opened(name, newest=3) as database:
                keys = [host << 35, (host + 1 << 35) - 1]
                for k, blob in database.execute("SELECT k, v FROM chunk WHERE k BETWEEN ? AND ?", keys):
                    _, slot, group, part = key(k)
                    slots.setdefault(day * DAY + slot, []).append(((group, part), blob))
        for slot in sorted({*slots, *(slot for owner, slot in self.rows if owner == host)}):
            sources = self.parts(host, slot, slots.get(slot, []))
            yield from in_order([*sources, self.rows.get((host, slot), [])])

    def rows_of(self, tier, host):
        """(time, series number, derived or not, {field: cell}) of what is built and not behind; tier is "1m" or "1h"."""
        for file in sorted(self.path.glob(f"{tier}-*.db")):
            stale = self.stale(tier, host)
            with self.opened(file.name, newest=3) as database:
                keys = [host << 35, (host + 1 << 35) - 1]
                for k, blob in database.execute("SELECT k, v FROM chunk WHERE k BETWEEN ? AND ?", keys):
                    times, columns = chunk(blob)
                    if times[0] // SLOTS[tier] in stale:
                        continue
                    cells = {number: column(data, len(times)) for number, data in columns.items()}
                    for number in sorted({number & ~7 for number in cells}):
                        for at, count in enumerate(cells[number]):
                            if count is not None:
                                fields = {n: cells[number + n][at] if number + n in cells else 0 for n in range(7)}
                                yield times[at], number >> 4, bool(number & 8), fields

    def stale(self, tier, host):
        """Slots of the tier, since 1970, that are behind."""
        stale = set()
        for file in self.path.glob("raw-*.db" if tier == "1m" else "1m-*.db"):
            begin = datetime.datetime.strptime(file.stem.partition("-")[2], "%Y%m%d" if tier == "1m" else "%Y%m")
            first = (begin - datetime.datetime(1970, 1, 1)) // datetime.timedelta(milliseconds=SLOTS[tier])
            with self.opened(file.name, newest=3) as database:
                stale |= {first + slot for slot, in database.execute("SELECT slot FROM stale WHERE host = ?", [host])}
        return stale if tier == "1m" else stale | {hour // 24 for hour in self.stale("1m", host)}

    def samples(self, host, name=None):
        """(series, time, cell) of the host, of all series or those of one name."""
        series = self.series[host]
        for tick in self.ticks(host):
            for number, cell in sorted(tick.cells.items()):
                if name in (None, series[number].name):
                    yield series[number], tick.time, cell


def written(series):
    """name{key=value,...}"""
    pairs = ",".join(f"{name}={value}" for name, value in series.attributes.items())
    return series.name + (f"{{{pairs}}}" if pairs else "")


def main():
    parser = argparse.ArgumentParser(description="Prints what a collector's data directory holds, as CSV.")
    parser.add_argument("directory")
    parser.add_argument("--host", type=int, help="its number in control.db; all without")
    parser.add_argument("--series", help="a name; all without")
    words = parser.parse_args()
    directory = Directory(words.directory)
    out = csv.writer(sys.stdout)
    out.writerow(["host", "series", "time", "raw", "value"])
    for host in sorted(directory.series):
        if words.host in (None, host):
            for series, time, cell in directory.samples(host, words.series):
                out.writerow([host, written(series), time, signed(cell), repr(base_units(cell, series))])
    for line in directory.damage:
        print(line, file=sys.stderr)
    return 1 if directory.damage else 0


if __name__ == "__main__":
    sys.exit(main())
