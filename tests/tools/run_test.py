"""tools/run.sh, which ./dev run ends in: what a person sees, keeps and stops.

    run_test.py BINARIES
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e/service"))
from collector import Client  # noqa: E402
from machine import free_port, free_ports, wait_until  # noqa: E402

BINARIES = pathlib.Path(sys.argv[1]).resolve()


class Run:
    """One run of the script in a process group of its own, as a terminal starts it."""

    def __init__(self, var, port, binaries):
        environment = {**os.environ, "VAR": str(var), "BIN": str(binaries)}
        self.process = subprocess.Popen([ROOT / "tools/run.sh", "--listen", f"127.0.0.1:{port}"], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True,
                                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.text = ""
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.text += line

    def find(self, pattern):
        """Awaits the pattern in the output; its group."""
        def there():
            found = re.search(pattern, self.text)
            if not found:
                raise RuntimeError(self.text)
            return found
        return wait_until(f"{pattern} in the output", there)[1]

    def interrupt(self):
        os.killpg(self.process.pid, signal.SIGINT)

    def pid_of(self, name):
        """The program of that name that it started."""
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                pid, comm, _, _, group = re.fullmatch(r"(\d+) \((.*)\) (\S) (\d+) (\d+) .*\n", stat.read_text()).groups()
                if (comm, int(group)) == (name, self.process.pid):
                    return int(pid)
        raise AssertionError(f"no {name} runs")

    def alive(self):
        """Does anything of its group still run?"""
        try:
            os.killpg(self.process.pid, 0)
            return True
        except ProcessLookupError:
            return False

    def end(self):
        """Its exit code, and its whole output."""
        code = self.process.wait(30)
        left = self.alive()
        self.reader.join(10)
        if left:
            raise AssertionError("the script ended before what it had started:\n" + self.text)
        return code, self.text


class RunScript(unittest.TestCase):
    def setUp(self):
        self.var = pathlib.Path(tempfile.mkdtemp(prefix="vedette-run-"))
        self.addCleanup(shutil.rmtree, self.var)

    @contextlib.contextmanager
    def running(self, port, binaries=BINARIES):
        run = Run(self.var, port, binaries)
        try:
            yield run
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait(10)
            run.reader.join(10)
            run.process.stdout.close()

    def sign_in(self, run, port):
        """What the page's address and the login are good for: a client of the API."""
        self.assertEqual(run.find(r"Page +(\S+)"), f"https://127.0.0.1:{port}")
        user, password = run.find(r"Sign in +(\S+  \S+)").split("  ")
        return (user, password), Client(None, f"https://127.0.0.1:{port}", password, user)

    def ticks_flow(self, client):
        """Awaits ticks newer than now; the host's id."""
        host, began = client.wait_status("up"), time.time()
        wait_until("new ticks", lambda: len(client.ticks(host["id"], began, time.time() + 60)) >= 2)
        return host["id"]

    def stop(self, run):
        run.interrupt()
        code, text = run.end()
        self.assertEqual(code, 0, text)
        for name in ("collector", "agent"):
            self.assertRegex(text, rf"{name}  .*stopped")

    def test_the_second_run_takes_up_login_host_and_ticks_of_the_first_at_another_port_too(self):
        port, other = free_ports(2)
        with self.running(port) as run:
            login, client = self.sign_in(run, port)
            pin = run.find(r"CA pin +(sha256:[0-9a-f]{64})\s")
            host = self.ticks_flow(client)
            self.assertEqual((self.var / "first-login").stat().st_mode & 0o777, 0o600)
            self.assertEqual((self.var / "agent/agent.toml").stat().st_mode & 0o777, 0o600)
            self.stop(run)
        for again in (port, other):
            with self.subTest(port=again), self.running(again) as run:
                same, client = self.sign_in(run, again)
                self.assertEqual((same, run.find(r"CA pin +(\S+)")), (login, pin))
                self.assertEqual(self.ticks_flow(client), host)
                self.assertEqual(len(client.ask("GET", "/api/v1/hosts")["hosts"]), 1)
                self.stop(run)

    def test_a_second_interrupt_does_not_end_the_script_before_its_programs(self):
        with self.running(free_port()) as run:
            run.find("(agent  msg=started)")
            agent = run.pid_of("vedette-agent")
            os.kill(agent, signal.SIGSTOP)  # it can't stop before it may
            run.interrupt()
            run.find("(collector stopped)")
            run.interrupt()
            os.kill(agent, signal.SIGCONT)
            code, text = run.end()
            self.assertEqual(code, 0, text)
            self.assertRegex(text, "agent  .*stopped")

    def test_after_a_hard_kill_the_next_run_starts_without_a_stale_socket(self):
        port, stale = free_port(), self.var / "server/control.sock"
        with self.running(port) as run:
            self.ticks_flow(self.sign_in(run, port)[1])
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait(10)
        self.assertTrue(stale.is_socket(), "what a hard kill leaves")
        binaries = self.var / "bin"
        binaries.mkdir()
        (binaries / "vedette-agent").symlink_to(BINARIES / "vedette-agent")
        server = binaries / "vedette-server"  # tells what a starting collector finds, then is one
        server.write_text(f'#!/bin/sh\n[ "$1" != run ] || [ ! -S "{stale}" ] || echo "a stale socket" >&2\n'
                          f'exec "{BINARIES}/vedette-server" "$@"\n')
        server.chmod(0o755)
        with self.running(port, binaries) as run:
            self.ticks_flow(self.sign_in(run, port)[1])
            self.stop(run)
            self.assertNotIn("a stale socket", run.text)

    def test_a_second_run_beside_the_first_is_one_clear_line_and_the_first_goes_on(self):
        port = free_port()
        with self.running(port) as run:
            client = self.sign_in(run, port)[1]
            with self.running(free_port()) as second:
                code, text = second.end()
            self.assertNotEqual(code, 0)
            self.assertRegex(text, r"\Arun: another vedette-server uses .*; stop it.*\n\Z")
            self.ticks_flow(client)
            self.stop(run)

    def test_a_lost_first_login_is_told_with_the_command_that_helps_and_the_rest_goes_on(self):
        port = free_port()
        with self.running(port) as run:
            run.find("(agent  msg=started)")  # before it says so an interrupt ends it wordlessly
            self.stop(run)
        (self.var / "first-login").unlink()
        with self.running(port) as run:
            run.find(r"Sign in +(\S*first-login, which held the first password, is gone)")
            command = run.find(r"(\S+/vedette-server user add NAME .*)").replace("NAME", "mara").split()
            subprocess.run(command, input="a long enough password\n", text=True, check=True, capture_output=True, timeout=30, cwd=ROOT)
            self.ticks_flow(Client(None, f"https://127.0.0.1:{port}", "a long enough password", "mara"))
            self.assertFalse((self.var / "first-login").exists())
            self.stop(run)

    def test_an_agent_of_other_data_enrols_anew(self):
        port = free_port()
        with self.running(port) as run:
            self.ticks_flow(self.sign_in(run, port)[1])
            self.stop(run)
        shutil.rmtree(self.var / "server")
        (self.var / "first-login").unlink()
        with self.running(port) as run:
            self.ticks_flow(self.sign_in(run, port)[1])
            self.stop(run)

    def test_a_port_in_use_is_one_clear_line(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with self.running(port) as run:
                code, text = run.end()
        self.assertNotEqual(code, 0)
        told = [line for line in text.splitlines() if "in use" in line]
        self.assertEqual(len(told), 1, text)
        self.assertIn(f"port {port} on 127.0.0.1", told[0])
        self.assertIn("--listen", told[0])
        self.assertEqual(text.splitlines()[-1], told[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
