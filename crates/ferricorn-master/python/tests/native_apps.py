"""The application of the native protocol's tests: it shows what a request came to."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """`/slow` waits 0.8 s, `/stream` has no length, `/big` is 1 MiB; anything else says scope and body as JSON."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in (b"one,", b"two,", b"three"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(0.8)
    told = b"x" * (1 << 20) if scope["path"] == "/big" else json.dumps(await seen(scope, receive)).encode()
    headers = [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told})


async def seen(scope: dict[str, Any], receive: Any) -> dict[str, Any]:
    """Scope and body, as JSON can say them."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message["body"]
        more = message["more_body"]
    names = ("type", "method", "http_version", "scheme", "path", "root_path", "asgi", "state", "server")
    told = {name: scope[name] for name in names}
    for name in ("raw_path", "query_string"):
        told[name] = scope[name].decode("latin-1")
    told["headers"] = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    return {**told, "client": scope["client"][0], "body": body.decode("latin-1"), "complete": not more}


async def with_late_filter(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """`/filter` gives the access log a filter that hides `/hidden`, while requests come."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/filter":
        logging.getLogger("uvicorn.access").addFilter(lambda record: "/hidden" not in record.getMessage())
    await app(scope, receive, send)
