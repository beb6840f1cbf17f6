"""An application whose answers are counted."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The first part of the path says what it does, the second how."""
    if scope["type"] == "lifespan":
        return
    _, what, how, *_ = (scope["path"] + "//").split("/")
    if scope["type"] == "websocket":
        await receive()
        if what == "accept":
            await send({"type": "websocket.accept"})
            await receive()
        elif what == "refuse":
            await send({"type": "websocket.close"})
        return
    if what == "sleep":
        await asyncio.sleep(float(how))
    if what == "body":
        await receive()
    if what == "fork":
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        elif how == "exit":
            sys.exit(7)
        elif how == "fail":
            raise ValueError("in the child")
    if what == "fail":
        raise ValueError("on purpose")
    status = int(how) if what == "status" else 200
    if what == "stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(float(how))
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"HTTP/1.1 404 is no head", "more_body": True})
            await asyncio.sleep(float(how))
        await send({"type": "http.response.body", "body": b""})
        return
    body = b"" if status in (204, 304) else b"done"
    headers = [(b"content-length", str(len(body)).encode())]
    if what == "close":
        headers.append((b"connection", b"close"))
    if what == "half":
        headers = [(b"content-length", b"100")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if what == "half":
        await send({"type": "http.response.body", "body": body, "more_body": True})
        if how:
            await asyncio.sleep(float(how))
        raise ValueError("on purpose")
    await send({"type": "http.response.body", "body": body})
