"""Hostile peers: while they attack, the collector's memory stays bounded and other clients are served as before. And each
limit is worth having: without it the same attack does visible harm.

    hostile_peers_test.py BINARIES [HostilePeers.test_NAME ...]      VEDETTE_HOSTILE_PEERS: how many at once (500; 5000 under ./dev soak)
"""
import json
import multiprocessing
import os
import pathlib
import resource
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "load"))
import attacks  # noqa: E402
from attacks import Door, Holders, Storm  # noqa: E402
from stand import Stand, cpu_seconds, status_kb  # noqa: E402

BINARIES = pathlib.Path(sys.argv[1]).resolve()
PEERS = int(os.environ.get("VEDETTE_HOSTILE_PEERS", "500"))
PER_ADDRESS = 250             # just under net::Config::unproven_per_address
NO_LIMIT = str(10**9)
FEW_FILES = 400               # open files of a net-stand: what its attackers use up
HELD_MB = 16 + PEERS * 0.06   # a held connection costs about 14 kB, in the middle of a handshake 45 kB
FLOOD_MB = 24                 # one peer that floods
HARM_MB = 80                  # … without a limit
VIEWERS_BOMB = 5_000_000      # expanded: 5 kB on the wire, about as much as a viewer's message of 4 kB may be compressed
BOMB = 65_000_000             # likewise 65 kB for a message of 64 KiB


