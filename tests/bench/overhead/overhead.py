"""What one host-second costs, our way and others': bytes above TCP, packets, CPU. docs/overhead.md explains the figures.

    overhead.py BINARIES
"""
import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "load"))
from stand import Stand, cpu_seconds  # noqa: E402

import tcp_counts  # noqa: E402
from connection import Connection  # noqa: E402
from prometheus import OURS, Child, Prometheus, Scraping, version  # noqa: E402
from viewers import WAYS, Viewer  # noqa: E402

AGENTS = 10       # real ones: each measures this machine
SWARM = 50        # simulated ones, with a viewer each
SCRAPED = 10      # hosts that each node_exporter stands for
SETTLE = 5
SECONDS_OF_HOSTS, SECONDS_OF_SWARM, SECONDS_OF_A_WAY = 60, 40, 25


def say(name, value, unit, peer=None):
    figure = {"bench": "overhead", "name": name, "value": round(value, 1), "unit": unit} | ({"peer": peer} if peer else {})
    print(json.dumps(figure, separators=(",", ":")), flush=True)


def say_counts(name, counts, host_seconds, peer=None):
    say(name + "_bytes", counts.bytes / host_seconds, "By", peer)
    say(name + "_packets", counts.packets / host_seconds, "{packet}", peer)


def say_cpu(name, seconds, host_seconds, peer=None):
    say(name + "_cpu_us", seconds * 1e6 / host_seconds, "us", peer)


def series_of_a_host(client):
    """The names of all series of the first host; those that differ by a label have one name."""
    series = client.ask("GET", f"/api/v1/hosts/{client.host()['id']}/series")["series"]
    return [one["name"] for one in series]


class Agents:
    """Real agents, all measuring this machine, with a collector of their own. They end with the stack."""

    def __init__(self, stack, binaries):
        self.stand = stack.enter_context(Stand(binaries))
        self.children = [self.start(stack, binaries, number) for number in range(AGENTS)]

    def start(self, stack, binaries, number):
        state = self.stand.folder / f"agent{number}"
        agent = str(binaries / "vedette-agent")
        subprocess.run([agent, "enroll", self.stand.collector.url, "--token", self.stand.token, "--ca-pin", self.stand.pin,
                        "--state", state], check=True, capture_output=True)
        return stack.enter_context(Child(state, "agent", [agent, "run", "--state", str(state)]))

    def counted(self):
        return tcp_counts.accepted_on(self.stand.port)

    def cpu(self):
        return sum(child.cpu() for child in self.children)

    def series(self):
        return series_of_a_host(self.stand.client())


class Pulls:
    """Prometheus' way at all the settings that are compared, and a Prometheus that scrapes nothing. They end with the stack."""

    def __init__(self, stack):
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vedette-overhead-")))
        certificate, key = folder / "tls.crt", folder / "tls.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        key.chmod(0o600)
        self.idle = stack.enter_context(Prometheus(folder / "idle", 15, []))
        self.all = {
            "scrape_1s": Scraping(stack, folder / "1s", 1, SCRAPED),
            "scrape_1s_same_metrics": Scraping(stack, folder / "1s_same", 1, SCRAPED, OURS),
            "scrape_1s_same_metrics_tls": Scraping(stack, folder / "1s_same_tls", 1, SCRAPED, OURS, (certificate, key)),
            "scrape_15s": Scraping(stack, folder / "15s", 15, SCRAPED),
            "scrape_15s_same_metrics": Scraping(stack, folder / "15s_same", 15, SCRAPED, OURS),
        }
        for scraping in self.all.values():
            scraping.wait()

    def read(self):
        return {name: (scraping.counted(), scraping.exporter.cpu(), scraping.prometheus.cpu())
                for name, scraping in self.all.items()}

    def say(self, before, after, idle, seconds):
        for name, scraping in self.all.items():
            host_seconds = SCRAPED * seconds
            scraping.check(seconds)
            say(name + "_series", scraping.samples(), "1", "node_exporter")
            say_counts(name, tcp_counts.between(before[name][0], after[name][0]), host_seconds, "node_exporter")
            say_cpu(name + "_exporter", after[name][1] - before[name][1], host_seconds, "node_exporter")
            say_cpu(name + "_prometheus", after[name][2] - before[name][2] - idle, host_seconds, "prometheus")
        say("idle_prometheus_cpu_us", idle * 1e6 / seconds, "us", "prometheus")


