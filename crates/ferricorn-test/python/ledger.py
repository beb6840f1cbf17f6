"""The application of the end-to-end tests: it notes each request in a ledger, and does what the path asks for.

Each answer carries the worker's pid in ``x-worker`` and the request's id in ``x-request``. The startup lasts as long as
there is a file ``closed-gate``, so that a test decides when a worker becomes ready.

==================================  ===================================================================
``/``, ``/work?id=7&delay=0.01``    answers ``ok`` after a delay
``/block?seconds=60``               blocks the event loop
``/post``                           answers the length of the body
``/stream?chunks=10&pause=0.05``    answers in pieces
``/events?count=10&pause=0.05``     sends events (server-sent events)
``/endless``                        answers for ever
``/take?mib=100``                   takes so much memory and keeps it
``/look?at=hung``                   looks at a file, in the event loop
``/die?how=exit``                   begins an answer, then exits without a word; ``crash``, ``block``: or so
WebSocket ``/echo``                 sends back each text
==================================  ===================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PID = os.getpid()
LEDGER = os.open(os.environ["FERRICORN_TEST_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

TAKEN: list[bytes] = []


def note(what: str, request: str = "-") -> None:
    os.write(LEDGER, f"{what} {request} {PID}\n".encode())


def block_the_loop(seconds: float) -> None:
    time.sleep(seconds)


WAYS_TO_DIE: dict[str, Callable[[], object]] = {
    "exit": lambda: os._exit(9),
    "crash": lambda: ctypes.string_at(0),
    "block": lambda: block_the_loop(1000),
}


async def app(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    query = dict(parse_qsl(scope["query_string"].decode()))
    request = query.get("id", "-")
    note("start", request)
    if scope["type"] == "websocket":
        # The server may close it between a text and its echo, and `send` then says so by an error.
        with contextlib.suppress(OSError):
            await echo(receive, send)
    else:
        await answer(scope["path"], query, request, receive, send)
    note("end", request)


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await asyncio.sleep(float(os.environ.get("STARTUP_DELAY", "0")))
            while os.path.exists("closed-gate"):
                await asyncio.sleep(0.001)
            note("startup")
            await send({"type": "lifespan.startup.complete"})
        else:
            await asyncio.sleep(float(os.environ.get("SHUTDOWN_DELAY", "0")))
            note("shutdown")
            await send({"type": "lifespan.shutdown.complete"})
            return


async def answer(path: str, query: dict[str, str], request: str, receive: Receive, send: Send) -> None:
    pieces = [b"ok"]
    pause = 0.0
    endless = False
    if path == "/block":
        block_the_loop(float(query["seconds"]))
    elif path == "/look":
        with contextlib.suppress(OSError):
            os.stat(query["at"])
    elif path == "/post":
        pieces = [str(await body_length(receive)).encode()]
    elif path == "/stream":
        pieces = [b"piece %d\n" % number for number in range(int(query["chunks"]))]
        pause = float(query["pause"])
    elif path == "/events":
        pieces = [b"id: %d\ndata: %s\n\n" % (number, request.encode()) for number in range(int(query["count"]))]
        pause = float(query["pause"])
    elif path in ("/endless", "/die"):
        endless = True
    elif path == "/take":
        # Not zeroes: pages that were never written are not resident.
        TAKEN.append(b"x" * (int(query["mib"]) << 20))
        pause = 0.05
    if "delay" in query:
        await asyncio.sleep(float(query["delay"]))
    headers = [(b"x-worker", b"%d" % PID), (b"x-request", request.encode())]
    if path == "/events":
        headers.append((b"content-type", b"text/event-stream"))
    if path not in ("/stream", "/events", "/endless", "/die"):
        headers.append((b"content-length", b"%d" % len(pieces[0])))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while endless:
        await send({"type": "http.response.body", "body": b"tick\n", "more_body": True})
        await asyncio.sleep(pause)
        if path == "/die":
            # The first piece is on its way, and says whose death this will be.
            await asyncio.sleep(0.05)
            WAYS_TO_DIE[query["how"]]()
    for piece in pieces[:-1]:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(pause)
    await send({"type": "http.response.body", "body": pieces[-1]})


async def body_length(receive: Receive) -> int:
    length = 0
    while True:
        message = await receive()
        length += len(message.get("body", b""))
        if not message.get("more_body", False):
            return length


async def echo(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept", "headers": [(b"x-worker", b"%d" % PID)]})
        elif message["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            return
