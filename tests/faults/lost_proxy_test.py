"""Agents behind a real nginx that dies: it is the path that was lost, one incident and one mail, not so many killed agents.

    lost_proxy_test.py BINARIES

Collector, agents, nginx (TLS on both sides) and SMTP server are the real ones. nginx speaks to the collector from 127.0.0.2,
which is a trusted proxy; the agents and one more, which comes directly, are at 127.0.0.1.
"""
import email
import email.policy
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import Process
from nginx import configured_nginx

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "e2e/service"))
from collector import Client, Collector  # noqa: E402
from machine import free_ports, sh, wait_until  # noqa: E402

BINARIES = pathlib.Path(sys.argv[1]).resolve()
LOST = "path lost, 3 hosts: the proxy 127.0.0.2 or the network behind it"
ALONE = "connection ended without goodbye: agent or path"
CONFIG = """
[server]
trusted_proxies = ["127.0.0.2"]
[notify]
hold = "8s"
[[receiver]]
name = "ops"
type = "email"
server = "smtp://127.0.0.1:{smtp}"
starttls = "off"
from = "vedette@example.org"
to = ["ops@example.org"]
"""
NGINX = """  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {data}/tls/server.crt; ssl_certificate_key {data}/tls/server.key;
    location / {{
      proxy_pass https://127.0.0.1:{collector}; proxy_bind 127.0.0.2; proxy_http_version 1.1;
      proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
    }}
  }}
"""


class LostProxy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vedette-proxy-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        port, self.proxy_port, smtp = free_ports(3)
        self.start_mail(smtp)
        config = self.folder / "server.toml"
        config.write_text(CONFIG.format(smtp=smtp))
        self.collector = Collector(BINARIES, self.folder / "data", f"127.0.0.1:{port}", config=config).start()
        self.addCleanup(self.collector.stop)
        self.client = Client(None, self.collector.url, self.collector.add_user())
        self.nginx_command = configured_nginx(self.folder, NGINX.format(port=self.proxy_port, collector=port, data=self.collector.data))
        self.start_nginx()
        self.agents, self.ids = {}, []  # the first three are behind the proxy
        for number, url in enumerate([f"https://127.0.0.1:{self.proxy_port}"] * 3 + [self.collector.url]):
            self.enrol_agent(number, url)
            self.start_agent(number)
        self.all_up()
        self.names = sorted(self.host(number)["name"] for number in range(3))

    def start_mail(self, port):
        self.mail_folder = self.folder / "mails"
        server = subprocess.Popen(["/usr/bin/python3", TESTS / "e2e/peers/mail.py", f"127.0.0.1:{port}", self.mail_folder],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (server.kill(), server.wait(10), server.stdout.close()))
        self.assertEqual(server.stdout.readline(), "ready\n")

    def start_nginx(self):
        self.nginx = subprocess.Popen(self.nginx_command, stdin=subprocess.DEVNULL)
        self.addCleanup(lambda process=self.nginx: (process.kill(), process.wait(10)))
        wait_until("nginx hands on", lambda: "ok" in sh("curl", "-sSk", f"https://127.0.0.1:{self.proxy_port}/healthz"))

    def state(self, number):
        return self.folder / f"agent-{number}"

    def enrol_agent(self, number, url):
        sh(BINARIES / "vedette-agent", "enroll", url, "--token", self.collector.token(), "--ca-pin", self.collector.pin(),
           "--state", self.state(number))
        listed = lambda: next(host["id"] for host in self.hosts() if host["id"] not in self.ids)
        self.ids.append(wait_until("the host is listed", listed))

    def start_agent(self, number):
        self.agents[number] = agent = Process(BINARIES / "vedette-agent", "run", "--state", self.state(number))
        self.addCleanup(lambda: agent.alive and agent.stop(signal.SIGKILL))

    def hosts(self):
        return self.client.ask("GET", "/api/v1/hosts")["hosts"]

    def host(self, number):
        return next(host for host in self.hosts() if host["id"] == self.ids[number])

    def mails(self):
        """(subject, body) of each, oldest first; the body's words are on one line."""
        found = []
        for file in sorted(self.mail_folder.glob("[0-9]*")):
            mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            found.append((str(mail["Subject"]), " ".join(mail.get_content().split())))
        return found

    def about_path(self):
        return [mail for mail in self.mails() if "path lost" in mail[0]]

    def all_lost(self, status):
        """Awaits that all behind the proxy are lost for the path; what else they were called meanwhile."""
        words = set()

        def lost():
            behind = [self.host(number) for number in range(3)]
            words.update(host["reason"] for host in behind)
            return all((host["status"], host["reason"]) == (status, LOST) for host in behind)
        wait_until(f"three hosts are {status}: {LOST}", lost, 40)
        self.assertEqual(self.host(3)["status"], "up")
        return words

    def all_up(self):
        wait_until("all are back", lambda: all(host["status"] == "up" for host in self.hosts()), 60)

    def outage(self, number):
        path = f"/api/v1/hosts/{self.ids[number]}/outages?from={self.began - 60}&to={time.time() + 60}"
        return self.client.ask("GET", path)["outages"][-1]

    def test_a_proxy_that_dies_is_one_lost_path_and_a_single_agent_is_none(self):
        self.began = time.time()
        self.agents[1].stop(signal.SIGKILL)
        alone = wait_until("the agent is lost", lambda: self.host(1) if self.host(1)["status"] == "lost" else None)
        self.assertEqual(alone["reason"], ALONE)
        self.start_agent(1)
        self.all_up()

        # Silence: each is noticed at its own second, the last one tells what it was. Over within the hold: no mail.
        self.nginx.send_signal(signal.SIGSTOP)
        words = self.all_lost("unresponsive")
        self.nginx.send_signal(signal.SIGCONT)
        self.assertLessEqual(words, {"", "agent or path", LOST})
        self.all_up()

        self.nginx.kill()
        self.nginx.wait(10)
        words = self.all_lost("lost")
        self.assertEqual(words - {""}, {LOST}, "nobody was called killed, not for a moment")
        fired = wait_until("the mail", self.about_path, 30)
        self.assertEqual(len(fired), 1, fired)
        subject, body = fired[0]
        self.assertTrue(subject.startswith("[firing] " + LOST), subject)
        for name in self.names:
            self.assertIn(name, body)

        self.start_nginx()
        self.all_up()
        resolved = wait_until("the second mail", lambda: self.about_path()[1:], 30)
        self.assertEqual(len(resolved), 1, resolved)
        self.assertTrue(resolved[0][0].startswith("[resolved] up again; was " + LOST), resolved)
        for name in self.names:
            self.assertIn(name, resolved[0][1])
        self.assertIn("Hosts: " + ", ".join(self.names), resolved[0][1])
        for number in range(3):
            outage = wait_until("what turned out", lambda number=number: self.outage(number) if self.outage(number)["correction"] else None)
            self.assertEqual((outage["reason"], outage["notified"]), (LOST, True))
            self.assertTrue(outage["correction"].startswith("host was up; network cut "), outage)
        self.assertFalse([subject for subject, _ in self.mails() if "agent killed" in subject])
        self.assertEqual(len(self.about_path()), 2, "one that fires, one that resolves")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
