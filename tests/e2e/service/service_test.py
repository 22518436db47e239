"""The packages on a real machine: install, enrol, enable, stop, kill, hang, upgrade, remove and reinstall, reboot, purge.

    service_test.py BINARIES DEBS WORK     BINARIES: the build's bin folder; DEBS: folder of the .deb files
"""
import pathlib
import re
import shutil
import sys
import time
import unittest

from collector import Client, Collector
from machine import Machine, base_root, sh, wait_until

BINARIES, DEBS, WORK = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
STATE = "/var/lib/vedette-agent"


class Service(unittest.TestCase):
    def test_lives_through_install_stop_kill_reboot_and_purge(self):
        debs = [next(DEBS.glob(f"vedette-{name}_*.deb")) for name in ("server", "agent")]
        WORK.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(WORK / "collector-data", ignore_errors=True)
        base = base_root(WORK / "base", debs)
        with Machine(base, WORK, "vedette-e2e") as self.machine:
            self.install(debs)
            self.packaged_server_serves()
            collector = Collector(BINARIES, WORK / "collector-data", "127.0.0.1:9443", netns=self.machine.netns)
            with collector:
                self.enrol(collector)
                client = Client(self.machine.netns, collector.url, collector.add_user())
                self.ticks_arrive(client)
                self.stop_is_told(client)
                self.reload_is_taken_up(client)
                self.kill_is_mended(client)
                self.deaths_in_a_row_are_mended(client)
                self.hang_is_mended(client)
                self.upgrade_keeps_the_configuration(client, debs[1])
                self.reinstall_starts_what_was_enabled(client, debs[1])
                self.reboot_is_known(client)
                self.purge_leaves_nothing()

    def unit(self, name, what):
        return self.machine.run("systemctl", "show", "-P", what, name).strip()

    def dpkg(self, *words):
        """dpkg that answers its own questions the way it would by default."""
        self.machine.run("dpkg", "--force-confdef", "--force-confold", *words)

    def put(self, deb):
        target = self.machine.root / "root" / deb.name
        target.write_bytes(deb.read_bytes())
        return f"/root/{deb.name}"

    def install(self, debs):
        for deb in debs:
            self.machine.run("dpkg", "-i", self.put(deb))
        for name in ("vedette-server", "vedette-agent"):
            told = self.machine.run("sh", "-c", f"systemd-analyze verify --man=no {name}.service 2>&1")
            self.assertNotIn("vedette", told)
        self.assertNotEqual(self.unit("vedette-agent", "UnitFileState"), "enabled")
        self.machine.run("systemd-analyze", "security", "--no-pager", "--threshold=17", "vedette-agent.service")  # of 100

    def packaged_server_serves(self):
        wait_until("vedette-server is active", lambda: self.unit("vedette-server", "ActiveState") == "active")
        self.assertEqual(self.unit("vedette-server", "User"), "vedette")
        password = "a long enough password"
        self.machine.run("vedette-server", "user", "add", "admin", "--role", "administrator", "--password-stdin",
                         "--config", "/etc/vedette/server.toml", text=password + "\n")
        client = Client(self.machine.netns, "https://127.0.0.1:8443", password)
        self.assertEqual(client.ask("GET", "/api/v1/hosts"), {"hosts": []})
        before = self.unit("vedette-server", "MainPID")
        self.machine.run("kill", "-9", before)
        wait_until("systemd started the collector again", lambda: self.unit("vedette-server", "MainPID") not in ("0", before)
                   and self.unit("vedette-server", "ActiveState") == "active")
        self.assertEqual(self.machine.run("stat", "-c", "%a %U", "/var/lib/vedette").strip(), "700 vedette")

    def enrol(self, collector):
        self.machine.run("vedette-agent", "enroll", collector.url, "--token", collector.token(), "--ca-pin", collector.pin(),
                         "--state", STATE)
        for line in self.machine.run("find", STATE, "-type", "f", "-printf", "%m %u %p\n").splitlines():
            self.assertTrue(line.startswith("600 vedette-agent "), line)
        self.machine.run("systemctl", "enable", "--now", "vedette-agent")

    def ticks_arrive(self, client):
        host = client.wait_status("up")
        wait_until("ten ticks are in history", lambda: len(client.ticks(host["id"], time.time() - 60, time.time() + 60)) >= 10)
        self.assertEqual(self.unit("vedette-agent", "User"), "vedette-agent")
        # What the unit's sandbox must let through: netlink; whatever of the clock this machine itself lets a container ask.
        names = {one["name"] for one in client.ask("GET", f"/api/v1/hosts/{host['id']}/series")["series"]}
        self.assertLessEqual({"system.network.connection.count", "system.filesystem.read_only", "system.uptime"}, names)

    def stop_is_told(self, client):
        self.machine.run("systemctl", "stop", "vedette-agent")
        self.assertEqual(client.wait_status("stopped", 5)["reason"], "service stopped")
        self.machine.run("systemctl", "start", "vedette-agent")
        client.wait_status("up")

    def reload_is_taken_up(self, client):
        config, before = self.machine.root / "etc/vedette/agent.toml", self.unit("vedette-agent", "MainPID")
        text = config.read_text()
        log = lambda: self.machine.run("journalctl", "-u", "vedette-agent", "--no-pager")
        config.write_text(text + "\nlog_levle = 3\n")
        self.machine.run("systemctl", "reload", "vedette-agent")
        wait_until("a wrong configuration is told", lambda: "the configuration stays as it was" in log())
        config.write_text('log_level = "debug"\n' + text + "\n[metrics]\nnetwork = false\n")
        self.machine.run("systemctl", "reload", "vedette-agent")
        wait_until("the agent took up the new one", lambda: "reading the configuration anew" in log())
        host, now = client.wait_status("up"), time.time()
        wait_until("ticks after it", lambda: client.ticks(host["id"], now, time.time() + 60))
        self.assertEqual(self.unit("vedette-agent", "MainPID"), before)
        config.write_text(text)
        self.machine.run("systemctl", "reload", "vedette-agent")

    def kill_is_mended(self, client):
        before, killed = self.unit("vedette-agent", "MainPID"), time.time()
        self.machine.run("kill", "-9", before)
        wait_until("systemd started the agent again", lambda: self.unit("vedette-agent", "MainPID") not in ("0", before))
        host = client.wait_status("up")
        wait_until("the new agent's ticks", lambda: len(client.ticks(host["id"], killed + 2, time.time() + 60)) >= 3)

    def deaths_in_a_row_are_mended(self, client):
        # systemd's default limit starts a service five times in 10 s: the sixth death would be its last. A slow machine may
        # need longer for six, hence the question beside the deed.
        for name in ("vedette-agent", "vedette-server"):
            self.assertEqual(self.unit(name, "StartLimitIntervalUSec"), "0")
        before = "0"
        for _ in range(6):
            before = wait_until("the agent runs again", lambda: self.new_pid(before))
            self.machine.run("kill", "-9", before)
        wait_until("the agent runs again", lambda: self.new_pid(before))
        client.wait_status("up")

    def new_pid(self, before):
        pid = self.unit("vedette-agent", "MainPID")
        return pid if pid not in ("0", before) else None

    def hang_is_mended(self, client):
        drop_in = self.machine.root / "etc/systemd/system/vedette-agent.service.d"  # the unit's own 30 s are only longer
        drop_in.mkdir()
        (drop_in / "watchdog.conf").write_text("[Service]\nWatchdogSec=2\n")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", "vedette-agent")
        client.wait_status("up")
        before, hung = self.unit("vedette-agent", "MainPID"), time.time()
        self.machine.run("kill", "-STOP", before)
        wait_until("the watchdog had the agent started again", lambda: self.new_pid(before))
        self.assertIn("Watchdog timeout", self.machine.run("journalctl", "-u", "vedette-agent", "--no-pager"))
        host = client.wait_status("up")
        wait_until("the new agent's ticks", lambda: len(client.ticks(host["id"], hung + 2, time.time() + 60)) >= 3)
        shutil.rmtree(drop_in)
        self.machine.run("systemctl", "daemon-reload")

    def upgrade_keeps_the_configuration(self, client, deb):
        """A newer package, whose configuration file changed too, over one that somebody edited."""
        tree, newer = WORK / "newer", WORK / "newer.deb"
        shutil.rmtree(tree, ignore_errors=True)
        sh("dpkg-deb", "-R", deb, tree)
        control, shipped = tree / "DEBIAN/control", tree / "etc/vedette/agent.toml"
        control.write_text(re.sub(r"(?m)^Version: (.*)$", r"Version: \1+newer", control.read_text()))
        shipped.write_text(shipped.read_text() + "# new in this version\n")
        sh("dpkg-deb", "-b", "--root-owner-group", tree, newer)
        config = self.machine.root / "etc/vedette/agent.toml"
        edited = config.read_text() + 'log_level = "debug" # by hand\n'
        config.write_text(edited)
        before = self.unit("vedette-agent", "MainPID")
        self.dpkg("-i", self.put(newer))
        self.assertIn("+newer", self.machine.run("dpkg-query", "-W", "-f", "${Version}", "vedette-agent"))
        self.assertEqual(config.read_text(), edited)
        self.assertIn("new in this version", config.with_name("agent.toml.dpkg-dist").read_text())
        wait_until("the upgraded agent runs", lambda: self.new_pid(before))
        client.wait_status("up")

    def reinstall_starts_what_was_enabled(self, client, deb):
        self.dpkg("-r", "vedette-agent")
        self.assertEqual(client.wait_status("stopped", 10)["reason"], "service stopped")
        self.dpkg("-i", self.put(deb))
        self.assertEqual((self.unit("vedette-agent", "ActiveState"), self.unit("vedette-agent", "UnitFileState")), ("active", "enabled"))
        client.wait_status("up")
        self.machine.run("systemctl", "disable", "--now", "vedette-agent")
        self.dpkg("-r", "vedette-agent")
        self.dpkg("-i", self.put(deb))
        self.assertEqual((self.unit("vedette-agent", "ActiveState"), self.unit("vedette-agent", "UnitFileState")), ("inactive", "disabled"))
        self.machine.run("systemctl", "enable", "--now", "vedette-agent")
        client.wait_status("up")

    def reboot_is_known(self, client):
        began = time.time()
        self.machine.reboot()
        host = client.wait_status("up", 90)
        wait_until("ticks after the reboot", lambda: client.ticks(host["id"], host["since"], time.time() + 60))
        outages = client.ask("GET", f"/api/v1/hosts/{host['id']}/outages?from={began - 5}&to={time.time() + 60}")["outages"]
        words = " ".join(o["reason"] + " " + o["correction"] for o in outages)
        self.assertIn("rebooting", words)
        self.assertIn("rebooted", words)
        wait_until("the packaged collector is back too", lambda: self.unit("vedette-server", "ActiveState") == "active")

    def purge_leaves_nothing(self):
        self.machine.run("dpkg", "--purge", "vedette-agent", "vedette-server")
        left = self.machine.run("find", "/etc", "/var/lib", "/usr", "/lib/systemd/system", "-path", "*vedette*", "-not", "-path",
                                "/var/lib/dpkg/*")
        self.assertEqual(left.strip(), "")
        self.assertNotIn("vedette", self.machine.run("getent", "passwd") + self.machine.run("getent", "group"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
