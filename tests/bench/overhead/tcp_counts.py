"""What the kernel counted for TCP connections: packets, and bytes above TCP: TLS records are in, TCP and IP headers aren't."""
import dataclasses
import re
import socket
import struct
import subprocess


@dataclasses.dataclass(frozen=True)
class Counts:
    """Both directions together."""
    bytes: int = 0
    packets: int = 0

    def __add__(self, other):
        return Counts(self.bytes + other.bytes, self.packets + other.packets)

    def __sub__(self, other):
        return Counts(self.bytes - other.bytes, self.packets - other.packets)


def of_socket(connection):
    """Of one of our own sockets, by struct tcp_info of linux/tcp.h."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 216)
    received, segments_out, segments_in = struct.unpack_from("=QII", info, 128)
    sent, sent_again = struct.unpack_from("=QQ", info, 200)
    return Counts(sent - sent_again + received, segments_out + segments_in)


def parse(text):
    """Lines of `ss -tinHO`: (own address, peer's address) -> Counts. ss leaves out what is 0."""
    connections = {}
    for line in text.splitlines():
        own, peer = line.split()[2:4]
        found = {name: int(value) for name, value in re.findall(r"\b(bytes_\w+|segs_\w+):(\d+)", line)}
        connections[own, peer] = Counts(
            found.get("bytes_sent", 0) - found.get("bytes_retrans", 0) + found.get("bytes_received", 0),
            found.get("segs_out", 0) + found.get("segs_in", 0))
    return connections


def accepted_on(port):
    """The connections whose server's end is here on `port`."""
    return parse(subprocess.run(["ss", "-tinHO", "state", "established", "sport", "=", f":{port}"], check=True,
                                capture_output=True, text=True).stdout)


def total(counts):
    return sum(counts, Counts())


def between(before, after):
    """What connections that stood all the time carried. One that came or went would make that wrong."""
    if before.keys() != after.keys():
        raise RuntimeError(f"connections came or went while they were measured: {set(before) ^ set(after)}")
    return total(after.values()) - total(before.values())
