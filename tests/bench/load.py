"""Figures of a whole collector under a swarm's load; one JSON object a figure.

    load.py connect|connect_10k|live BINARIES
"""
import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "load"))
from stand import Stand, cpu_seconds, status_kb  # noqa: E402


def settled_kb(pid):
    """Resident memory once it stands still: the allocator gives back a second after a burst."""
    newest = status_kb(pid, "VmRSS")
    for _ in range(20):
        time.sleep(1)
        before, newest = newest, status_kb(pid, "VmRSS")
        if abs(newest - before) <= 64:
            break
    return newest


class Bench:
    def __init__(self, name, binaries):
        self.name, self.binaries = name, pathlib.Path(binaries)

    def print(self, name, value, unit):
        print(json.dumps({"bench": self.name, "name": name, "value": round(value, 3), "unit": unit},
                         separators=(",", ":")), flush=True)

    def memory(self, clients, suffix=""):
        """Viewers that are logged in, upgraded and silent: connections without the state of a host.

        They come slowly: a handshake takes twice what an idle connection does, and the heap remembers how many there were
        at once.
        """
        with Stand(self.binaries) as stand:
            warm = stand.swarm("--agents", 0, "--viewers", 8, "--topics", "none", "--seconds", 1)
            warm.wait_for("summary", 60)
            before = settled_kb(stand.pid)
            swarm = stand.swarm("--agents", 0, "--viewers", clients, "--topics", "none", "--seconds", 3600,
                                "--ramp", clients / 200)
            swarm.wait_for("all_connected", 180)
            self.print("rss_kb_per_client" + suffix, (settled_kb(stand.pid) - before) / clients, "kB")

    def agents(self, agents, seconds, suffix="", rate=1, restart=False):
        """Agents' ticks: decoded, stored, acked. Sparse ones cost more each: every message wakes a loop."""
        with Stand(self.binaries) as stand:
            before = settled_kb(stand.pid)
            swarm = stand.swarm("--agents", agents, "--rate", rate, "--seconds", 3600, "--verify", 50)
            swarm.wait_for("all_connected", 300)
            cpu, loops, sent, began = cpu_seconds(stand.pid), cpu_seconds(stand.pid, "loop"), self.sent(swarm), time.monotonic()
            time.sleep(seconds)
            cpu, loops = cpu_seconds(stand.pid) - cpu, cpu_seconds(stand.pid, "loop") - loops
            lasted = time.monotonic() - began
            messages = self.sent(swarm) - sent
            self.print("cpu_s_per_100k_messages" + suffix, loops * 100_000 / messages, "s")
            self.print("cpu_s_per_100k_messages_stored" + suffix, cpu * 100_000 / messages, "s")
            self.print("share_of_a_core" + suffix, cpu / lasted, "1")
            self.print("ticks_per_s" + suffix, messages / lasted, "{tick}/s")
            self.print("rss_kb_per_agent" + suffix, (status_kb(stand.pid, "VmRSS") - before) / agents, "kB")
            if restart:
                self.restart(stand, swarm, suffix)
            self.summary(swarm, suffix)

    def sent(self, swarm):
        """Ticks that the swarm had sent at its next line, so that both counts are of the same place in its rhythm."""
        known = len(swarm.lines)
        line = swarm.wait_for("progress", 30, lambda line: line in swarm.lines[known:])
        return line["ticks_sent"]

    def restart(self, stand, swarm, suffix):
        stand.kill()
        swarm.wait_for("outage", 60)
        stand.collector.start()
        opened = time.monotonic()
        swarm.wait_for("all_back", 180)
        self.print("all_back_s" + suffix, time.monotonic() - opened, "s")

    def summary(self, swarm, suffix=""):
        swarm.end()
        summary = swarm.wait_for("summary", 180)
        named = {"ticks_waiting": "ticks_unacked", "own_lateness_ms": "swarm_lateness_ms"}
        for key, unit in (("sample_to_viewer_p50_ms", "ms"), ("sample_to_viewer_p99_ms", "ms"), ("sample_to_ack_p99_ms", "ms"),
                          ("ticks_acked", "{tick}"), ("ticks_waiting", "{tick}"), ("ticks_lost", "{tick}"),
                          ("ticks_duplicated", "{tick}"), ("own_lateness_ms", "ms")):
            if key in summary:
                self.print(named.get(key, key) + suffix, summary[key], unit)

    def live(self, agents, viewers, seconds, transport="ws", suffix=""):
        with Stand(self.binaries) as stand:
            swarm = stand.swarm("--agents", agents, "--viewers", viewers, "--transport", transport, "--topics", "fleet,host",
                                "--seconds", seconds, "--verify", 50)
            swarm.wait_for("all_connected", 120)
            cpu, began = cpu_seconds(stand.pid), time.monotonic()
            swarm.wait_for("drained", seconds + 60)
            self.print("share_of_a_core" + suffix, (cpu_seconds(stand.pid) - cpu) / (time.monotonic() - began), "1")
            self.summary(swarm, suffix)


def main(name, binaries):
    bench = Bench(name.removesuffix("_10k"), binaries)
    if name == "connect":
        subprocess.run([f"{binaries}/bench_echo"], check=True)
        bench.memory(1_000)
        bench.agents(1_000, 20, rate=8)
        bench.agents(1_000, 20, "_1_hz")
    elif name == "connect_10k":
        bench.memory(10_000, "_10000_clients")
        bench.agents(10_000, 60, "_10000_agents", restart=True)
    elif name == "live":
        bench.live(1_000, 100, 30)
        bench.live(1_000, 100, 15, "sse", "_sse")
        bench.live(1_000, 100, 15, "poll", "_poll")
    else:
        sys.exit(f"load.py: no bench \"{name}\"; there are connect, connect_10k, live")


if __name__ == "__main__":
    main(*sys.argv[1:])