def hosts(binaries, idle_collector):
    """What leaves a host and comes to the one who keeps it: real agents beside Prometheus, in the same minute."""
    with contextlib.ExitStack() as stack:
        agents, pulls = Agents(stack, binaries), Pulls(stack)
        time.sleep(SETTLE)
        began, wire, cpu = time.monotonic(), agents.counted(), agents.cpu()
        pulled, idle, collector = pulls.read(), pulls.idle.cpu(), cpu_seconds(idle_collector)
        time.sleep(SECONDS_OF_HOSTS)
        wire, cpu = tcp_counts.between(wire, agents.counted()), agents.cpu() - cpu
        pulled_after, idle, collector = pulls.read(), pulls.idle.cpu() - idle, cpu_seconds(idle_collector) - collector
        seconds = time.monotonic() - began
        say("agent_series", len(agents.series()), "1")
        say_counts("agent", wire, AGENTS * seconds)
        say_cpu("agent", cpu, AGENTS * seconds)
        pulls.say(pulled, pulled_after, idle, seconds)
        say("idle_collector_cpu_us", collector * 1e6 / seconds, "us")
        return collector / seconds


def swarm_alone(stand, swarm, idle):
    """The agents' link without measuring a host, and the collector's share. Returns the collector's CPU a second."""
    connected = time.monotonic()
    time.sleep(SETTLE)
    began, first = time.monotonic(), tcp_counts.accepted_on(stand.port)
    link, collector = cpu_seconds(swarm.process.pid), cpu_seconds(stand.pid)
    time.sleep(SECONDS_OF_SWARM)
    last = tcp_counts.accepted_on(stand.port)
    link, collector = cpu_seconds(swarm.process.pid) - link, cpu_seconds(stand.pid) - collector
    seconds = time.monotonic() - began
    carried = tcp_counts.between(first, last)
    say_counts("swarm", carried, SWARM * seconds)
    say_cpu("swarm_link", link, SWARM * seconds)
    say_cpu("swarm_collector", collector - idle * seconds, SWARM * seconds)
    before = tcp_counts.total(first.values()).bytes - carried.bytes * (began - connected) / seconds
    say("agent_setup_bytes", before / SWARM, "By")
    return collector / seconds


def end(viewers, way):
    for viewer in viewers:
        viewer.stopping.set()
    for viewer in viewers:
        viewer.join()
        if viewer.fault:
            raise RuntimeError(f"a viewer by {way} ended") from viewer.fault


def view(stand, way, viewers, without):
    """One viewer a host; the collector's CPU is what it takes more than without viewers."""
    for viewer in viewers:
        viewer.start()
    time.sleep(2)
    for viewer in viewers:
        viewer.take_ages()
    began, collector = time.monotonic(), cpu_seconds(stand.pid)
    carried = tcp_counts.total(viewer.counts() for viewer in viewers)
    time.sleep(SECONDS_OF_A_WAY)
    collector = cpu_seconds(stand.pid) - collector
    carried = tcp_counts.total(viewer.counts() for viewer in viewers) - carried
    seconds, ages = time.monotonic() - began, [age for viewer in viewers for age in viewer.take_ages()]
    end(viewers, way)
    if len(ages) < 0.9 * SWARM * seconds:
        raise RuntimeError(f"viewers by {way} saw {len(ages)} ticks of {SWARM * seconds:.0f}: the machine is too busy")
    say_counts(way, carried, SWARM * seconds)
    say_cpu(way + "_collector", collector - without * seconds, SWARM * seconds)
    say(way + "_sample_to_sight_p50_ms", statistics.median(ages) * 1e3, "ms")
    say(way + "_sample_to_sight_p99_ms", statistics.quantiles(ages, n=100)[98] * 1e3, "ms")


def handshake(stand):
    """A TLS connection until it can carry a request."""
    connection = Connection(stand.port)
    say("tls_setup_bytes", connection.counts().bytes, "By")
    connection.close()


def main(binaries):
    binaries = pathlib.Path(binaries).resolve()
    for name in ("prometheus", "prometheus-node-exporter"):
        print(f"{name} {version(name)}", file=sys.stderr)
    with Stand(binaries) as stand:
        idle = hosts(binaries, stand.pid)
        handshake(stand)
        swarm = stand.swarm("--agents", SWARM, "--seconds", 3600, "--verify", 0)
        swarm.wait_for("all_connected", 60)
        without = swarm_alone(stand, swarm, idle)
        client, cookie = stand.client(), stand.cookie()
        host_ids = [host["id"] for host in client.ask("GET", "/api/v1/hosts")["hosts"]]
        series = series_of_a_host(client)
        say("swarm_series", len(series), "1")
        for way in WAYS:
            viewers = [Viewer(WAYS[way], stand.port, cookie, host, sorted(set(series)), number / SWARM)
                       for number, host in enumerate(host_ids)]
            view(stand, way, viewers, without)


if __name__ == "__main__":
    main(*sys.argv[1:])
