"""Runs the Autobahn testsuite against ws-echo and ws-echo-client, over WS and WSS.

    run.py BIN SUITE OUT [--quick] [--only RUN]...

BIN has the two binaries, SUITE is where autobahn/setup.sh put the suite. Each run (server-ws, server-wss, client-ws,
client-wss) leaves the suite's own report under OUT/RUN: index.json and a page a case. Prints every case with its
verdict; exits with 1 if one isn't as gate.py wants it. --quick leaves out most of the sections that take minutes.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import gate

RUNS = ("server-ws", "server-wss", "client-ws", "client-wss")
LONGEST = 2 * 3600  # seconds of one run
STARTING = 300  # seconds: Python and Twisted, on a machine that has other work


class Broken(Exception):
    """The run itself didn't work, whatever the cases say."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Broken("the suite's server ended at once")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise Broken("the suite's server doesn't listen")


def stop(process):
    process.terminate()
    try:
        return process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Broken(f"{process.args[0]} doesn't end when told to")


def settings(folder, content):
    file = folder / "settings.json"
    file.write_text(json.dumps({"outdir": str(folder), "exclude-cases": [], "exclude-agent-cases": {}} | content))
    return file


def test_server(options, folder, tls, log):
    command = [options.bin / "ws-echo", "--listen", "127.0.0.1:0"] + (["--tls"] if tls else [])
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        url = server.stdout.readline().strip()
        if not url:
            raise Broken("ws-echo didn't start")
        file = settings(folder, {"servers": [{"agent": "ws-echo", "url": url + "/"}], "cases": gate.patterns(options.quick)})
        subprocess.run([options.suite / "bin/wstest", "-m", "fuzzingclient", "-s", file], stdout=log, stderr=log, check=True,
                       timeout=LONGEST)
    finally:
        code = stop(server)
    if code != 0:
        raise Broken(f"ws-echo ended with {code}")


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    return {"key": str(folder / "key.pem"), "cert": str(folder / "cert.pem")}


def test_client(options, folder, tls, log):
    port = free_port()
    url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}"
    file = settings(folder, {"url": url, "cases": gate.patterns(options.quick)} | (make_certificate(folder) if tls else {}))
    # The suite makes its report's folder itself only if it isn't there; -u 0: no page on port 8080.
    suite = subprocess.Popen([options.suite / "bin/wstest", "-m", "fuzzingserver", "-s", file, "-u", "0"], stdout=log, stderr=log)
    try:
        wait_for_port(port, suite)
        subprocess.run([options.bin / "ws-echo-client", url], stdout=log, stderr=log, check=True, timeout=LONGEST)
    finally:
        stop(suite)


def run(options, name):
    """The lines to print, and whether all is well."""
    folder = options.out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    role, transport = name.split("-")
    began = time.monotonic()
    lines, bad = [], []
    with open(folder / "log.txt", "w+") as log:
        try:
            (test_server if role == "server" else test_client)(options, folder, transport == "wss", log)
            index = json.loads((folder / "index.json").read_text())
            lines += gate.listing(index)
            bad += gate.faults(index, options.quick)
        except (Broken, OSError, subprocess.SubprocessError) as error:
            bad.append(str(error))
        log.seek(0)
        if "Traceback (most recent call last)" in log.read():
            bad.append("the suite itself failed: its report can't be believed")
    lines = [f"{name}, {time.monotonic() - began:.0f} s, report and log in {folder}"] + lines
    return lines + [f"  NOT AS IT SHOULD BE: {fault}" for fault in bad] + ([] if bad else ["  as it should be"]), not bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=RUNS, action="append")
    options = parser.parse_args()
    options.bin, options.suite, options.out = (path.resolve() for path in (options.bin, options.suite, options.out))
    if not os.access(options.suite / "bin/wstest", os.X_OK):
        sys.exit(f"run.py: the Autobahn testsuite isn't in {options.suite}; ./dev conformance installs it")
    os.environ["PYTHONUNBUFFERED"] = "1"  # so that a log shows how far the suite came
    all_well = True
    # Two at a time: the suite is one process and mostly waits for its peer, and some cases count seconds.
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for lines, well in pool.map(lambda name: run(options, name), options.only or RUNS):
            print("\n".join(lines), flush=True)
            all_well = all_well and well
    sys.exit(0 if all_well else 1)


if __name__ == "__main__":
    main()
