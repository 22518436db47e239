"""The peers as processes: Debian's Prometheus and VictoriaMetrics, alike to who writes and asks."""
import contextlib
import http.client
import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.parse

from machine import free_port, wait_until
from stand import cpu_seconds

TOOLS = pathlib.Path(__file__).resolve().parents[3] / ".tools"


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
