"""What hostile peers do. Each attack takes a Door, begins when entered and is over when left; it never fails itself."""
import contextlib
import os
import socket
import ssl
import struct
import threading
import zlib

from websocket import frame

PATIENCE = 5  # seconds that an attacker waits for an answer


def context():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    return tls


CONTEXT = context()


class Door:
    """Where to knock: a port, and how a WebSocket is opened there."""

    def __init__(self, port, path="/", headers=""):
        self.port, self.path, self.headers = port, path, headers

    def connect(self, address="127.0.0.1"):
        sock = socket.socket()
        sock.settimeout(PATIENCE)
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", self.port))
        return sock

    def secure(self, address="127.0.0.1"):
        return CONTEXT.wrap_socket(self.connect(address))

    def websocket(self, address):
        sock = self.secure(address)
        sock.sendall(f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{self.headers}\r\n".encode())
        answer = sock.recv(4096)
        if not answer.startswith(b"HTTP/1.1 101 "):
            sock.close()
            raise AssertionError(answer)
        return sock


def vanish(sock):
    """Closes without a word: no FIN, no RST (TCP_REPAIR, tcp(7)); needs CAP_NET_ADMIN."""
    sock.setsockopt(socket.IPPROTO_TCP, 19, 1)
    sock.close()


class Holders:
    """`count` connections from `addresses` source addresses, each brought to a point where the server waits for it.

    As many as the server keeps stay open until the end; the others are counted, up to `most_refused`.
    """

    def __init__(self, door, count, addresses, bring, vanishing=False, most_refused=10**9):
        self.door, self.count, self.addresses, self.bring, self.vanishing = door, count, addresses, bring, vanishing
        self.held, self.refused, self.most_refused = [], 0, most_refused

    def __enter__(self):
        for i in range(self.count):
            if self.refused > self.most_refused:
                break
            try:
                self.held.append(self.bring(self.door, f"127.9.{i % self.addresses}.1"))
            except OSError:
                self.refused += 1
        if self.vanishing:
            for sock in self.held:
                vanish(sock)
            self.held = []
        return self

    def __exit__(self, *_):
        for sock in self.held:
            sock.close()


def slow_handshake(door, address):
    sock = door.connect(address)
    sock.sendall(b"\x16\x03\x01\x02\x00\x01")  # the begin of a ClientHello
    return sock


def slow_head(door, address):
    sock = door.secure(address)
    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    return sock


def slow_body(door, address):
    sock = door.secure(address)
    sock.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                 b"Content-Length: 4000\r\n\r\n{")
    return sock


def slow_reader(door, address):
    """Asks for much and takes nothing."""
    sock = door.secure(address)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(0.01)
    with contextlib.suppress(TimeoutError, ssl.SSLWantWriteError):
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10)
    return sock


class Flood:
    """Peers that send `chunk` again and again as fast as it is taken, and never read. `sent` counts bytes."""

    def __init__(self, door, peers, opening, chunk):
        self.door, self.peers, self.opening, self.chunk = door, peers, opening, chunk
        self.stop, self.sent, self.threads = threading.Event(), 0, []

    def _run(self, number):
        with contextlib.suppress(OSError, AssertionError):
            with self.opening(self.door, f"127.9.{number}.1") as sock:
                sock.settimeout(0.2)
                rest = memoryview(self.chunk)
                while not self.stop.is_set():
                    with contextlib.suppress(TimeoutError, ssl.SSLWantWriteError):
                        count = sock.send(rest)
                        self.sent += count
                        rest = rest[count:] or memoryview(self.chunk)

    def __enter__(self):
        self.threads = [threading.Thread(target=self._run, args=(i,)) for i in range(self.peers)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


PINGS = frame(9, b"p" * 125) * 500
FRAGMENTS = frame(0, b"f", fin=False) * 8000


def pings(door, peers=1):
    return Flood(door, peers, Door.websocket, PINGS)


def begin_fragments(door, address):
    sock = door.websocket(address)
    sock.sendall(frame(2, b"f", fin=False))
    return sock


def fragments(door, peers=1):
    return Flood(door, peers, begin_fragments, FRAGMENTS)


def begin_head(door, address):
    sock = door.secure(address)
    sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    return sock


def endless_head(door, peers=1):
    return Flood(door, peers, begin_head, b"X-More: and more\r\n" * 3000)


BIG = 200_000_000


def begin_big_frame(door, address):
    sock = door.websocket(address)
    sock.sendall(frame(2, b"", announced=BIG))
    return sock


def begin_big_frame_unasked(door, address):
    """Doesn't wait for the upgrade, which it isn't entitled to."""
    sock = door.secure(address)
    sock.sendall(f"GET {door.path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
    sock.sendall(frame(2, b"", announced=BIG))
    return sock


def big_frame(door, begin=begin_big_frame):
    return Flood(door, 1, begin, bytes(200_000))


class Storm(Flood):
    """One short visit after another, of each peer; `pause` seconds between two of them. A visit that fails isn't counted."""

    def __init__(self, door, peers, visit, pause):
        super().__init__(door, peers, None, b"")
        self.visit, self.pause, self.visits = visit, pause, 0

    def _run(self, number):
        while not self.stop.wait(self.pause):
            with contextlib.suppress(OSError, AssertionError):
                self.visit(self.door, f"127.9.{number}.1")
                self.visits += 1


def garbage(door, address):
    with door.connect(address) as sock, contextlib.suppress(ConnectionError):
        sock.sendall(os.urandom(1000))
        while sock.recv(4096):
            pass


def reset(door, address):
    """In the middle of the handshake."""
    with slow_handshake(door, address) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n"
RSV1 = 0x40


def zeros(size):
    """`size` bytes of nothing as permessage-deflate sends them (RFC 7692, 7.2.1): about a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(bytes(size)) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def bomb(size, fragments=1):
    """A visit: one message that would expand to `size` bytes, in `fragments` frames; its answer has to be 1009.

    It is sent again and again on one connection until the server says that it has enough.
    """
    packed = zeros(size)
    step = -(-len(packed) // fragments)
    parts = [packed[i:i + step] for i in range(0, len(packed), step)]
    message = b"".join(frame(2 | RSV1 if i == 0 else 0, part, fin=i == len(parts) - 1) for i, part in enumerate(parts))

    def visit(door, address):
        with door.websocket(address) as sock:
            answer = b""
            sock.sendall(message)
            with contextlib.suppress(ConnectionError):
                sock.sendall(message * 10)
                sock.sendall(frame(8, struct.pack("!H", 1000)))
                while piece := sock.recv(65536):
                    answer += piece
            assert struct.pack("!H", 1009) in answer, answer[-64:]
    return visit


def bombs(door, size, fragments=1, peers=4):
    return Storm(door, peers, bomb(size, fragments), 0.02)
