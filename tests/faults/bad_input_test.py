"""What a person may get wrong: each case is one clear line that says what to do, the right exit code, nothing damaged.

    bad_input_test.py BINARIES
"""
import contextlib
import hashlib
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

BINARIES = pathlib.Path(sys.argv[1]).resolve()
AS_ROOT = pathlib.Path(__file__).resolve().parents[1] / "as_root.sh"
SERVER, AGENT = str(BINARIES / "vedette-server"), str(BINARIES / "vedette-agent")


def run(*command, **kwargs):
    return subprocess.run([str(word) for word in command], text=True, capture_output=True, timeout=30, **kwargs)


def content(folder):
    """Every file's hash: what "nothing damaged" compares."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in pathlib.Path(folder).rglob("*")
            if path.is_file() and not path.name.endswith(("-shm", "lock"))}


class BadInput(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vedette-bad-")
        self.addCleanup(self.folder.cleanup)
        self.data = pathlib.Path(self.folder.name) / "data"

    def file(self, name, text):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(text)
        return path

    def refused(self, done, code, *words):
        """One line of error with all these words, this exit code, and no trace of a crash."""
        lines = [line for line in done.stderr.splitlines() if not line.startswith("<6>")]
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(len(lines), 1, done.stderr)
        for word in words:
            self.assertIn(word, lines[0])
        for trace in ("terminate called", "what():", "Aborted", "Traceback"):
            self.assertNotIn(trace, done.stderr)

    @contextlib.contextmanager
    def collector(self, listen="127.0.0.1:0", config=None):
        """A running collector; yields its process once it says that it started."""
        command = [SERVER, "run", "--data", self.data, "--listen", listen] + (["--config", config] if config else [])
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stderr:
                if "collector started" in line:
                    break
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
            process.stderr.close()

    # --- configuration ---------------------------------------------------------------------------------------------
    def check_config(self, text):
        path = self.file("server.toml", text)
        return path, run(SERVER, "check-config", "--config", path)

    def test_unknown_key_names_file_line_key_and_what_is_allowed(self):
        path, done = self.check_config('[server]\nlisten = "0.0.0.0:8443"\nlissten = "x"\n')
        self.refused(done, 78, f"{path}:3", "lissten", "listen")

    def test_unknown_table(self):
        path, done = self.check_config("[servre]\n")
        self.refused(done, 78, f"{path}:1", "servre", "server")

    def test_malformed_toml(self):
        path, done = self.check_config('[server\nlisten = 1\n')
        self.refused(done, 78, f"{path}:1")

    def test_wrong_type(self):
        path, done = self.check_config("[server]\nlisten = 8443\n")
        self.refused(done, 78, f"{path}:2", "listen")

    def test_wrong_duration(self):
        path, done = self.check_config('[notify]\nhold = "soon"\n')
        self.refused(done, 78, f"{path}:2", "hold", "soon", "60s")

    def test_rule_with_a_recovery_on_the_wrong_side(self):
        path, done = self.check_config('[[rule]]\nname = "cpu"\nseries = "system.cpu.utilization"\nabove = 0.9\nrecover = 0.95\nfor = "60s"\n')
        self.refused(done, 78, f"{path}:5", "recover")

    def test_receiver_of_an_unknown_type(self):
        path, done = self.check_config('[[receiver]]\nname = "ops"\ntype = "pigeon"\n')
        self.refused(done, 78, str(path), "pigeon", "email", "webhook")

    def test_numbers_spans_names_and_series_that_nothing_can_mean(self):
        rule = '[[rule]]\nname = "{name}"\nseries = "{series}"\nabove = {above}\nfor = "{lasts}"\n'
        good = {"name": "cpu", "series": "system.cpu.utilization", "above": "0.9", "lasts": "60s"}
        _, done = self.check_config(rule.format(**good))
        self.assertEqual(done.returncode, 0, done.stderr)
        for changed, line, *words in (({"name": ""}, 2, "rule.name", '""'),
                                      ({"series": "system.nope"}, 3, "rule.series", "system.nope", "system.cpu.time"),
                                      ({"above": "nan"}, 4, "rule.above", "nan", "finite"),
                                      ({"above": "inf"}, 4, "rule.above", "inf", "finite"),
                                      ({"lasts": "99999999999d"}, 5, "rule.for", "99999999999d", "3650d")):
            with self.subTest(changed):
                path, done = self.check_config(rule.format(**good | changed))
                self.refused(done, 78, f"{path}:{line}", *words)
        path, done = self.check_config('[notify]\nhold = "99999999999d"\n')
        self.refused(done, 78, f"{path}:2", "notify.hold", "99999999999d", "3650d")

    def test_receivers_values_are_told_by_their_own_line(self):
        mail = ['[[receiver]]', 'name = "ops"', 'type = "email"', 'server = "smtp://mail.example.org"', 'from = "a@example.org"',
                'to = ["b@example.org"]']
        hook = ['[[receiver]]', 'name = "hook"', 'type = "webhook"', 'url = "https://hooks.example.org/x"']
        _, done = self.check_config("\n".join(mail + hook) + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        for lines, line, key, wrong, advice in ((mail, 4, "server", '"mail.example.org"', "must be smtp://"),
                                                (mail, 5, "from", '"vedette"', "must be an address like"),
                                                (mail, 6, "to", '["second"]', "no address like ops@example.org"),
                                                (hook, 4, "url", '"ftp://x"', "must be http://")):
            with self.subTest(key):
                changed = lines[:line - 1] + [f"{key} = {wrong}"] + lines[line:]
                path, done = self.check_config("\n".join(changed) + "\n")
                self.refused(done, 78, f"{path}:{line}: receiver.{key} ", wrong.strip('[]"'), advice)
        path, done = self.check_config('[server]\npublic_url = "https://x:y"\n' + "\n".join(hook) + "\n")
        self.refused(done, 78, f"{path}:2: server.public_url must be http://")

    def test_receiver_without_a_name(self):
        path, done = self.check_config('[[receiver]]\nname = ""\ntype = "webhook"\nurl = "http://127.0.0.1/"\n')
        self.refused(done, 78, f"{path}:2", "receiver.name")

    def test_trusted_proxy_that_is_no_address(self):
        path, done = self.check_config('[server]\ntrusted_proxies = ["proxy.example.org"]\n')
        self.refused(done, 78, f"{path}:2", "server.trusted_proxies", "proxy.example.org", "IP address")

    def test_passthrough_proxy_that_is_trusted_too(self):
        path, done = self.check_config('[server]\ntrusted_proxies = ["::1"]\npassthrough_proxies = ["::1"]\n')
        self.refused(done, 78, f"{path}:3", "server.passthrough_proxies", "server.trusted_proxies holds addresses of it too", "one of them only")

    def test_configuration_that_is_no_file(self):
        for command in ("check-config", "run"):
            for path, words in ((self.folder.name, "is a directory"), ("/dev/null", "no regular file")):
                with self.subTest(command + " " + path):
                    self.refused(run(SERVER, command, "--config", path), 78, path, words, "TOML file")
                    if command == "run":
                        self.refused(run(AGENT, command, "--config", path), 78, path, words, "TOML file")

    def test_missing_file(self):
        self.refused(run(SERVER, "check-config", "--config", "/nonexistent/server.toml"), 78, "/nonexistent/server.toml")

    def test_run_refuses_a_bad_configuration_too(self):
        path = self.file("server.toml", "[server]\nlissten = 1\n")
        self.refused(run(SERVER, "run", "--config", path, "--data", self.data), 78, f"{path}:2", "lissten")

    def test_agent_configuration(self):
        path = self.file("agent.toml", "intervall = \"1s\"\n")
        self.refused(run(AGENT, "run", "--config", path, "--state", self.data), 78, f"{path}:1", "intervall", "interval")

    # --- the machine -----------------------------------------------------------------------------------------------
    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = run(SERVER, "run", "--data", self.data, "--listen", f"127.0.0.1:{port}")
        self.refused(done, 1, str(port), "in use", "set another [server] listen")

    def test_unreadable_key_beside_a_good_certificate(self):
        with self.collector():
            pass
        tls = self.data / "tls"
        missing, foreign = self.data / "x.key", tls / "ca.key"
        for key, words in ((missing, "is the path right?"), (foreign, "isn't the key of"), (tls / "server.crt", "put one there")):
            path = self.file("server.toml", f'[tls]\ncertificate = "{tls}/server.crt"\nkey = "{key}"\n')
            for command in ("run", "check-config"):
                done = run(SERVER, command, "--config", path, "--data", self.data, "--listen", "127.0.0.1:0")
                self.refused(done, 78, f"{path}:3: tls.key: {key}", words)

    def test_unreadable_certificate(self):
        path = self.file("server.toml", '[tls]\ncertificate = "/nonexistent/a.crt"\nkey = "/nonexistent/a.key"\n')
        for command in ("run", "check-config"):
            done = run(SERVER, command, "--config", path, "--data", self.data, "--listen", "127.0.0.1:0")
            self.refused(done, 78, f"{path}:2: tls.certificate: /nonexistent/a.crt", "is the path right?")
        self.assertFalse(self.data.exists())

    def test_metrics_token_that_is_too_short(self):
        token = self.file("token", "short\n")
        path = self.file("server.toml", f'[telemetry]\ntoken_file = "{token}"\n')
        done = run(SERVER, "run", "--config", path, "--data", self.data, "--listen", "127.0.0.1:0")
        self.refused(done, 78, f"{path}:2", "telemetry.token_file", str(token), "16 characters")

    def test_truncated_database_is_left_as_it_is(self):
        with self.collector():
            pass
        for name in ("control.db", "live.db"):
            with self.subTest(name):
                found = next(self.data.rglob(name))
                whole = found.read_bytes()
                found.write_bytes(whole[: len(whole) // 2 + 100])
                for extra in self.data.rglob(name + "-*"):
                    extra.unlink()
                before = content(found.parent)
                done = run(SERVER, "run", "--data", self.data, "--listen", "127.0.0.1:0")
                self.refused(done, 1, name, "move the file away or restore it from a backup")
                self.assertEqual(content(found.parent)[str(found)], before[str(found)])
                found.write_bytes(whole)

    def test_no_database_at_all(self):
        self.data.mkdir()
        (self.data / "control.db").write_text("this is no database, but somebody's notes\n" * 200)
        before = content(self.data)
        done = run(SERVER, "run", "--data", self.data, "--listen", "127.0.0.1:0")
        self.refused(done, 1, "control.db", "move the file away or restore it from a backup")
        self.assertEqual(content(self.data)[str(self.data / "control.db")], before[str(self.data / "control.db")])

    def test_data_directory_of_a_running_collector(self):
        with self.collector():
            done = run(SERVER, "run", "--data", self.data, "--listen", "127.0.0.1:0")
            self.refused(done, 1, str(self.data), "stop it or choose another data directory")

    def test_full_disk_at_start(self):
        self.data.mkdir()
        script = 'mount -t tmpfs -o size=16k tmpfs "$1" && head -c 16384 /dev/zero >"$1/filler" 2>/dev/null; exec "$2" run --data "$1" --listen 127.0.0.1:0'
        done = run(AS_ROOT, "20", "unshare", "--mount", "sh", "-c", script, "-", self.data, SERVER)
        self.refused(done, 1, str(self.data), "No space left on device", "free some space on this disk")

    def test_data_directory_on_a_disk_that_was_mounted_read_only(self):
        self.data.mkdir()
        script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" run --data "$1" --listen 127.0.0.1:0'
        for state in ("empty", "used"):
            with self.subTest(state):
                before = content(self.data)
                done = run(AS_ROOT, "20", "unshare", "--mount", "sh", "-c", script, "-", self.data, SERVER)
                self.refused(done, 1, str(self.data), "Read-only file system", "name another path")
                self.assertEqual(content(self.data), before)
            with self.collector():
                pass

    def test_sigterm_ends_it_in_time_while_a_receiver_under_test_is_silent(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            path = self.file("server.toml", f'[[receiver]]\nname = "ops"\ntype = "webhook"\nurl = "{url}"\n')
            with self.collector(config=path) as process:
                asking = subprocess.Popen([SERVER, "receivers", "test", "ops", "--data", self.data, "--config", path],
                                          stderr=subprocess.PIPE, text=True)
                silent.settimeout(10)
                with silent.accept()[0]:
                    process.send_signal(signal.SIGTERM)
                    process.wait(5)
                self.assertIn("stopped before ops had answered", asking.communicate(timeout=10)[1])

    # --- the agent -------------------------------------------------------------------------------------------------
    def test_agent_that_is_not_enrolled(self):
        self.refused(run(AGENT, "run", "--state", self.data), 78, "enroll")

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        done = run(AGENT, "enroll", f"https://127.0.0.1:{port}", "--token", "vt_x", "--state", self.data)
        self.refused(done, 1, f"127.0.0.1:{port}")
        self.assertFalse(any(self.data.glob("*")) if self.data.exists() else False)

    def test_malformed_pin(self):
        done = run(AGENT, "enroll", "https://127.0.0.1:1", "--token", "vt_x", "--ca-pin", "sha256:xyz", "--state", self.data)
        self.assertNotEqual(done.returncode, 0)
        self.refused(done, done.returncode, "pin", "sha256:")

    # --- people ----------------------------------------------------------------------------------------------------
    def test_short_password(self):
        done = run(SERVER, "user", "add", "mara", "--role", "viewer", "--password-stdin", "--data", self.data, input="short\n")
        self.refused(done, 1, "10")

    def test_password_that_is_no_utf8(self):
        add = [SERVER, "user", "add", "mara", "--role", "viewer", "--password-stdin", "--data", self.data]
        for beside in (contextlib.nullcontext(), self.collector()):
            with beside:
                done = subprocess.run(add, input=b"gr\xf6\xdfer als zehn\n", capture_output=True, timeout=30)
            done.stderr = done.stderr.decode()
            self.refused(done, 1, "standard input", "UTF-8")

    def test_unknown_role_and_command(self):
        done = run(SERVER, "user", "add", "mara", "--role", "king", "--password-stdin", "--data", self.data, input="long enough password\n")
        self.assertNotEqual(done.returncode, 0)
        self.refused(done, done.returncode, "king", "administrator", "operator", "viewer")
        done = run(SERVER, "frobnicate")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("frobnicate", done.stderr)

    def test_no_such_host_to_revoke(self):
        self.refused(run(SERVER, "hosts", "revoke", "nobody", "--data", self.data), 1, "nobody")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
