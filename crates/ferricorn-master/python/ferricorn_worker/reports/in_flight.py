"""The requests in flight: for the worker's own report, and in shared memory for the master when there is none.

Owns: this worker's page of the scoreboard, the age of the requests. Does not own: the layout
(`ferricorn_wire::scoreboard`, held together by `golden/scoreboard.json`), what is made of it (`stall`, the master).
Invariants: a request is in the page before any code of the application runs for it, since that code may take the
interpreter's lock and never give it back, or end the process; the query, where secrets are, is never in it.

To note the beginning of a request is paid for by every request, to note its end as well would double that. So the page
has two parts: what was in flight when the event loop last ran, renewed with each heartbeat, and the newest requests by
number. One that has begun since the last heartbeat may be the one that stopped it.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ..protocol.exchange import Application, follow
from ..protocol.interface import Protocols
from ..talk import scoreboard
from ..talk.scoreboard import METHOD_BYTES, NEWEST_PLACES, PLACE_BYTES, SEEN_PLACES, Scoreboard
from ..talk.tally import Tally

_NEW = struct.Struct(f"=Q{METHOD_BYTES}s{PLACE_BYTES - 8 - METHOD_BYTES}s")
"""The number of the request, its method and its path; `pack` cuts them, or fills up with NUL."""

_SEEN = struct.Struct(f"=Q{PLACE_BYTES - 8}s")
"""Since when it is known on the monotonic clock in nanoseconds, method and path."""

_SEEN_BYTES = SEEN_PLACES * PLACE_BYTES

_METHODS = {name: name.encode() for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}


class InFlight:
    """Which requests are under way, and since when, to a tenth of a second."""

    def __init__(self, board: Scoreboard, protocols: Protocols, tasks: set[asyncio.Task[None]]) -> None:
        self._board = board
        self._protocols = protocols
        self._tasks = tasks
        self._since: dict[asyncio.Task[None], int] = {}
        self._looked = time.monotonic_ns()
        self._begun: Callable[[], int] = int
        self._empty = True

    def wrap(self, app: Application, tally: Tally | None = None) -> Application:
        """The application, with a note of each request as it begins; and counting what no transport of ours counts."""
        begun = 0
        newest = self._board.page[_SEEN_BYTES:]
        pack = _NEW.pack_into
        native = self._protocols.noting(app, pack, newest, NEWEST_PLACES, PLACE_BYTES)
        clock = time.perf_counter
        followed = app if tally is None else partial(follow, tally, app)

        # Not a coroutine function: returning the application's own coroutine saves one per request.
        def noted(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
            nonlocal begun
            run = app
            try:
                # uvicorn's protocols call it with a method of the exchange's.
                exchange = send.__self__.transport
                if exchange.status is not None:
                    # Of a pipeline: no pause has counted the one before.
                    exchange.count(exchange)
                # The first request of a connection, or one of a pipeline: no pause has ended with it.
                exchange.started = exchange.started or clock()
            except AttributeError:
                # A WebSocket, or a protocol that is not uvicorn's.
                run = followed
            path = scope.get("raw_path")
            if path is not None:
                method = _METHODS.get(scope.get("method"), b"")
                if native is None:
                    begun += 1
                    pack(newest, begun % NEWEST_PLACES * PLACE_BYTES, begun, method, path)
                else:
                    native.note(method, path)
            return run(scope, receive, send)

        self._begun = (lambda: begun) if native is None else (lambda: native.begun)
        return noted

    def look(self) -> None:
        """Notes which requests are under way now, for the time until the next look."""
        now = time.monotonic_ns()
        before = self._since
        self._since = {task: before.get(task, now) for task in self._tasks}
        self._looked = now
        self._board.set(scoreboard.BEGUN, self._begun())
        if self._since or not self._empty:
            oldest = self.oldest_first()[:SEEN_PLACES]
            text = b"".join(_SEEN.pack(since, self.name_of(task).encode("utf-8", "replace")) for task, since in oldest)
            self._board.page[:_SEEN_BYTES] = text.ljust(_SEEN_BYTES, b"\0")
            self._empty = not oldest

    def oldest_first(self) -> list[tuple[asyncio.Task[None], int]]:
        """The requests, and since when on the monotonic clock in nanoseconds."""
        since = [(task, self._since.get(task, self._looked)) for task in self._tasks]
        return sorted(since, key=lambda item: item[1])

    def name_of(self, task: asyncio.Task[Any]) -> str:
        """Method and path of a request."""
        scope = self._protocols.scope_of(task)
        if scope is None:
            return "a request"
        # Without the query, where secrets are.
        path = "".join(character if character.isprintable() else "?" for character in str(scope.get("path", "")))
        return f"{scope.get('method', 'WEBSOCKET')} {path[:200]}"
