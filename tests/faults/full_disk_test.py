"""A whole collector on a disk that fills up under it and is freed again, with a real agent: it goes on, says so, loses
nothing that it acked and tells nobody of what was over in time.

    full_disk_test.py BINARIES      VEDETTE_SMALL_DISK names an empty file system of 64 MB: small_disk.sh makes one
"""
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from daemon import Process

BINARIES = pathlib.Path(sys.argv[1]).resolve()
SERVER, AGENT = str(BINARIES / "vedette-server"), str(BINARIES / "vedette-agent")
DISK = pathlib.Path(os.environ["VEDETTE_SMALL_DISK"])
PASSWORD = "correct horse battery"
HOLD = 16  # seconds: longer than the agent is away, shorter than the disk is full
SERIES = "system.memory.limit"


def until(what, ask, seconds=30):
    """The first true answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s; last: {answer!r}")
        time.sleep(0.05)


class Filler:
    """Keeps a disk full to the last byte, whatever is freed on it, until it is released."""

    def __init__(self, path):
        self.path, self.done = path, threading.Event()
        self.thread = threading.Thread(target=self.fill)
        self.thread.start()

    def fill(self):
        with open(self.path, "wb", buffering=0) as file:
            while not self.done.is_set():
                for size in (1 << 20, 1 << 12, 1):
                    with contextlib.suppress(OSError):
                        while file.write(bytes(size)) == size:
                            pass
                self.done.wait(0.02)

    def release(self):
        self.done.set()
        self.thread.join()
        self.path.unlink(missing_ok=True)


class Webhook:
    """A receiver that keeps what it got."""

    def __init__(self):
        got = self.got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def about(self, rule):
        return [message for message in self.got if message["rule"] == rule]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="vedette-full-")))
        self.data, self.state = DISK / "data", self.folder / "agent"
        self.webhook = Webhook()
        self.stack.callback(self.webhook.stop)
        self.config = self.folder / "server.toml"
        self.config.write_text(f'[notify]\nhold = "{HOLD}s"\n[[receiver]]\nname = "ops"\ntype = "webhook"\n'
                               f'url = "{self.webhook.url}"\n')
        self.listen, self.cookie = "127.0.0.1:0", ""

    def start_collector(self):
        collector = Process(SERVER, "run", "--config", self.config, "--data", self.data, "--listen", self.listen)
        self.stack.callback(collector.stop)
        self.port = int(re.search(r"https?://[^ ]*:(\d+)", collector.wait_for("collector started")).group(1))
        self.listen = f"127.0.0.1:{self.port}"
        return collector

    def start_agent(self):
        agent = Process(AGENT, "run", "--state", self.state)
        self.stack.callback(agent.stop)
        return agent

    def command(self, *words, input=None):
        done = subprocess.run([SERVER, *words, "--data", self.data, "--config", self.config], input=input, text=True,
                              capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def enrol(self):
        done = subprocess.run([AGENT, "enroll", f"https://127.0.0.1:{self.port}", "--token", self.command("token", "create"),
                               "--ca-pin", self.command("pin"), "--state", self.state], text=True, capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)

    def ask(self, method, path, body=None):
        """(status, JSON, headers) of one request as our own page sends it."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=ssl._create_unverified_context())
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Origin": f"https://127.0.0.1:{self.port}", "X-Requested-With": "vedette", "Cookie": self.cookie})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers

    def get(self, path):
        status, answer, _ = self.ask("GET", path)
        self.assertEqual(status, 200, answer)
        return answer

    def sign_in(self):
        status, answer, headers = self.ask("POST", "/api/v1/session", {"user": "ann", "password": PASSWORD})
        self.assertEqual(status, 200, answer)
        self.cookie = headers["Set-Cookie"].split(";")[0]

    def host(self):
        return self.get("/api/v1/hosts")["hosts"][0]

    def samples(self):
        """Time -> value, all that is stored and what waits in memory."""
        found = self.get(f"/api/v1/history?host={self.host()['id']}&series={SERIES}&from={self.began}&to={time.time() + 5}&step=0")
        times, values = (found["series"][0][key] for key in ("t", "value")) if found["series"] else ([], [])
        self.assertEqual(len(times), len(set(times)), "samples are doubled")
        return dict(zip(times, values))

    def whole(self, first, last):
        """Is there a sample every second from the first to the last?"""
        times = sorted(t for t in self.samples() if first <= t <= last)
        return times and times[0] == first and times[-1] == last and all(b - a < 1.5 for a, b in zip(times, times[1:]))

    def alert(self, state):
        return [alert for alert in self.get("/api/v1/alerts")["alerts"] if alert["rule"] == "host-down" and alert["state"] == state]

    def health(self):
        status, answer, _ = self.ask("GET", "/healthz")
        return answer["status"] if status == 200 else answer["trouble"]

    def run_until_down(self):
        """A collector and an agent at work; then the agent dies. The alert about it is stored and waits for the hold."""
        collector = self.start_collector()
        self.command("user", "add", "ann", "--role", "administrator", "--password-stdin", input=PASSWORD)
        self.enrol()
        self.sign_in()
        self.began = time.time() - 5
        agent = self.start_agent()
        until("five samples", lambda: len(self.samples()) >= 5)
        agent.stop(signal.SIGKILL)
        until("the host is lost", lambda: self.host()["status"] == "lost")
        until("the alert is stored", lambda: self.alert("firing"))
        return collector

    def test_it_goes_on_says_so_and_loses_nothing(self):
        collector = self.run_until_down()
        fired = time.monotonic()
        before = self.samples()

        filler = Filler(DISK / "filler")
        self.stack.callback(filler.release)
        until("health says so", lambda: "disk full" in self.health())
        collector.wait_for("history is not being stored")
        until("not even a login finds room", lambda: self.sign_in() or collector.said("login kept in memory"), HOLD - 4)
        self.start_agent()
        until("the host is up", lambda: self.host()["status"] == "up")
        collector.wait_for("alert states could not be stored")
        self.assertLess(time.monotonic() - fired, HOLD, "too slow: the outage outlasted the hold")
        first = min(until("samples while it is full", lambda: self.samples().keys() - before.keys()))
        self.sign_in()
        self.assertEqual(self.host()["status"], "up")
        self.assertLessEqual(before.items(), self.samples().items())
        until("the hold is over", lambda: time.monotonic() - fired > HOLD + 3)
        self.assertIn("disk full", self.health())

        filler.release()
        until("health says that it is over", lambda: self.health() == "ok")
        collector.wait_for("alert states are stored again")
        collector.wait_for("logins kept in memory are stored")
        until("the alert's end is stored", lambda: self.alert("resolved"))
        self.assertTrue(collector.alive)
        self.assertEqual(self.command("receivers", "test", "ops"), "204 No Content")
        self.assertEqual(self.webhook.about("host-down"), [], "an outage shorter than the hold was told")
        self.assertTrue(self.webhook.about("test"))  # or nothing would have come anyway
        last = max(self.samples())
        until("nothing is missing", lambda: self.whole(first, last))

        collector.stop(signal.SIGKILL)
        self.start_collector()
        self.assertLessEqual(before.items(), self.samples().items())
        until("nothing is missing after a kill", lambda: self.whole(first, last))
        self.assertEqual(self.webhook.about("host-down"), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
