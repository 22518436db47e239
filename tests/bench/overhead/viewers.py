"""Clients that want to see every tick of one host, each way that there is; they count what was carried and how old it came."""
import json
import threading
import time
import urllib.parse

from connection import Connection, WebSocket
from tcp_counts import Counts

DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Viewer(threading.Thread):
    """`way` is one of WAYS' functions. `series` are the names that a way through history has to ask for."""

    def __init__(self, way, port, cookie, host, series, phase):
        super().__init__(daemon=True)
        self.way, self.port, self.cookie, self.host, self.series, self.phase = way, port, cookie, host, series, phase
        self.guard = threading.Lock()  # of what follows
        self.connection, self.carried, self.compressed = None, Counts(), False
        self.newest, self.ages = 0.0, []
        self.fault = None
        self.stopping = threading.Event()

    # --- read by whoever measures ---
    def counts(self):
        with self.guard:
            return self.carried + (self.connection.counts() if self.connection else Counts())

    def take_ages(self):
        """How old each tick was, in seconds, when it was first seen; since this was last asked."""
        with self.guard:
            ages, self.ages = self.ages, []
            return ages

    # --- the thread ---
    def run(self):
        try:
            for at in self.way(self):
                now = time.time()
                with self.guard:
                    if at > self.newest:
                        self.newest = at
                        self.ages.append(now - at)
                if self.stopping.is_set():
                    break
        except (OSError, ValueError, KeyError) as fault:
            self.fault = fault
        self.hang_up()

    def connect(self):
        connection = Connection(self.port)
        with self.guard:
            self.connection = connection
        return connection

    def hang_up(self):
        with self.guard:
            if self.connection:
                self.carried += self.connection.counts()
                self.connection.close()
            self.connection = None

    def head(self, target, more=""):
        """What curl sends; a browser sends some 500 bytes more."""
        return (f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUser-Agent: overhead/1\r\nAccept: */*\r\n"
                f"Accept-Encoding: gzip\r\nCookie: {self.cookie}\r\n{more}\r\n").encode()

    def seconds(self):
        """Each second anew, at a place of its own in it."""
        due = time.monotonic() + self.phase
        while not self.stopping.wait(max(0.0, due - time.monotonic())):
            yield
            due += 1


def shown(message, host):
    """Times of the ticks that a live message shows."""
    if message.get("topic") != f"host/{host}":
        return []
    return [row[0] for row in message["rows"]]


def websocket(viewer, extension=""):
    connection = viewer.connect()
    connection.send(viewer.head(
        "/api/v1/live", f"Origin: https://127.0.0.1:{viewer.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Protocol: vedette.live.v1\r\n{extension}"))
    deflated = "permessage-deflate" in connection.read_head(101).get("sec-websocket-extensions", "")
    if deflated != bool(extension):
        raise ConnectionError("permessage-deflate was offered and not taken, or the other way round")
    stream = WebSocket(connection, deflated)
    stream.send(1, json.dumps({"op": "subscribe", "topics": [f"host/{viewer.host}"]}).encode())
    while True:
        yield from shown(json.loads(stream.message()), viewer.host)


def websocket_deflate(viewer):
    return websocket(viewer, DEFLATE)


def sse(viewer):
    connection = viewer.connect()
    connection.send(viewer.head(f"/api/v1/live/events?topics=host/{viewer.host}"))
    head = connection.read_head(200)
    text = b""
    while True:
        text += connection.read_chunk() if head.get("transfer-encoding") == "chunked" else connection.read_through(b"\n")
        *lines, text = text.split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield from shown(json.loads(line[5:]), viewer.host)


def ask_on(viewer, connection, cursor, more=""):
    """What happened since the cursor, and the next one."""
    connection.send(viewer.head(f"/api/v1/live/poll?topics=host/{viewer.host}{cursor}", more))
    answer = connection.read_json()
    times = [at for event in answer["events"] for at in shown(event, viewer.host)]
    return times, "&cursor=" + answer["cursor"]


def long_poll(viewer):
    connection, cursor = viewer.connect(), ""
    while True:
        times, cursor = ask_on(viewer, connection, cursor)
        yield from times


def poll(viewer):
    """Once a second what came since: JSON polling as lean as it can be."""
    connection, cursor = viewer.connect(), ""
    for _ in viewer.seconds():
        times, cursor = ask_on(viewer, connection, cursor)
        yield from times


def poll_new_connection(viewer):
    """The same as a script does it that starts curl each second."""
    cursor = ""
    for _ in viewer.seconds():
        connection = viewer.connect()
        times, cursor = ask_on(viewer, connection, cursor, "Connection: close\r\n")
        connection.read_end()
        viewer.hang_up()
        yield from times


def poll_history(viewer):
    """Once a second all series' samples since the newest seen, from the REST API. A range that ends now has no ETag."""
    connection = viewer.connect()
    series = "".join("&series=" + urllib.parse.quote(name) for name in viewer.series)
    for _ in viewer.seconds():
        now = time.time()
        since = viewer.newest + 0.001 if viewer.newest else now - 1
        connection.send(viewer.head(f"/api/v1/history?host={viewer.host}{series}&from={since:.3f}&to={now:.3f}&step=0"))
        answer = connection.read_json()["series"]
        if answer:
            yield from answer[0]["t"]


WAYS = {
    "websocket": websocket,
    "websocket_deflate": websocket_deflate,
    "sse": sse,
    "long_poll": long_poll,
    "poll": poll,
    "poll_new_connection": poll_new_connection,
    "poll_history": poll_history,
}
