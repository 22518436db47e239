"""No secret stands in a log: everything that real binaries write while people and hosts come in, searched afterwards.

    secrets_in_logs_test.py BINARIES
"""
import contextlib
import http.client
import json
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import unittest

from daemon import Process

BINARIES = pathlib.Path(sys.argv[1]).resolve()
SERVER, AGENT = str(BINARIES / "vedette-server"), str(BINARIES / "vedette-agent")
PASSWORD, WRONG_PASSWORD, BAD_TOKEN, BAD_KEY, BAD_COOKIE = (
    "correct horse battery", "wrong donkey socket", "bad-token-" + "x" * 33, "bad-key-" + "y" * 35, "bad-cookie-" + "z" * 32)


class SecretsInLogs(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="vedette-secrets-")))
        self.data, self.state = self.folder / "data", self.folder / "agent"
        self.output = []

    def command(self, *words, input=None):
        done = subprocess.run([SERVER, *words, "--data", self.data], input=input, text=True, capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.output.append(done.stderr)
        return done.stdout.strip()

    def ask(self, method, path, body=None, **headers):
        """(status, headers) of one request as our own page sends it."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=ssl._create_unverified_context())
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Origin": f"https://127.0.0.1:{self.port}", "X-Requested-With": "vedette", **headers})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers

    def upgrade(self, path, protocol, **headers):
        return self.ask("GET", path, Connection="Upgrade", Upgrade="websocket", **headers,
                        **{"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
                           "Sec-WebSocket-Protocol": protocol})[0]

    def sign_in(self):
        session = "/api/v1/session"
        self.assertEqual(self.ask("POST", session, {"user": "ann", "password": WRONG_PASSWORD})[0], 401)
        status, headers = self.ask("POST", session, {"user": "ann", "password": PASSWORD})
        self.assertEqual(status, 200)
        cookie = headers["Set-Cookie"].split(";")[0]
        self.assertEqual(self.ask("GET", "/api/v1/hosts", Cookie=cookie)[0], 200)
        self.assertEqual(self.ask("GET", "/api/v1/hosts", Cookie="__Host-sid=" + BAD_COOKIE)[0], 401)
        self.assertEqual(self.upgrade("/api/v1/live", "vedette.live.v1", Cookie=cookie), 101)
        return cookie

    def enrol(self):
        enroll = "/api/v1/agent/enroll"
        token = self.command("token", "create")
        self.assertEqual(self.ask("POST", enroll, {"token": BAD_TOKEN, "hostname": "web"})[0], 401)
        done = subprocess.run([AGENT, "enroll", f"https://127.0.0.1:{self.port}", "--token", token, "--ca-pin",
                               self.command("pin"), "--state", self.state], text=True, capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.output += [done.stdout, done.stderr]
        self.assertEqual(self.ask("POST", enroll, {"token": token, "hostname": "web"})[0], 401)  # used up
        bearer = {"Authorization": "Bearer " + BAD_KEY}
        self.assertEqual(self.upgrade("/api/v1/agent/stream", "vedette.agent.v1", **bearer), 401)
        return token

    def keys(self):
        """Whatever in the agent's state looks like a secret: 43 characters of base64url."""
        texts = [path.read_text(errors="replace") for path in self.state.rglob("*") if path.is_file()]
        return [key for text in texts for key in re.findall(r"(?<![\w-])[\w-]{43}(?![\w-])", text)]

    def test_none_stands_there(self):
        collector = Process(SERVER, "run", "--data", self.data, "--listen", "127.0.0.1:0")
        self.stack.callback(collector.stop)
        self.port = int(re.search(r"https?://[^ ]*:(\d+)", collector.wait_for("collector started")).group(1))
        self.command("user", "add", "ann", "--role", "administrator", "--password-stdin", input=PASSWORD)
        cookie = self.sign_in()
        token = self.enrol()
        agent = Process(AGENT, "run", "--state", self.state)
        self.stack.callback(agent.stop)
        collector.wait_for("agent connected")
        self.assertEqual(self.ask("DELETE", "/api/v1/session", Cookie=cookie)[0], 204)
        collector.wait_for("signed out")
        keys = self.keys()
        self.stack.close()  # both end: what they say last counts too

        log = "".join([*collector.lines, *agent.lines, *self.output])
        for words in ("signed in", "login refused", "enrolment refused", "host enrolled", "enrolment token made"):
            self.assertIn(words, log)  # or the search below would find nothing in nothing
        self.assertTrue(keys)
        for secret in (PASSWORD, WRONG_PASSWORD, token, BAD_TOKEN, cookie.split("=", 1)[1], BAD_COOKIE, BAD_KEY, *keys):
            self.assertNotIn(secret, log)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