def ask(port, patience=2.0):
    """Another client: a new TLS connection and GET /healthz. Seconds it took; nothing if it wasn't served."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), patience) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with attacks.CONTEXT.wrap_socket(plain) as tls:
                tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if tls.recv(4096).startswith(b"HTTP/1.1 200 "):
                    return time.monotonic() - began
    except OSError:
        pass
    return None


def ask_for(port, seconds):
    """Once and again; what each came to."""
    end, answers = time.monotonic() + seconds, []
    while time.monotonic() < end:
        answers.append(ask(port))
    return answers


def percentile(times, share):
    times = sorted(time for time in times if time is not None)
    return times[min(len(times) - 1, int(share * len(times)))] if times else float("inf")


class NetStand:
    """server/net by itself; `limits` are net-stand's options."""

    def __init__(self, *limits):
        self.process = subprocess.Popen([BINARIES / "net-stand", *limits], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid, self.port = self.process.pid, int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def grown_mb(pid, before_kb):
    return (status_kb(pid, "VmHWM") - before_kb) / 1000


class HostilePeers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        cls.clients = multiprocessing.get_context("fork").Pool(1)  # a process of its own: attackers' threads don't slow it
        cls.addClassCleanup(cls.clients.join)
        cls.addClassCleanup(cls.clients.close)
        cls.stand = Stand(BINARIES)
        cls.addClassCleanup(cls.stand.close)

    def unharmed(self, name, attack, pid, port, bound_mb, seconds=1.0):
        """Memory bounded, every probe answered, none waited for long. The bound is for a machine that others use too; the
        figures are printed."""
        self.assertIsNotNone(ask(port, 10))
        self.reset_peak(pid)
        before, cpu = status_kb(pid, "VmRSS"), cpu_seconds(pid)
        with attack:
            answers = self.clients.apply(ask_for, (port, seconds))
            grown = grown_mb(pid, before)
        print(json.dumps({"attack": name, "grown_mb": round(grown, 1), "cpu_s": round(cpu_seconds(pid) - cpu, 2),
                          "probes": len(answers), "p50_ms": round(percentile(answers, 0.5) * 1000, 1),
                          "p99_ms": round(percentile(answers, 0.99) * 1000, 1)}), file=sys.stderr)
        self.assertNotIn(None, answers, "other clients are served")
        self.assertLess(percentile(answers, 0.5), 0.5)
        self.assertLess(grown, bound_mb)

    def reset_peak(self, pid):
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM starts again, proc(5)

    def agent_door(self):
        """A proven peer may be hostile too: an enrolled agent's."""
        return Door(self.stand.port, "/api/v1/agent/stream",
                    f"Authorization: Bearer {self.stand.host_key('hostile')}\r\nSec-WebSocket-Protocol: vedette.agent.v1\r\n")

    def viewer_door(self):
        """A login's, whose messages may be compressed."""
        return Door(self.stand.port, "/api/v1/live", f"Cookie: {self.stand.cookie()}\r\nOrigin: https://localhost\r\n"
                    f"Sec-WebSocket-Protocol: vedette.live.v1\r\n{attacks.DEFLATE}")

    # --- those who hold connections ---------------------------------------------------------------------------------
    def holding(self, name, bring, vanishing=False, peers=PEERS):
        """Against the collector; against server/net with few files: unharmed as it is, shut without its limits."""
        holders = Holders(Door(self.stand.port), peers, -(-peers // PER_ADDRESS), bring, vanishing)
        self.unharmed(name, holders, self.stand.pid, self.stand.port, HELD_MB)
        self.assertLess(holders.refused, peers / 20, "they were there at all")
        # So few files that the limit in all, which leaves others room, would be met before that of an address.
        with NetStand("--nofile", str(FEW_FILES), "--connections", str(FEW_FILES)) as stand:
            self.unharmed(name + ", few files", Holders(Door(stand.port), FEW_FILES, 1, bring, vanishing), stand.pid,
                          stand.port, HELD_MB, 0.3)
        with NetStand("--nofile", str(FEW_FILES), "--unproven", NO_LIMIT, "--connections", NO_LIMIT, "--deadlines", "3600") as stand:
            self.assertIsNotNone(ask(stand.port, 10))
            self.shut_out(stand, 1, bring, vanishing)

    def shut_out(self, stand, addresses, bring, vanishing=False):
        attacks.PATIENCE = 0.3  # the last ones get no handshake any more
        try:
            with Holders(Door(stand.port), FEW_FILES, addresses, bring, vanishing, most_refused=2):
                self.assertIsNone(ask(stand.port), "without a limit nobody else is served")
        finally:
            attacks.PATIENCE = 5

    def test_many_addresses(self):
        # Four connections an address: only the limit of unproven ones in all stands against them.
        few = ["--nofile", str(FEW_FILES), "--connections", str(FEW_FILES - 50), "--deadlines", "3600"]
        with NetStand(*few) as stand:
            holders = Holders(Door(stand.port), FEW_FILES, FEW_FILES // 4, attacks.slow_head)
            self.unharmed("many addresses", holders, stand.pid, stand.port, HELD_MB, 0.3)
            self.assertEqual(holders.refused, 0)
        with NetStand(*few, "--unproven-in-all", NO_LIMIT) as stand:
            self.shut_out(stand, FEW_FILES // 4, attacks.slow_head)

    def test_slow_handshakes(self):
        self.holding("slow handshakes", attacks.slow_handshake)

    def test_slow_heads(self):
        self.holding("slow heads", attacks.slow_head)

    def test_slow_bodies(self):
        self.holding("slow bodies", attacks.slow_body)

    def test_slow_readers(self):
        # Ten pages of /metrics each, which cost more to make than to hold.
        self.holding("slow readers", attacks.slow_reader, peers=PEERS // 4)

    def test_half_open(self):
        self.holding("half-open", attacks.slow_head, vanishing=True)

    # --- those who flood ---------------------------------------------------------------------------------------------
    def growing(self, name, attack, *off):
        """`attack` makes one against a Door. Unharmed with the limit of net-stand's options `off`, memory grows without."""
        with NetStand() as stand:
            self.unharmed(name + ", net alone", attack(Door(stand.port)), stand.pid, stand.port, FLOOD_MB, 0.5)
        with NetStand(*off) as stand:
            before = status_kb(stand.pid, "VmRSS")
            with attack(Door(stand.port)):
                end = time.monotonic() + 20
                while grown_mb(stand.pid, before) < HARM_MB and time.monotonic() < end:
                    time.sleep(0.05)
            self.assertGreater(grown_mb(stand.pid, before), HARM_MB, f"{name}: without the limit memory grows")

    def test_pings_without_reading(self):
        self.unharmed("ping flood", attacks.pings(self.agent_door(), 4), self.stand.pid, self.stand.port, FLOOD_MB)
        self.growing("ping flood", attacks.pings, "--queued", NO_LIMIT, "--queued-messages", NO_LIMIT)

    def test_endless_head(self):
        self.unharmed("endless head", attacks.endless_head(Door(self.stand.port), 4), self.stand.pid, self.stand.port, FLOOD_MB)
        self.growing("endless head", attacks.endless_head, "--head", NO_LIMIT)

    def test_one_frame_of_200_mb(self):
        unasked = Door(self.stand.port, "/api/v1/agent/stream")
        self.unharmed("200 MB frame, unauthenticated", attacks.big_frame(unasked, attacks.begin_big_frame_unasked),
                      self.stand.pid, self.stand.port, FLOOD_MB)
        self.unharmed("200 MB frame, of an agent", attacks.big_frame(self.agent_door()), self.stand.pid, self.stand.port,
                      FLOOD_MB)
        self.growing("200 MB frame", attacks.big_frame, "--message", NO_LIMIT)

    def test_compressed_bombs(self):
        door = self.viewer_door()
        for name, size, fragments in (("compressed bombs", VIEWERS_BOMB, 1), ("fragmented bombs", VIEWERS_BOMB, 500)):
            storm = attacks.bombs(door, size, fragments)
            self.unharmed(name, storm, self.stand.pid, self.stand.port, FLOOD_MB)
            self.assertGreater(storm.visits, 10, "they were read and answered 1009")
        self.growing("compressed bombs", lambda bare: attacks.bombs(Door(bare.port, headers=attacks.DEFLATE), BOMB),
                     "--message", NO_LIMIT)

    def test_one_byte_fragments(self):
        self.unharmed("one-byte fragments", attacks.fragments(self.agent_door(), 4), self.stand.pid, self.stand.port, FLOOD_MB)
        self.assertLess(self.fragments_cpu("1024", 1, 0.05), 0.05, "the peer is sent away after 1,024 fragments")
        self.assertGreaterEqual(self.fragments_cpu(NO_LIMIT, 10, 0.1), 0.1, "without the limit they cost CPU while they come")

    def fragments_cpu(self, limit, seconds, enough):
        """CPU seconds of server/net's loops after so many seconds of fragments, or once they are `enough`."""
        with NetStand("--fragments", limit, "--message", NO_LIMIT) as stand, attacks.fragments(Door(stand.port)):
            end, spent = time.monotonic() + seconds, 0.0
            while spent < enough and time.monotonic() < end:
                time.sleep(0.05)
                spent = cpu_seconds(stand.pid, "loop")
            return spent

    # --- those who come and go: there is no limit to take away, each visit has to leave nothing behind ----------------
    def storming(self, name, visit):
        """At some 2,000 visits a second; as fast as four threads can would measure who gets the CPU."""
        files = pathlib.Path(f"/proc/{self.stand.pid}/fd")
        before = len(list(files.iterdir()))
        storm = Storm(Door(self.stand.port), 4, visit, 0.002)
        self.unharmed(name, storm, self.stand.pid, self.stand.port, FLOOD_MB)
        self.assertGreater(storm.visits, 100)
        end = time.monotonic() + 15
        while len(list(files.iterdir())) > before and time.monotonic() < end:
            time.sleep(0.05)
        self.assertLessEqual(len(list(files.iterdir())), before, "every descriptor is given back")

    def test_garbage_instead_of_tls(self):
        self.storming("garbage TLS", attacks.garbage)

    def test_resets(self):
        self.storming("RST storm", attacks.reset)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
