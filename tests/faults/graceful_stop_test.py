"""SIGTERM of a collector in full use: everybody is told, the port is closed and the process gone within 3 s whoever drags
their feet, and nothing that agents have sent or kept, or that is known of them, is lost.

    graceful_stop_test.py BINARIES
"""
import contextlib
import json
import pathlib
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / "hostile_peers"),
                str(pathlib.Path(__file__).resolve().parents[1] / "load")]
import attacks  # noqa: E402
from attacks import Door  # noqa: E402
from stand import Stand  # noqa: E402
from websocket import frame, read_frame  # noqa: E402
from machine import wait_until  # noqa: E402  (stand says where)

BINARIES = pathlib.Path(sys.argv[1]).resolve()
WITHIN = 3.0  # seconds
RESTARTING = struct.pack("!H", 1012) + b"collector restarting"


def exactly(sock, count):
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise EOFError("the connection ended")
        data += piece
    return data


def next_frame(sock):
    """Its opcode and payload."""
    first, payload = read_frame(lambda count: exactly(sock, count))
    return first & 15, payload


def close_frame(sock):
    """What the server's close frame says; it is answered."""
    while True:
        opcode, payload = next_frame(sock)
        if opcode == 8:
            sock.sendall(frame(8, payload[:2]))
            return payload


def rest(sock):
    data = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        while piece := sock.recv(65536):
            data += piece
    return data


