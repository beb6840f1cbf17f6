"""Counting what does not pass the worker's own transport: WebSockets, and protocols that are not uvicorn's.

Owns: the wrapper around the application for these. Does not own: the counts (`talk.tally`), requests of uvicorn's
HTTP/1.1 protocols (`cork`, which sees the status and the end of a response without another function call).
Invariants: a handshake is counted once; a request of such a protocol is counted once, when its last part is sent.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from types import MethodType
from typing import Any

from ..talk.tally import ABORTED_BY_CLIENT, ABORTED_BY_WORKER, WEBSOCKETS_OPEN, Tally

Application = Callable[[Any, Any, Any], Awaitable[None]]


class _Exchange:
    """One request."""

    __slots__ = ("first", "started", "status", "streamed")

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.first = 0.0
        self.status: bytes | None = None
        self.streamed = False


async def follow(tally: Tally, app: Application, scope: Any, receive: Any, send: Any) -> None:
    """Calls the application, and counts what comes of it."""
    kind = scope["type"]
    if kind == "http":
        await _follow_request(tally, app, scope, receive, send)
    elif kind == "websocket":
        await _follow_websocket(tally, app, scope, receive, send)
    else:
        await app(scope, receive, send)


async def _follow_request(tally: Tally, app: Application, scope: Any, receive: Any, send: Any) -> None:
    exchange = _Exchange()
    # Applications find the connection by the object whose method `receive` is.
    request = getattr(receive, "__self__", None) or exchange
    complete = gone = False

    async def counted_receive(_request: Any) -> Any:
        nonlocal gone
        message = await receive()
        gone = gone or message["type"] == "http.disconnect"
        return message

    async def counted_send(message: Any) -> None:
        nonlocal complete
        if message["type"] == "http.response.start":
            exchange.status = str(message["status"]).encode()
        elif message["type"] == "http.response.body":
            exchange.first = exchange.first or time.perf_counter()
            if not message.get("more_body"):
                complete = True
                tally.count(exchange)
            else:
                exchange.streamed = True
        await send(message)

    try:
        await app(scope, MethodType(counted_receive, request), counted_send)
    except BaseException:
        if not complete and exchange.status is None and not gone:
            # The server answers with this.
            complete = True
            exchange.status = b"500"
            tally.count(exchange)
        raise
    finally:
        if not complete:
            tally.abort(exchange, ABORTED_BY_CLIENT if gone else ABORTED_BY_WORKER)


async def _follow_websocket(tally: Tally, app: Application, scope: Any, receive: Any, send: Any) -> None:
    code = 0
    opened = False

    async def counted_send(message: Any) -> None:
        nonlocal code, opened
        kind = message["type"]
        if not code:
            if kind == "websocket.accept":
                code, opened = 101, True
                tally.add(WEBSOCKETS_OPEN)
            elif kind == "websocket.http.response.start":
                code = int(message["status"])
            elif kind == "websocket.close":
                code = 403
            if code:
                tally.handshake(code)
        await send(message)

    try:
        await app(scope, receive, counted_send)
    finally:
        if not code:
            # The application has not answered, and the server does.
            tally.handshake(500)
        if opened:
            tally.add(WEBSOCKETS_OPEN, -1)
