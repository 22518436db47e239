"""A real SMTP server (aiosmtpd) that writes each message it took to a folder, one file a message.

    mail.py HOST:PORT FOLDER [CERTIFICATE KEY]     with a certificate it requires STARTTLS

While there is a file FOLDER.mute, messages that contain its text are kept but not answered: the other side never learns
that it delivered.
"""
import asyncio
import itertools
import pathlib
import signal
import ssl
import sys
import threading

from aiosmtpd.controller import Controller

host, _, port = sys.argv[1].rpartition(":")
folder = pathlib.Path(sys.argv[2])
mute = folder.with_name(folder.name + ".mute")
folder.mkdir(parents=True, exist_ok=True)
numbers = itertools.count(len(list(folder.iterdir())))


class Keep:
    async def handle_DATA(self, server, session, envelope):
        part = folder / f".{next(numbers):04d}"
        part.write_bytes(envelope.content)
        part.rename(folder / part.name[1:])  # whoever lists the folder sees whole messages only
        if mute.exists() and mute.read_bytes() in envelope.content:
            await asyncio.Future()  # until the other side goes
        return "250 2.0.0 OK kept"


options = {}
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    options = {"tls_context": context, "require_starttls": True}
controller = Controller(Keep(), hostname=host, port=int(port), **options)
controller.start()
print("ready", flush=True)
done = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: done.set())
done.wait()
controller.stop()
