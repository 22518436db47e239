"""What the same samples cost Prometheus and VictoriaMetrics, taken by remote write. docs/history-cost.md explains the figures.

    peers.py BINARIES [PEER...]

VEDETTE_BENCH_SECONDS: of 10 hosts, as for bench_history. Of 1,000 hosts they get fewer samples than that.
"""
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "load"))
from stand import status_kb  # noqa: E402
from peer_servers import PEERS, binary  # noqa: E402 (stand tells where `machine` is)

SERIES, DAY_SECONDS = 40, 86_400
DAY = 1_732_233_600  # kDay of times.h, in seconds
ROUNDS = 20
# What queries.cpp asks: two counters of CPU time, a level of memory, bytes of the network.
FOUR = ['rate(system_cpu_time_seconds_total{instance="host-1",column="0"}[1m])',
        'rate(system_cpu_time_seconds_total{instance="host-1",column="3"}[1m])',
        'avg_over_time(system_memory_usage_bytes{instance="host-1",column="30"}[1m])',
        'rate(system_network_io_bytes_total{instance="host-1",column="49"}[1m])']


@dataclasses.dataclass
class Size:
    hosts: int
    seconds: int
    suffix: str = ""

    @property
    def samples(self):
        return self.hosts * SERIES * self.seconds


def requests_of(sender):
    while head := sender.stdout.read(4):
        yield sender.stdout.read(int.from_bytes(head, "little"))


def feed(peer, binaries, size, form):
    command = [str(binaries / "bench_history_remote_write"), str(size.hosts), str(size.seconds), form]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as sender:
        sent = 0
        for request in requests_of(sender):
            peer.write(request)
            sent += 1
    if sender.returncode != 0 or sent != size.seconds:
        raise SystemExit(f"history: the sender sent {sent} of {size.seconds} requests and ended with {sender.returncode}")


def bytes_in(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_all_there(peer, size):
    """Whatever a peer refused, or took for doubled, would make it look cheap."""
    counted = f'sum(count_over_time({{job="bench"}}[{size.seconds + 60}s]))'
    stored = peer.query("query", query=counted, time=DAY + size.seconds + 1)
    found = float(stored[0]["value"][1]) if stored else 0
    if found != size.samples:
        raise SystemExit(f"history: {peer.name} has {found:.0f} of {size.samples} samples\n{peer.log()}")


def measure(peer, binaries, size):
    feed(peer, binaries, size, "counters")
    fed = status_kb(peer.process.pid, "VmRSS")
    stored = peer.finish()
    peer.say("cpu_s_per_msample" + size.suffix, peer.cpu() / size.samples * 1e6, "s")
    peer.say("bytes_per_sample" + size.suffix, bytes_in(stored) / size.samples, "B")
    peer.say("bytes_written_per_sample" + size.suffix, peer.bytes_written() / size.samples, "B")
    peer.say("rss_kb" + size.suffix, fed, "kB")
    check_all_there(peer, size)


def measure_rates(peer, binaries, size):
    feed(peer, binaries, size, "rates")
    peer.say("bytes_per_sample_rates", bytes_in(peer.finish()) / size.samples, "B")
    check_all_there(peer, size)


def ask_a_day(peer):
    for query in FOUR:
        result = peer.query("query_range", query=query, start=DAY + 60, end=DAY + DAY_SECONDS, step=60)
        if len(result) != 1 or len(result[0]["values"]) < 1_439:
            raise SystemExit(f"history: {peer.name}'s answer to {query} has holes")


def measure_queries(peer):
    """After two rounds that warm up."""
    for _ in range(2):
        ask_a_day(peer)
    cpu, began = peer.cpu(), time.monotonic()
    for _ in range(ROUNDS):
        ask_a_day(peer)
    peer.say("query_24h_x4_cpu_ms", (peer.cpu() - cpu) / ROUNDS * 1000, "ms")
    peer.say("query_24h_x4_wall_ms", (time.monotonic() - began) / ROUNDS * 1000, "ms")


def run(name, binaries):
    ten = Size(10, int(os.environ.get("VEDETTE_BENCH_SECONDS", DAY_SECONDS)))
    with PEERS[name]() as peer:
        measure(peer, binaries, ten)
        if ten.seconds == DAY_SECONDS:
            measure_queries(peer)
    with PEERS[name]() as peer:
        measure_rates(peer, binaries, Size(2, ten.seconds))
    with PEERS[name]() as peer:
        measure(peer, binaries, Size(1_000, 300, "_1000_hosts"))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the peer ends too
    for name in sys.argv[2:] or PEERS:
        if name not in PEERS:
            raise SystemExit(f"history: there is no peer {name}, only {', '.join(PEERS)}")
        if not binary(name):
            print(f"history: NO {name} HERE, its figures are missing: apt knows no such package", file=sys.stderr, flush=True)
            continue
        run(name, pathlib.Path(sys.argv[1]))


if __name__ == "__main__":
    main()
