"""Prometheus' way: a node_exporter, and a Prometheus that scrapes it as if it were many hosts."""
import contextlib
import json
import pathlib
import shutil
import subprocess
import urllib.parse
import urllib.request

import tcp_counts
from machine import free_port, wait_until
from stand import cpu_seconds

TOOLS = pathlib.Path(__file__).resolve().parents[3] / ".tools"
# Those whose metrics our agent has too.
OURS = ["--collector.disable-defaults", "--collector.cpu", "--collector.diskstats", "--collector.filesystem",
        "--collector.loadavg", "--collector.meminfo", "--collector.netdev", "--web.disable-exporter-metrics"]


def binary(name):
    own = shutil.which(name) or TOOLS / name / "usr/bin" / name
    if not pathlib.Path(own).exists():
        raise SystemExit(f"overhead: there is no {name}; ./dev bench overhead brings it")
    return str(own)


def version(name):
    said = subprocess.run([binary(name), "--version"], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return said.stdout.split()[2]


class Child(contextlib.ExitStack):
    def __init__(self, folder, name, command):
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{name}.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        self.callback(self.process.wait)
        self.callback(self.process.terminate)

    def cpu(self):
        return cpu_seconds(self.process.pid)


class Exporter(Child):
    """It listens on an address for each host that it stands for, so that each gets a connection of its own."""

    def __init__(self, folder, hosts, flags=(), tls=None):
        self.port = free_port()
        self.targets = [f"127.0.0.{number + 1}:{self.port}" for number in range(hosts)]
        secure = []
        if tls:
            certificate, key = tls
            folder.mkdir(parents=True)
            (folder / "web.yml").write_text(json.dumps(  # which is YAML too
                {"tls_server_config": {"cert_file": str(certificate), "key_file": str(key)}}))
            secure = [f"--web.config.file={folder}/web.yml"]
        super().__init__(folder, "exporter", [binary("prometheus-node-exporter"), *flags, *secure,
                                              *(f"--web.listen-address={target}" for target in self.targets)])


class Prometheus(Child):
    def __init__(self, folder, interval, targets, tls=False):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True, exist_ok=True)
        job = {"job_name": "node", "static_configs": [{"targets": targets}]}
        if tls:
            job |= {"scheme": "https", "tls_config": {"insecure_skip_verify": True}}
        often = {"scrape_interval": f"{interval}s", "scrape_timeout": f"{interval}s"}
        (folder / "prometheus.yml").write_text(json.dumps({"global": often, "scrape_configs": [job] if targets else []}))
        super().__init__(folder, "prometheus", [
            binary("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}"])

    def value(self, query):
        """Of a query that has one."""
        with urllib.request.urlopen(f"{self.url}/api/v1/query?query={urllib.parse.quote(query)}", timeout=10) as answer:
            result = json.load(answer)["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0


class Scraping:
    """One exporter, one Prometheus."""

    def __init__(self, stack, folder, interval, hosts, flags=(), tls=None):
        self.interval, self.hosts = interval, hosts
        self.exporter = stack.enter_context(Exporter(folder / "exporter", hosts, flags, tls))
        self.prometheus = stack.enter_context(
            Prometheus(folder / "prometheus", interval, self.exporter.targets, tls is not None))

    def wait(self):
        try:
            wait_until("all targets are scraped", lambda: self.prometheus.value("sum(up)") == self.hosts, self.interval + 20)
        except AssertionError as late:
            raise RuntimeError(f"{late}\n{self.exporter.log.read_text()}{self.prometheus.log.read_text()}") from None

    def counted(self):
        return tcp_counts.accepted_on(self.exporter.port)

    def check(self, seconds):
        """Each host was scraped as often as it should."""
        times = self.prometheus.value(f"sum(sum_over_time(up[{round(seconds)}s]))")
        wanted = self.hosts * seconds / self.interval
        if not 0.9 * wanted <= times <= 1.1 * wanted:
            raise RuntimeError(f"{times} scrapes went well in {seconds} s; it should be {wanted}: the machine is too busy")

    def samples(self):
        return self.prometheus.value("avg(scrape_samples_scraped)")
