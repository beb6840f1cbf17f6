"""The access log: what is known about a request at its end.

Owns: the wrapper around the application. Does not own: what is made of it (`access_format`, `access_records`).
Invariants: each request is recorded once, also when its client has gone or it was cancelled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from ...protocol.native.access_lines import AccessLines

Headers = Iterable[tuple[bytes, bytes]]
Application = Callable[[Any, Any, Any], Awaitable[None]]
Record = Callable[[Any, int, int, Headers, float], None]
"""Of the scope, the status, the bytes of the body, the response's headers and the seconds it took."""

AtStart = Callable[[Any, int], None]
"""Of the scope and the status."""

Change = Callable[[Record, AtStart | None], None]
"""Changes what is called at the end of each request, and what at the beginning of its answer."""

_STATUS_OF_ERROR = 500
_STATUS_OF_CANCELLATION = 499
"""nginx's number for a request whose client has closed the connection."""


def wrap(
    app: Application,
    record: Record,
    attach: Callable[[Change], None] | None = None,
    lines: AccessLines | None = None,
) -> Application:
    """The application with an access log around it. `attach` is given the function that changes what is called.

    Both are called in the context of the application, what is called at the beginning before the answer is sent.
    `lines` is for a protocol that writes the lines of its requests by itself.
    """
    clock = time.perf_counter
    at_start: AtStart | None = None

    def change(new: Record, new_at_start: AtStart | None) -> None:
        nonlocal record, at_start
        record, at_start = new, new_at_start
        if lines is not None:
            lines.change(new, new_at_start)

    change(record, None)
    if attach is not None:
        attach(change)

    async def logged(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        status = 0
        size = 0
        headers: Headers = ()

        # Not a coroutine function: returning uvicorn's own coroutine saves one per message.
        def observed(message: Any) -> Any:
            nonlocal status, size, headers
            kind = message["type"]
            if kind == "http.response.body" or kind == "websocket.http.response.body":
                size += len(message.get("body", b""))
            elif kind == "http.response.start" or kind == "websocket.http.response.start":
                status = message["status"]
                headers = message.get("headers", ())
                if at_start is not None:
                    at_start(scope, status)
            elif kind == "websocket.accept":
                status = 101
                headers = message.get("headers", ())
            elif kind == "websocket.close" and not status:
                status = 403
            return send(message)

        started = clock()
        try:
            await app(scope, receive, observed)
        except asyncio.CancelledError:
            status = status or _STATUS_OF_CANCELLATION
            raise
        finally:
            if not status:
                status = _STATUS_OF_ERROR
                if at_start is not None:
                    at_start(scope, status)
            record(scope, status, size, headers, clock() - started)

    return logged if lines is None else _beside(app, logged, lines)


def _beside(app: Application, logged: Application, lines: AccessLines) -> Application:
    """The application alone for a request whose protocol writes the line, with an access log around it for others."""

    def logged_once(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        try:
            # Whatever else stands before the application gives it a `send` of its own.
            is_native = lines.is_plain and send.__self__.log_natively()
        except AttributeError:
            is_native = False
        return app(scope, receive, send) if is_native else logged(scope, receive, send)

    return logged_once


def all_of(first: Record, *others: Record) -> Record:
    """One record that is all of these."""
    if not others:
        return first

    def record(scope: Any, status: int, size: int, headers: Headers, seconds: float) -> None:
        first(scope, status, size, headers, seconds)
        for other in others:
            other(scope, status, size, headers, seconds)

    return record
