"""What the same samples cost Prometheus and VictoriaMetrics, taken by remote write. docs/history-cost.md explains the figures.

    peers.py BINARIES [PEER...]

VEDETTE_BENCH_SECONDS: of 10 hosts, as for bench_history.
"""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "load"))
from stand import cpu_seconds, status_kb  # noqa: E402
from machine import free_port, wait_until  # noqa: E402 (stand tells where it is)

TOOLS = pathlib.Path(__file__).resolve().parents[3] / ".tools"

HOSTS, SERIES, DAY_SECONDS = 10, 40, 86_400
DAY = 1_732_233_600  # kDay of times.h, in seconds
ROUNDS = 20
# What queries.cpp asks: two counters of CPU time, a level of memory, bytes of the network.
FOUR = ['rate(system_cpu_time_seconds_total{instance="host-1",column="0"}[1m])',
        'rate(system_cpu_time_seconds_total{instance="host-1",column="3"}[1m])',
        'avg_over_time(system_memory_usage_bytes{instance="host-1",column="30"}[1m])',
        'rate(system_network_io_bytes_total{instance="host-1",column="49"}[1m])']


def binary(name):
    """The machine's own, or the one that ./dev unpacked; None if there is none."""
    unpacked = TOOLS / name / "usr/bin" / name
    return shutil.which(name) or (str(unpacked) if unpacked.exists() else None)


class Peer(contextlib.ExitStack):
    """A server of its own on a free port of 127.0.0.1, its data in a temporary directory; it ends with the stack."""
    name = ""

    def __init__(self):
        super().__init__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="vedette-peer-")))
        self.data = self.folder / "data"
        self.port = free_port()
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([binary(self.name), *self.flags()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder)
        self.callback(self.process.wait)
        self.callback(self.process.kill)
        wait_until(f"{self.name} answers", self.ready, 30)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        self.callback(self.connection.close)

    def flags(self):
        raise NotImplementedError

    def finish(self):
        """Everything is compacted and on the disk afterwards. Returns the folder that holds it."""
        raise NotImplementedError

    def ready(self):
        if self.process.poll() is not None:
            raise SystemExit(f"history: {self.name} ended: {self.log()}")
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            connection.request("GET", "/-/ready" if self.name == "prometheus" else "/health")
            return connection.getresponse().status == 200

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 204):
            raise SystemExit(f"history: {self.name} answered {answer.status} to {path}: {text[:500]!r}\n{self.log()}")
        return text

    def query(self, path, **parameters):
        answer = json.loads(self.ask("GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        return answer["data"]["result"]

    def write(self, request):
        self.ask("POST", "/api/v1/write", request, {
            "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0"})

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def bytes_written(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/io").read_text().splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        raise KeyError("write_bytes")

    def say(self, name, value, unit):
        print(json.dumps({"bench": "history", "name": name, "value": float(f"{value:.4g}"), "unit": unit, "peer": self.name},
                         separators=(",", ":")), flush=True)


class Prometheus(Peer):
    name = "prometheus"

    def flags(self):
        (self.folder / "prometheus.yml").write_text("{}")
        return [f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.data}",
                f"--web.listen-address=127.0.0.1:{self.port}", "--web.enable-remote-write-receiver", "--web.enable-admin-api",
                "--log.level=warn"]

    def finish(self):
        """A snapshot is all blocks, and the head written as one: the log is left out."""
        name = json.loads(self.ask("POST", "/api/v1/admin/tsdb/snapshot"))["data"]["name"]
        return self.data / "snapshots" / name


class VictoriaMetrics(Peer):
    name = "victoria-metrics"

    def flags(self):
        return [f"-storageDataPath={self.data}", f"-httpListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=100y",
                "-loggerLevel=WARN"]

    def finish(self):
        self.ask("GET", "/internal/force_flush")
        self.ask("GET", "/internal/force_merge")
        wait_until("VictoriaMetrics has merged", lambda: self.merging() == 0, 300)
        return self.data

    def merging(self):
        for line in self.ask("GET", "/metrics").decode().splitlines():
            if line.startswith("vm_active_force_merges "):
                return float(line.split()[1])
        raise SystemExit("history: VictoriaMetrics has no vm_active_force_merges: is it another version?")

    def query(self, path, **parameters):
        return super().query(path, nocache=1, **parameters)


PEERS = {peer.name: peer for peer in (Prometheus, VictoriaMetrics)}


def requests_of(sender):
    while head := sender.stdout.read(4):
        yield sender.stdout.read(int.from_bytes(head, "little"))


def feed(peer, binaries, seconds, form):
    command = [str(binaries / "bench_history_remote_write"), str(HOSTS), str(seconds), form]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as sender:
        sent = 0
        for request in requests_of(sender):
            peer.write(request)
            sent += 1
    if sender.returncode != 0 or sent != seconds:
        raise SystemExit(f"history: the sender sent {sent} of {seconds} requests and ended with {sender.returncode}")


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_all_there(peer, seconds):
    """Whatever a peer refused, or took for doubled, would make it look cheap."""
    stored = peer.query("query", query=f'sum(count_over_time({{job="bench"}}[{seconds + 60}s]))', time=DAY + seconds + 1)
    found, wanted = float(stored[0]["value"][1]) if stored else 0, HOSTS * SERIES * seconds
    if found != wanted:
        raise SystemExit(f"history: {peer.name} has {found:.0f} of {wanted} samples\n{peer.log()}")


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


def measure(peer, binaries, seconds):
    samples = HOSTS * SERIES * seconds
    feed(peer, binaries, seconds, "counters")
    fed = status_kb(peer.process.pid, "VmRSS")
    stored = peer.finish()
    peer.say("cpu_s_per_msample", peer.cpu() / samples * 1e6, "s")
    peer.say("bytes_per_sample", size_of(stored) / samples, "B")
    peer.say("bytes_written_per_sample", peer.bytes_written() / samples, "B")
    peer.say("rss_kb", fed, "kB")
    check_all_there(peer, seconds)
    if seconds == DAY_SECONDS:
        measure_queries(peer)


def measure_rates(peer, binaries, seconds):
    feed(peer, binaries, seconds, "rates")
    peer.say("bytes_per_sample_rates", size_of(peer.finish()) / (HOSTS * SERIES * seconds), "B")
    check_all_there(peer, seconds)


def main():
    binaries = pathlib.Path(sys.argv[1])
    seconds = int(os.environ.get("VEDETTE_BENCH_SECONDS", DAY_SECONDS))
    for name in sys.argv[2:] or PEERS:
        if name not in PEERS:
            raise SystemExit(f"history: there is no peer {name}, only {', '.join(PEERS)}")
        if not binary(name):
            print(f"history: NO {name} HERE, its figures are missing: apt knows no such package", file=sys.stderr, flush=True)
            continue
        with PEERS[name]() as peer:
            measure(peer, binaries, seconds)
        with PEERS[name]() as peer:
            measure_rates(peer, binaries, seconds)


if __name__ == "__main__":
    main()
