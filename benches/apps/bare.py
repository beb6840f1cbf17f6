"""The least that an application can do: what is left is the server's own cost."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY = b"Hello, world!"
HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"13")]


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Greets; `/pid` tells which worker it is, so that the bench can spread its connections evenly."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    headers, body = HEADERS, BODY
    if scope["path"] == "/pid":
        body = str(os.getpid()).encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(receive: Receive, send: Send) -> None:
    """Acknowledges the start and the end of the worker."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
