"""A collector under test and a client of its API, both inside a network namespace (or none)."""
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import tempfile

from machine import sh, wait_until


class Client:
    """Logs in and asks the REST API through curl, in the collector's network namespace."""

    def __init__(self, netns, url, password, user="admin"):
        self.netns, self.url = netns, url
        self.cookies = tempfile.NamedTemporaryFile(prefix="vedette-e2e-", suffix=".cookies")
        self.jar = self.cookies.name
        self.ask("POST", "/api/v1/session", {"user": user, "password": password})

    def ask(self, method, path, body=None):
        command = ["ip", "netns", "exec", self.netns] if self.netns else []
        command += ["curl", "-sS", "-k", "--fail-with-body", "--max-time", "10", "-X", method, "-b", self.jar, "-c", self.jar,
                    "-H", "X-Requested-With: vedette", "-H", f"Origin: {self.url}", self.url + path]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        answer = sh(*command)
        return json.loads(answer) if answer.strip() else None

    def host(self):
        """The only host."""
        hosts = self.ask("GET", "/api/v1/hosts")["hosts"]
        return hosts[0] if hosts else None

    def wait_status(self, status, seconds=30.0, reason=None):
        def there():
            host = self.host()
            return host if host and host["status"] == status and (reason is None or reason in host["reason"]) else None
        return wait_until(f"status {status} ({reason or 'any reason'})", there, seconds)

    def ticks(self, host, start, end, series="system.cpu.load_average.1m"):
        answer = self.ask("GET", f"/api/v1/history?host={host}&series={series}&from={start}&to={end}&step=0")
        return answer["series"][0]["t"] if answer["series"] else []


class Collector:
    """vedette-server from the build, run as a plain process."""

    def __init__(self, binaries, data, listen, netns=None, config=None):
        self.binaries, self.data, self.listen, self.netns = pathlib.Path(binaries), pathlib.Path(data), listen, netns
        self.config, self.process = config, None
        self.url = "https://" + listen

    def command(self, *words):
        return [str(self.binaries / "vedette-server"), *words, "--data", str(self.data),
                *(["--config", str(self.config)] if self.config else [])]

    def start(self):
        self.data.mkdir(parents=True, exist_ok=True)
        prefix = ["ip", "netns", "exec", self.netns] if self.netns else []
        with open(f"{self.data}.log", "ab") as log:
            self.process = subprocess.Popen(prefix + self.command("run", "--listen", self.listen), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_until("the collector answers /healthz", lambda: "ok" in sh(
            *prefix, "curl", "-sSk", "--max-time", "5", self.url + "/healthz"), 20)
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(15)

    def add_user(self, name="admin"):
        password = secrets.token_urlsafe(12)
        sh(*self.command("user", "add", name, "--role", "administrator", "--password-stdin"), input=password + "\n")
        return password

    def token(self):
        return sh(*self.command("token", "create")).split()[-1]

    def pin(self):
        pin = sh(*self.command("pin")).split()[-1]
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", pin), pin
        return pin

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
