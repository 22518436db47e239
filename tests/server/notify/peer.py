"""The far end of a receiver, for tests: a real SMTP or HTTP server on 127.0.0.1.

    peer.py smtp|smtps|http|https PORT FOLDER [CERTIFICATE KEY]

Prints its port (PORT 0: any), keeps each message as a file in FOLDER. smtp with a certificate requires STARTTLS; every
smtp over TLS takes the login "vedette" with "secret phrase". http answers POST /hook with 200, /moved with a redirect,
anything else with 500.
"""
import asyncio
import http.server
import itertools
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

kind, port, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
folder.mkdir(parents=True, exist_ok=True)
numbers = itertools.count(len(list(folder.iterdir())))
context = None
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])


def keep(content):
    part = folder / f".{next(numbers):04d}"
    part.write_bytes(content)
    part.rename(folder / part.name[1:])


class Mail:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        keep(envelope.content)
        return "250 2.0.0 OK kept"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"vedette", b"secret phrase")
    return AuthResult(success=right, handled=False)


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = {"/hook": 200, "/moved": 302}.get(self.path, 500)
        if status == 200:
            keep(body)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/hook")
        self.end_headers()
        self.wfile.write(b"taken" if status == 200 else b"no")

    def log_message(self, *_):
        pass


if kind.startswith("smtp"):
    options = {"tls_context": context, "require_starttls": True} if context and kind == "smtp" else {}
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # Not Controller: it connects to the port that was asked for, and 0 can't be connected to.
    made = loop.create_server(
        lambda: SMTP(Mail(), loop=loop, authenticator=authenticate, auth_require_tls=False, **options),
        "127.0.0.1", port, ssl=context if kind == "smtps" else None)
    server = loop.run_until_complete(made)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.run_forever()
else:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Hook)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()
