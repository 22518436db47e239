"""The packages on a real machine: install, enrol, enable, stop, kill, reboot, purge.

    service_test.py BINARIES DEBS WORK     BINARIES: the build's bin folder; DEBS: folder of the .deb files
"""
import pathlib
import shutil
import sys
import time
import unittest

from collector import Client, Collector
from machine import Machine, base_root, wait_until

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
                self.kill_is_mended(client)
                self.reboot_is_known(client)
                self.purge_leaves_nothing()

    def unit(self, name, what):
        return self.machine.run("systemctl", "show", "-P", what, name).strip()

    def install(self, debs):
        for deb in debs:
            target = self.machine.root / "root" / deb.name
            target.write_bytes(deb.read_bytes())
            self.machine.run("dpkg", "-i", f"/root/{deb.name}")

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

    def stop_is_told(self, client):
        self.machine.run("systemctl", "stop", "vedette-agent")
        self.assertEqual(client.wait_status("stopped", 5)["reason"], "service stopped")
        self.machine.run("systemctl", "start", "vedette-agent")
        client.wait_status("up")

    def kill_is_mended(self, client):
        before, killed = self.unit("vedette-agent", "MainPID"), time.time()
        self.machine.run("kill", "-9", before)
        wait_until("systemd started the agent again", lambda: self.unit("vedette-agent", "MainPID") not in ("0", before))
        host = client.wait_status("up")
        wait_until("the new agent's ticks", lambda: len(client.ticks(host["id"], killed + 2, time.time() + 60)) >= 3)

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
