"""A blocking TLS connection that knows what it carried, with as much HTTP/1.1 and WebSocket as a measurement needs."""
import gzip
import json
import socket
import ssl
import zlib

import tcp_counts
from websocket import frame, read_frame

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE  # the peer is our own child on loopback; the bytes are the same


class Connection:
    def __init__(self, port):
        tcp = socket.create_connection(("127.0.0.1", port), timeout=40)
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = CONTEXT.wrap_socket(tcp)
        self.buffer = b""

    def counts(self):
        return tcp_counts.of_socket(self.socket)

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _fill(self):
        more = self.socket.recv(65536)
        if not more:
            raise ConnectionError(f"the connection ended, behind {self.buffer[-200:]!r}")
        self.buffer += more

    def _take(self, size):
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def read(self, size):
        while len(self.buffer) < size:
            self._fill()
        return self._take(size)

    def read_through(self, mark):
        while mark not in self.buffer:
            self._fill()
        return self._take(self.buffer.index(mark) + len(mark))

    def read_end(self):
        """Waits for the peer's end, so that all it had to say is counted."""
        while self.socket.recv(65536):
            pass

    def read_head(self, status):
        lines = self.read_through(b"\r\n\r\n").decode().split("\r\n")
        if lines[0].split()[1] != str(status):
            raise ConnectionError(f"answered {lines[0]}")
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}

    def read_json(self):
        head = self.read_head(200)
        body = self.read(int(head["content-length"]))
        return json.loads(gzip.decompress(body) if head.get("content-encoding") == "gzip" else body)

    def read_chunk(self):
        size = int(self.read_through(b"\r\n"), 16)
        return self.read(size + 2)[:-2]


class WebSocket:
    """Over a connection that was upgraded."""

    def __init__(self, connection, deflated):
        self.connection, self.deflated = connection, deflated

    def send(self, opcode, payload):
        self.connection.send(frame(opcode, payload))

    def message(self):
        """The next text; the collector sends each in one frame. Pings are answered."""
        while True:
            first, payload = read_frame(self.connection.read)
            opcode = first & 15
            if opcode == 1 and first & 0x80:
                return inflate(payload) if self.deflated and first & 0x40 else payload
            if opcode != 9:
                raise ConnectionError(f"a frame that begins with {first:#x}: {payload[:200]!r}")
            self.send(10, payload)


def inflate(text):
    """One message of permessage-deflate (RFC 7692 7.2.2) without context takeover."""
    return zlib.decompressobj(-15).decompress(text + b"\x00\x00\xff\xff")
