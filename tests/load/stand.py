"""A collector of the build with a swarm beside it: what load tests, benchmarks and attacks stand on.

The collector runs as a process of its own on a free port of 127.0.0.1, its data in a temporary directory.
"""
import contextlib
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e" / "service"))
from collector import Client, Collector  # noqa: E402, F401
from machine import free_port  # noqa: E402


def status_kb(pid, field):
    """A line of /proc/PID/status in kB: VmRSS, VmHWM …"""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise KeyError(field)


def cpu_seconds(pid, thread=""):
    """CPU time of a process so far, or of its threads whose name begins with `thread`; threads that ended don't count."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if task.joinpath("comm").read_text().startswith(thread):
                total += int(task.joinpath("schedstat").read_text().split()[0])
    return total / 1e9


class Swarm:
    """`swarm` as a process; its lines arrive while it runs."""

    def __init__(self, stand, *words):
        command = [str(stand.binaries / "swarm"), "--url", stand.collector.url, "--pin", stand.pin, *map(str, words)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.changed = threading.Condition()
        self.ended = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for text in self.process.stdout:
            with self.changed:
                self.lines.append(json.loads(text))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, event, seconds, fits=lambda line: True):
        """The first line of that event that fits, or an error with all that was said."""
        def found():
            return next((line for line in self.lines if line["event"] == event and fits(line)), None)
        with self.changed:
            self.changed.wait_for(lambda: found() or self.ended, seconds)
            if not found():
                raise AssertionError(f"no \"{event}\" from the swarm in {seconds} s; it said {self.lines}")
            return found()

    def end(self):
        """Its time is up: it drains, compares and says goodbye."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Stand(contextlib.ExitStack):
    """`with Stand(BINARIES) as stand:` a running collector with one administrator and an enrolment token for all."""

    def __init__(self, binaries, config=""):
        super().__init__()
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))  # as LimitNOFILE= does for the service
        self.binaries = pathlib.Path(binaries).resolve()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="vedette-load-")))
        file = None
        if config:
            file = self.folder / "server.toml"
            file.write_text(config)
        self.collector = Collector(self.binaries, self.folder / "data", f"127.0.0.1:{free_port()}", config=file)
        self.callback(self._end_collector)
        self.collector.start()
        self.password_file = self.folder / "password"
        self.password_file.write_text(self.collector.add_user())
        self.pin = self.collector.pin()
        self.token = subprocess.run(self.collector.command("token", "create", "--uses", "100000"), check=True,
                                    capture_output=True, text=True).stdout.split()[-1]

    def _end_collector(self):
        process = self.collector.process
        if process and process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def pid(self):
        return self.collector.process.pid

    @property
    def port(self):
        return int(self.collector.listen.rsplit(":", 1)[1])

    def client(self):
        """A new login of the administrator's; its cookie file is closed with the stand."""
        client = Client(None, self.collector.url, self.password_file.read_text())
        self.callback(client.cookies.close)
        return client

    def cookie(self):
        """Of a new login of the administrator's, as a Cookie header has it."""
        lines = [line.split("\t") for line in pathlib.Path(self.client().jar).read_text().splitlines()]
        return "; ".join(f"{line[5]}={line[6]}" for line in lines if len(line) == 7)

    def host_key(self, hostname):
        """A new host's; enrolled by curl."""
        done = subprocess.run(["curl", "-sSk", "--fail", "-d", json.dumps({"token": self.token, "hostname": hostname}), "-H",
                               "Content-Type: application/json", self.collector.url + "/api/v1/agent/enroll"], check=True,
                              capture_output=True, timeout=30)
        return json.loads(done.stdout)["key"]

    def swarm(self, *words):
        """A swarm that may enrol and log in; it is ended with the stand."""
        swarm = Swarm(self, "--token", self.token, "--keys", self.folder / "keys", "--user", "admin", "--password-file",
                      self.password_file, *words)
        self.callback(swarm.stop)
        return swarm

    def kill(self):
        """kill -9 of the collector."""
        os.kill(self.pid, signal.SIGKILL)
        self.collector.process.wait()
