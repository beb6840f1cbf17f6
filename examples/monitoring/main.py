"""An application to watch: some of its answers are slow, some fail."""

import asyncio
import random
from typing import Any


async def app(scope: Any, receive: Any, send: Any) -> None:
    """`/slow` takes a while, `/fail` is an error one time in ten."""
    if scope["type"] != "http":
        return
    status = 200
    if scope["path"] == "/slow":
        await asyncio.sleep(random.expovariate(4))
    elif scope["path"] == "/fail" and random.random() < 0.1:
        status = 500
    body = b"hello\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
