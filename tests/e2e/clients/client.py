"""A viewer over Python's `websockets`. What every client here does, and prints, is said in clients.test.mjs.

    client.py URL CA USER PASSWORD deflate|plain
"""
import asyncio
import json
import ssl
import sys
import urllib.request

import websockets

URL, CA, USER, PASSWORD, COMPRESSION = sys.argv[1:]
TLS = ssl.create_default_context(cafile=CA)
# 14 renamed it, and keeps what was negotiated elsewhere.
NEW = int(websockets.version.version.split(".")[0]) >= 14


def say(**what):
    print(json.dumps(what), flush=True)


def log_in():
    body = json.dumps({"user": USER, "password": PASSWORD}).encode()
    request = urllib.request.Request(URL + "/api/v1/session", body, {"Origin": URL, "X-Requested-With": "vedette"})
    with urllib.request.urlopen(request, context=TLS, timeout=10) as answer:
        return answer.headers["Set-Cookie"].split(";")[0]


def connect(cookie):
    headers = {"additional_headers" if NEW else "extra_headers": {"Cookie": cookie}}
    return websockets.connect(URL.replace("https:", "wss:") + "/api/v1/live", ssl=TLS, origin=URL, subprotocols=["vedette.live.v1"],
                              compression="deflate" if COMPRESSION == "deflate" else None, **headers)


async def receive(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def receive_type(socket, wanted):
    while (message := await receive(socket))["type"] != wanted:
        pass
    return message


async def main():
    cookie = await asyncio.to_thread(log_in)
    async with connect(cookie) as socket:
        extensions = (socket.protocol if NEW else socket).extensions
        say(subprotocol=socket.subprotocol, compressed=any(one.name == "permessage-deflate" for one in extensions))
        await socket.send(['{"op":"subsc', 'ribe","to', 'pics":["fleet"]}'])  # a list goes as fragments
        snapshot = await receive(socket)
        say(first=snapshot["type"], topic=snapshot["topic"], rows=len(snapshot["rows"]))
        say(then=(await receive_type(socket, "delta"))["topic"])
        await asyncio.wait_for(await socket.ping(b"are you there"), 10)
        say(pong=True)
        await socket.send('{"op":"dance"}')
        say(error=(await receive_type(socket, "error"))["message"])
        async with connect(cookie) as other:
            await other.close(1000, "enough")
            say(closed=other.close_code)
        say(waiting=True)
        try:
            while True:
                await asyncio.wait_for(socket.recv(), 60)
        except websockets.ConnectionClosed:
            say(ended=socket.close_code, reason=socket.close_reason)


asyncio.run(main())
