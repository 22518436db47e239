"""Records a data directory for tests/golden/directories: a collector and an agent run over the end of a ten-minute slot, the
agent dies twice, mail and webhook can't be delivered. Takes up to eleven minutes.

    record.py BINARIES FOLDER       FOLDER/NAME.db.gz and FOLDER/answers.json.gz, what the collector answered at its end
"""
import gzip
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e/service"))
from collector import Client, Collector  # noqa: E402
from machine import free_ports, sh, wait_until  # noqa: E402

SLOT = 600
CONFIG = """[notify]
hold = "1s"
[[receiver]]
name = "ops"
type = "email"
server = "smtp://127.0.0.1:{}"
starttls = "off"
from = "vedette@example.org"
to = ["ops@example.org", "nights@example.org"]
[[receiver]]
name = "chat"
type = "webhook"
url = "http://127.0.0.1:{}/hooks"
[[rule]]
name = "memory-used"
series = "system.memory.usage{{state=used}}"
above = 1.0
for = "2s"
severity = "info"
"""


class Agent:
    def __init__(self, binaries, folder, collector):
        self.binaries, self.state, self.collector = binaries, folder / "agent", collector
        sh(binaries / "vedette-agent", "enroll", collector.url, "--token", collector.token(), "--ca-pin", collector.pin(),
           "--state", self.state, "--hostname", "web-07")

    def run_for(self, seconds, client):
        """Then it is killed, and the collector knows."""
        process = subprocess.Popen([self.binaries / "vedette-agent", "run", "--state", self.state], stderr=subprocess.DEVNULL)
        try:
            client.wait_status("up")
            time.sleep(seconds)
        finally:
            process.kill()
            process.wait()
        client.wait_status("lost")
        time.sleep(4)  # for the alert, and the first tries to tell it


def answers(client, data, began):
    host = client.host()["id"]
    with closing(sqlite3.connect(f"{data.as_uri()}/live.db?mode=ro", uri=True)) as database:
        names = [name for (name,) in database.execute("SELECT DISTINCT name FROM series ORDER BY name")]
    span = f"from={began - SLOT}&to={time.time() + 10}"
    series = "&".join(f"series={name}" for name in names)
    return {"began": round(began, 3), "ended": round(time.time(), 3),
            "hosts": client.ask("GET", "/api/v1/hosts"), "alerts": client.ask("GET", "/api/v1/alerts"),
            "outages": client.ask("GET", f"/api/v1/hosts/{host}/outages?{span}"),
            "history": client.ask("GET", f"/api/v1/history?host={host}&{series}&{span}&step=0&as=total")}


def record(binaries, folder):
    slot_end = (time.time() // SLOT + 1) * SLOT
    time.sleep(max(0.0, slot_end - 60 - time.time()))
    mail, hook, port = free_ports(3)
    config, data = folder / "server.toml", folder / "data"
    config.write_text(CONFIG.format(mail, hook))
    with Collector(binaries, data, f"127.0.0.1:{port}", config=config) as collector:
        began = time.time()
        client = Client(None, collector.url, collector.add_user())
        collector.add_user("second")
        collector.token()  # that nobody uses
        agent = Agent(binaries, folder, collector)
        agent.run_for(6, client)
        agent.run_for(max(5.0, slot_end + 10 - time.time()), client)
        wait_until("the slot is sealed", lambda: list(data.glob("raw-*.db")), 60)
        return data, answers(client, data, began)


def keep(path, data):
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as out:
        out.write(data)


def main():
    binaries, target = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="vedette-golden-") as name:
        data, answered = record(binaries, pathlib.Path(name))
        target.mkdir(parents=True)
        keep(target / "answers.json.gz", json.dumps(answered, indent=1).encode())
        for path in sorted(data.glob("*.db")):
            with closing(sqlite3.connect(path)) as database:
                if path.name == "control.db":
                    with database:  # whatever the machine runs
                        database.execute("UPDATE host_facts SET body = json_set(body, '$.kernel', '6.12.0')")
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                print(path.name, "of schema", *database.execute("PRAGMA user_version").fetchone())
            keep(target / f"{path.name}.gz", path.read_bytes())


if __name__ == "__main__":
    main()