def port_is_closed(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return False
    except ConnectionRefusedError:
        return True
    except OSError:
        return False


class GracefulStop(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.stand = self.stack.enter_context(Stand(BINARIES))
        self.cookie = self.stand.cookie()

    def keep(self, sock):
        self.stack.callback(sock.close)
        return sock

    def viewer(self):
        headers = f"Cookie: {self.cookie}\r\nOrigin: https://localhost\r\nSec-WebSocket-Protocol: vedette.live.v1\r\n"
        return self.keep(Door(self.stand.port, "/api/v1/live", headers).websocket("127.0.0.1"))

    def agent(self):
        headers = f"Authorization: Bearer {self.stand.host_key('raw')}\r\nSec-WebSocket-Protocol: vedette.agent.v1\r\n"
        return self.keep(Door(self.stand.port, "/api/v1/agent/stream", headers).websocket("127.0.0.1"))

    def request(self, path):
        sock = self.keep(Door(self.stand.port).secure())
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {self.cookie}\r\n\r\n".encode())
        return sock

    def reading_viewer(self):
        sock = self.viewer()
        sock.sendall(frame(1, b'{"op":"subscribe","topics":["fleet","alerts"]}'))
        self.assertEqual(next_frame(sock)[0], 1)
        return sock

    def viewer_that_does_not_read(self):
        sock = self.viewer()
        sock.sendall(frame(1, b'{"op":"subscribe","topics":["fleet"]}'))
        sock.settimeout(0.5)
        with contextlib.suppress(TimeoutError):  # until the collector takes no more of it
            while True:
                sock.sendall(attacks.PINGS)
        return sock

    def events(self):
        sock = self.request("/api/v1/live/events?topics=fleet")
        data = b""
        while b"snapshot" not in data:
            data += sock.recv(65536)
        return sock

    def waiting_poll(self):
        sock = self.request("/api/v1/live/poll?topics=alerts")
        head, _, body = sock.recv(65536).partition(b"\r\n\r\n")
        while not body.endswith(b"}"):
            body += sock.recv(65536)
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
        cursor = json.loads(body)["cursor"]
        sock.sendall(f"GET /api/v1/live/poll?topics=alerts&cursor={cursor} HTTP/1.1\r\nHost: localhost\r\n"
                     f"Cookie: {self.cookie}\r\n\r\n".encode())
        sock.settimeout(1)
        with self.assertRaises(TimeoutError, msg="it waits"):
            sock.recv(1)
        sock.settimeout(attacks.PATIENCE)
        return sock

    def test_everybody_is_told_and_nobody_holds_it_up(self):
        swarm = self.stand.swarm("--agents", 20, "--viewers", 3, "--rate", 4, "--seconds", 600)
        swarm.wait_for("progress", 60)
        door = Door(self.stand.port)
        for unfinished in (attacks.slow_handshake, attacks.slow_head, attacks.slow_body):
            self.keep(unfinished(door, "127.0.0.1"))
        stuck = self.viewer_that_does_not_read()
        poll, events = self.waiting_poll(), self.events()
        sockets = [self.reading_viewer(), self.reading_viewer(), self.agent()]

        process = self.stand.collector.process
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        while not port_is_closed(self.stand.port) and time.monotonic() < began + 10:
            time.sleep(0.01)
        closed = time.monotonic() - began
        for sock in sockets:
            self.assertEqual(close_frame(sock), RESTARTING)
        answer = rest(poll)
        self.assertTrue(answer.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: " in answer, answer)
        told = rest(events)
        self.assertIn(b'event: close\ndata: {"code":1012,"reason":"collector restarting"}\n\n', told)
        self.assertTrue(told.endswith(b"0\r\n\r\n"), "the body is whole")
        self.assertEqual(process.wait(10), 0)
        gone = time.monotonic() - began
        stuck.settimeout(attacks.PATIENCE)
        print(json.dumps({"port_closed_s": round(closed, 2), "process_gone_s": round(gone, 2),
                          "waited_for_the_stuck_viewer": len(rest(stuck))}), file=sys.stderr)
        self.assertLess(closed, WITHIN)
        self.assertLess(gone, WITHIN)

        self.stand.collector.start()
        swarm.wait_for("all_back", 90)
        swarm.end()
        summary = swarm.wait_for("summary", 90)
        self.assertEqual(summary["ticks_acked"], summary["ticks_sent"])
        self.assertEqual((summary["hosts_verified"], summary["ticks_lost"], summary["ticks_duplicated"]), (20, 0, 0))
        ended = [line for line in swarm.lines if line["event"] == "ended"]
        self.assertTrue(any("1012" in json.dumps(line) for line in ended), ended)


class StopAfterALostPath(unittest.TestCase):
    """Hundreds of hosts lose their proxy, and the collector is stopped before a second has gone by."""

    HOSTS = 200
    CONFIG = """
[server]
passthrough_proxies = ["127.0.0.2"]
[notify]
hold = "1h"
[[receiver]]
name = "ops"
type = "webhook"
url = "http://127.0.0.1:9/"
"""

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.stand = stack.enter_context(Stand(BINARIES, self.CONFIG))
        self.client = self.stand.client()
        self.proxy = subprocess.Popen([sys.executable, str(pathlib.Path(__file__).resolve().parent / "tcp_proxy.py"),
                                       str(self.stand.port), "127.0.0.2"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end_proxy)
        self.url = "https://127.0.0.1:" + self.proxy.stdout.readline().strip()

    def end_proxy(self):
        self.proxy.kill()
        self.proxy.wait(10)
        self.proxy.stdout.close()

    def statuses(self):
        return [host["status"] for host in self.client.ask("GET", "/api/v1/hosts")["hosts"]]

    def stored(self, query):
        with contextlib.closing(sqlite3.connect(self.stand.folder / "data/control.db")) as database:
            return database.execute(query).fetchall()

    def test_all_of_it_is_kept_as_one_incident(self):
        self.stand.swarm("--url", self.url, "--agents", self.HOSTS, "--viewers", 0, "--rate", 100, "--seconds", 600)
        wait_until("all are up", lambda: self.statuses() == ["up"] * self.HOSTS, 120)
        self.proxy.kill()
        wait_until("all are lost", lambda: self.statuses() == ["lost"] * self.HOSTS, 60)

        process = self.stand.collector.process
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        gone = time.monotonic() - began
        print(json.dumps({"process_gone_s": round(gone, 2)}), file=sys.stderr)
        self.assertLess(gone, WITHIN)

        words = f"path lost, {self.HOSTS} hosts: the proxy 127.0.0.2 or the network behind it"
        self.assertEqual(self.stored("SELECT status, reason, count(*) FROM host_status GROUP BY 1, 2"),
                         [("lost", words, self.HOSTS)])
        self.assertEqual(self.stored("SELECT count(*), count(DISTINCT host), count(ended) FROM outage"),
                         [(self.HOSTS, self.HOSTS, 0)])
        self.assertEqual(self.stored("SELECT count(*), count(DISTINCT incident) FROM alert WHERE rule = 'host-down'"), [(self.HOSTS, 1)])
        waiting = ("SELECT transition, receiver FROM delivery WHERE finished IS NULL AND incident IN "
                   "(SELECT incident FROM alert WHERE rule = 'host-down')")
        self.assertEqual(self.stored(waiting), [("fired", "ops")])
        self.stand.collector.start()
        wait_until("all are known as lost", lambda: self.statuses() == ["lost"] * self.HOSTS, 20)
        self.assertEqual(self.stored(waiting), [("fired", "ops")], "nobody has a message of its own")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
