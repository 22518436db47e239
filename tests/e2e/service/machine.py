"""A machine of our own to install packages on: a Debian root booted with systemd-nspawn in a network namespace.

The base root (debootstrap plus what the packages depend on) is made once and kept under the build folder; each Machine
boots a copy of it. Needs root. Everything is bounded in time and only processes started here are stopped.
"""
import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

BASE_PACKAGES = "systemd,systemd-sysv,dbus,iproute2,procps,ca-certificates"
APT = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q", "--no-install-recommends"]


def sh(*command, timeout=120, **kwargs):
    """Runs a command to its end; its output is in the exception if it fails."""
    done = subprocess.run([str(c) for c in command], text=True, capture_output=True, timeout=timeout, **kwargs)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_until(what, condition, seconds=30.0, step=0.1):
    """Awaits a condition; the last exception or value is in the message if it doesn't come true."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            last = condition()
            if last:
                return last
        except Exception as error:  # not there yet: the next round asks again
            last = error
        time.sleep(step)
    raise AssertionError(f"{what}: not within {seconds} s; last: {last!r}")


def free_ports(count):
    """Different ports of 127.0.0.1 that nothing listens on now: for what must be known beforehand or taken up again after a
    restart, so that 0 won't do."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def free_port():
    return free_ports(1)[0]


def suite():
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise RuntimeError("/etc/os-release names no VERSION_CODENAME")


def mirror():
    """The mirror this machine's own apt uses."""
    for source in sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*.sources")):
        for line in source.read_text().splitlines():
            if line.startswith("URIs:"):
                return line.split()[1]
    for line in pathlib.Path("/etc/apt/sources.list").read_text().splitlines():
        if line.startswith("deb "):
            return next(word for word in line.split() if "://" in word)
    raise RuntimeError("no apt source names a mirror")


def base_root(folder, debs):
    """The base root with the packages' dependencies, made when missing or when those dependencies changed."""
    depends = sorted(sh("dpkg-deb", "-f", deb, "Depends") for deb in debs)
    key = hashlib.sha256("\n".join([suite(), BASE_PACKAGES, *depends]).encode()).hexdigest()[:16]
    root = pathlib.Path(folder) / f"{suite()}-{key}"
    if (root / ".complete").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    sh("debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", suite(), root, mirror(), timeout=600)
    _borrow_apt(root)
    names = ",".join(depends).replace("\n", ",").split(",")
    wanted = sorted({name.split("(")[0].split("|")[0].strip() for name in names} - {""})
    sh("chroot", root, *APT, "update", timeout=300)
    sh("chroot", root, *APT, "install", *wanted, timeout=600)
    (root / "etc/machine-id").write_text("")
    (root / ".complete").touch()
    return root


def _borrow_apt(root):
    """Lets the root fetch packages the way this machine does."""
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    for source in ["/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt"]:
        if os.path.exists(source):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(root / source.lstrip("/"))
            shutil.copy(source, root / source.lstrip("/"))
    for folder in ["/etc/apt/apt.conf.d", "/etc/apt/sources.list.d"]:
        shutil.copytree(folder, root / folder.lstrip("/"), dirs_exist_ok=True)


class Machine:
    """One booted machine. `with Machine(base, work) as machine: machine.run("systemctl", "status")`."""

    def __init__(self, base, folder, name):
        self.root = pathlib.Path(folder) / name
        self.netns = name
        self.process = None
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        sh("cp", "-a", "--reflink=auto", base, self.root, timeout=300)
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)

    def __enter__(self):
        subprocess.run(["ip", "netns", "del", self.netns], capture_output=True)
        sh("ip", "netns", "add", self.netns)
        sh("ip", "-n", self.netns, "link", "set", "lo", "up")
        self.boot()
        return self

    def boot(self):
        with open(f"{self.root}.console", "ab") as console:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "-q", "-D", str(self.root), "--register=no", "--keep-unit", f"--machine={self.netns}",
                 f"--network-namespace-path=/run/netns/{self.netns}", "--boot"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
        self.wait_booted()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)  # nspawn: an orderly power-off of the machine
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        subprocess.run(["ip", "netns", "del", self.netns], capture_output=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def leader(self):
        """The pid, out here, of the machine's PID 1."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return next(pid for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() in ("systemd", "init"))

    def run(self, *command, timeout=60, text=None):
        """Runs a command inside as root; returns its output."""
        inside = ["nsenter", "-t", self.leader(), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--", "env", "-i",
                  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", *command]
        return sh(*inside, timeout=timeout, input=text)

    def wait_booted(self):
        wait_until("systemd is up", lambda: subprocess.run(
            ["nsenter", "-t", self.leader(), "-m", "-p", "-r", "--", "systemctl", "is-system-running"],
            capture_output=True, text=True).stdout.strip() in ("running", "degraded"), 60)

    def reboot(self):
        with contextlib.suppress(RuntimeError):  # the shell inside ends with the machine
            self.run("systemctl", "reboot")
        status = self.process.wait(60)
        if status != 133:  # what nspawn answers to a reboot under --keep-unit: "start me again"
            raise RuntimeError(f"the machine did not reboot: nspawn ended with {status}")
        self.boot()
