"""Hostile requests through a real nginx: whatever it and we both take, both read alike. Two readers that disagree on where a
request ends are what smuggling is made of.

    nginx_heads_test.py BINARIES

nginx runs as a plain process on a free port with a configuration of its own and hands on to an origin that keeps the bytes.
"""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e" / "service"))
from machine import free_port  # noqa: E402
from nginx import configured_nginx  # noqa: E402

BINARIES = pathlib.Path(sys.argv[1]).resolve()
# What a proxy says for itself, hop by hop; and lengths, which say how it frames the body that is compared as such.
HOP = {"connection", "content-length", "transfer-encoding", "keep-alive", "expect", "upgrade", "te"}
NAME = set("abcdefghijklmnopqrstuvwxyz0123456789-_")  # of other names nginx drops the field

HTTP = """  client_header_timeout 2s; client_body_timeout 2s; keepalive_timeout 100ms; underscores_in_headers on;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{origin}; proxy_http_version 1.1; proxy_set_header Host $http_host; }}
  }}
"""


class Origin:
    """Answers 200 to everything and keeps what it was sent."""

    def __init__(self):
        self.seen, self.socket = [], socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            with self.socket.accept()[0] as peer:
                self.answer(peer, peer.makefile("rb"))

    def answer(self, peer, stream):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return
            head += line
        line, *fields = head.decode("latin-1").split("\r\n")[:-2]
        headers = [(name.lower(), value.strip(" \t")) for name, value in (field.split(":", 1) for field in fields)]
        body = stream.read(int(dict(headers).get("content-length", "0")))
        self.seen.append((line, headers, body.decode("latin-1")))
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class NginxHeads(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vedette-nginx-")
        self.addCleanup(self.folder.cleanup)
        self.origin = Origin()
        self.start()

    def start(self):
        for _ in range(5):  # the port was free a moment ago; another may have taken it
            self.port = free_port()
            command = configured_nginx(self.folder.name, HTTP.format(port=self.port, origin=self.origin.port))
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 10
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    socket.create_connection(("127.0.0.1", self.port), 1).close()
                except OSError:
                    time.sleep(0.02)
                    continue
                self.addCleanup(lambda: (process.terminate(), process.wait(10)))
                return
            process.kill()
            process.wait()
        raise AssertionError(pathlib.Path(self.folder.name, "error.log").read_text())

    def through_nginx(self, request):
        """What the origin was asked."""
        self.origin.seen = []
        with socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.sendall(request)
            try:
                while client.recv(65536):
                    pass
            except ConnectionError:
                pass
        return self.origin.seen

    def compare(self, ours, theirs):
        line, headers, body = theirs
        method, target, _ = line.split(" ")
        path, _, query = target.partition("?")
        decoded = lambda text: urllib.parse.unquote(text, "latin-1")
        pairs = [[decoded(part.replace("+", " ")) for part in (pair.partition("=")[::2])] for pair in query.split("&") if pair]
        self.assertEqual((ours["method"], ours["path"], ours["query"], ours["body"]), (method, decoded(path), pairs, body))
        kept = lambda fields: [(name, value) for name, value in fields if name not in HOP and set(name) <= NAME]
        self.assertEqual(sorted(kept(map(tuple, ours["headers"]))), sorted(kept(headers)))

    def test_whatever_both_take_they_read_alike(self):
        readings = subprocess.run([BINARIES / "head_readings"], check=True, capture_output=True, text=True, timeout=30).stdout
        both, nginx_only, ours_only = 0, [], []
        for reading in map(json.loads, readings.splitlines()):
            with self.subTest(reading["what"]):
                seen, ours = self.through_nginx(bytes.fromhex(reading["bytes"])), reading["requests"]
                for one, other in zip(ours, seen):
                    self.compare(one, other)
                    both += 1
                # One of them may be stricter, but where both take the first request neither may find a further one.
                if ours and seen and not reading["status"]:
                    self.assertEqual(len(ours), len(seen))
                if seen and not ours:
                    nginx_only.append(reading["what"])
                if ours and not seen:
                    ours_only.append(reading["what"])
        print(f"{both} requests read alike; taken by nginx only: {nginx_only}; by us only: {ours_only}")
        self.assertGreater(both, 20, "a comparison of nothing proves nothing")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
