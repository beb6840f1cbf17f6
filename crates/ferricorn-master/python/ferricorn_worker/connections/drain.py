"""Ends a worker's connections without losing a request.

Owns: the modes of a drain and its deadline. Does not own: accepting (`accept`), the move of a connection
(`handoff`), what a connection is (`protocol.interface`), the lifespan shutdown (uvicorn's).
Invariants: the drain ends at its deadline whatever the clients do; a connection is closed only when the kernel shows
no unread byte on it; a second order only shortens the deadline or turns a handoff into a close.

`handoff`: siblings keep serving. Idle plain HTTP/1.1 connections move to them at once, busy ones once they are idle.
What cannot move (TLS, other protocols) gets `Connection: close` on its next response, and is waited for until its
keep-alive time is over.
`close`: the whole service stops. Every response says `Connection: close` unless its client has sent the next request
already (`protocol.last_word`); a connection that is idle is closed when it has been so for `LINGER` seconds, which is
the time that a request already on its way has to arrive, and for `FIRST_LINGER` if it would be the first one.
`replace`: the worker's code is no longer on disk, and the next worker has to answer requests from now on. As
`handoff`, and every response says `Connection: close`, so that the client's next request waits for that worker.
In all of them, WebSockets are closed with code 1012 one after the other: their clients do not come back at once.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any, Literal

from ..logs.logs import log
from ..protocol.interface import Protocols
from ..talk import scoreboard
from ..talk.scoreboard import Scoreboard
from . import handoff
from .accept import Intake
from .connections import ConnectionSet

Mode = Literal["handoff", "replace", "close"]

LINGER = 0.3
"""Seconds that an idle connection is kept when the whole service stops: a round trip to the other side of the world."""

FIRST_LINGER = 1.0
"""Seconds that a connection is kept on which nothing was asked yet: its client has just opened it in order to ask."""

FAREWELL = 0.3
"""Seconds that a client has to answer the end of a TLS connection; one that keeps it in a pool answers never."""

GOODBYE = 0.2
"""Seconds that cancelled requests have to end and to be sent."""

SPREAD = 1.0
"""The most seconds over which the ends of WebSockets are spread."""

SPREAD_EACH = 0.01
"""Seconds from one WebSocket's end to the next, while that makes less than `SPREAD`."""

POLL = 0.01
"""Seconds between two looks at the connections."""

GRACE_OVER = "Graceful timeout is over"
"""What usually cuts requests, as the log says it."""

SHARES = 16
"""In how many messages idle connections are handed over at least, while there are as many."""

_PATHS_SHOWN = 5


class Drain:
    """One worker's drain, from the order to the last connection."""

    def __init__(
        self,
        protocols: Protocols,
        connections: ConnectionSet,
        tasks: set[asyncio.Task[None]],
        keep_alive: float,
        intake: Intake,
        board: Scoreboard,
        queue: socket.socket,
    ) -> None:
        """`tasks` are the requests under way, `keep_alive` is how many seconds a client may pause between two."""
        self._protocols = protocols
        self._connections = connections
        self._tasks = tasks
        self._keep_alive = keep_alive
        self._intake = intake
        self._board = board
        self._queue = queue
        self._mode: Mode | None = None
        self._moves = False
        self._begun = 0.0
        self._grace = 0.0
        self._deadline = 0.0
        self._cause = ""
        self._idle_since: dict[Any, float] = {}
        self._closing_since: dict[Any, float] = {}
        self._told: set[Any] = set()
        self._announced = False
        self.handed_over = 0
        self.cut = 0

    def order(self, mode: Mode, grace: float, cause: str = GRACE_OVER) -> None:
        """Begins, or hastens what has begun. `grace` is in seconds; `cause` is why requests are cut after that."""
        deadline = asyncio.get_running_loop().time() + grace
        if self._mode is None or deadline < self._deadline:
            self._cause = cause
        if self._mode is None:
            self._mode = mode
            self._begun = deadline - grace
            self._grace = grace
            self._deadline = deadline
            self._intake.stop(mode == "close", grace)
        else:
            self._deadline = min(self._deadline, deadline)
            self._grace = min(self._grace, grace)
            if mode == "close" and self._mode != "close":
                self._mode = mode
                self._intake.take_back()
        self._moves = self._mode != "close" and self._protocols.can_move()
        if not self._moves or self._mode == "replace":
            self.announce_close()

    async def run(self, on_done: Callable[[], None]) -> None:
        """Waits until everything is over, or the deadline; then counts what is left and cancels it; then reports."""
        loop = asyncio.get_running_loop()
        try:
            while not self._pass(loop.time()):
                left = self._deadline - loop.time()
                if left <= 0:
                    self._intake.close()
                    await self._cut()
                    break
                await asyncio.sleep(min(POLL, left))
        finally:
            self._intake.close()
            self._queue.close()
            on_done()

    def announce_close(self) -> None:
        """Makes every response of this server say `Connection: close`, and so end its connection."""
        if not self._announced:
            self._announced = True
            self._protocols.announce_close(self._connections)
            self._connections.announce_to(self._protocols.announce_close_on)

    def _pass(self, now: float) -> bool:
        protocols = self._protocols
        nobody_comes = self._intake.is_over()
        self._end_websockets(now)
        idle = []
        for connection in list(self._connections):
            if not protocols.is_http(connection):
                continue
            if protocols.is_closing(connection):
                self._abort_after_farewell(connection, now)
            elif not protocols.is_idle(connection):
                self._idle_since.pop(connection, None)
            else:
                idle.append(connection)
        for connection in self._hand_over(idle, now) if self._moves else idle:
            self._close_after_linger(connection, now)
        return nobody_comes and not self._connections and not self._tasks

    def _end_websockets(self, now: float) -> None:
        """WebSockets get code 1012 (service restart), HTTP/2 a GOAWAY: each once, and in turn."""
        protocols = self._protocols
        others = [it for it in self._connections if not protocols.is_http(it)]
        left = [it for it in others if it not in self._told and protocols.is_open(it)]
        if not left:
            return
        told = len(self._told)
        all_of_them = told + len(left)
        window = min(SPREAD, SPREAD_EACH * all_of_them, self._grace / 4)
        passed = now - self._begun
        due = all_of_them if passed >= window else 1 + int(all_of_them * passed / window)
        for connection in left[: max(0, due - told)]:
            self._told.add(connection)
            protocols.end(connection)

    def _hand_over(self, idle: list[Any], now: float) -> list[Any]:
        """Gives them to the siblings. Returns those that stay, because the queue is full or the kernel refuses them."""
        stay: list[Any] = []
        # A message goes to one sibling, so it is a small part of the whole.
        size = max(1, min(self._intake.batch, len(idle) // SHARES))
        for first in range(0, len(idle), size):
            batch = idle[first : first + size]
            try:
                sent = handoff.send(self._protocols, batch, self._queue, now)
            except BlockingIOError:
                # Hundreds may have to wait: one try in each look is enough.
                stay.extend(idle[first:])
                break
            if sent:
                self._connections.difference_update(batch)
            else:
                stay.extend(batch)
        moved = len(idle) - len(stay)
        self.handed_over += moved
        self._board.add(scoreboard.HANDED_OVER, moved)
        return stay

    def _close_after_linger(self, connection: Any, now: float) -> None:
        since = self._idle_since.setdefault(connection, now)
        if now - since < self._linger(connection) or self._protocols.unread(connection):
            return
        self._protocols.close(connection)

    def _abort_after_farewell(self, connection: Any, now: float) -> None:
        since = self._closing_since.setdefault(connection, now)
        if now - since >= FAREWELL and self._protocols.unsent(connection) == 0:
            self._protocols.abort(connection)

    def _linger(self, connection: Any) -> float:
        if self._mode == "close":
            return min(LINGER if self._protocols.has_carried(connection) else FIRST_LINGER, self._grace / 2)
        # Siblings serve, so this worker is not urgent: the client's own idle time may pass.
        return min(self._keep_alive, max(self._grace - 1.0, self._grace / 2))

    async def _cut(self) -> None:
        busy = [connection for connection in self._connections if not self._is_quiet(connection)]
        self.cut = max(len(self._tasks), len(busy))
        if self.cut:
            paths = sorted({path for path in map(self._protocols.path, busy) if path is not None})
            shown = ", ".join(f"`{path}`" for path in paths[:_PATHS_SHOWN])
            more = ", ..." if len(paths) > _PATHS_SHOWN else ""
            what = "request" if self.cut == 1 else "requests"
            where = f" ({shown}{more})" if shown else ""
            log.warning("%s: %d %s cut%s", self._cause, self.cut, what, where)
        # One line per request that is cut would be a traceback each; the line above has said it.
        logging.getLogger("uvicorn.error").addFilter(_is_not_cancellation)
        for task in list(self._tasks):
            task.cancel(self._cause)
        await self._abort_what_stays(asyncio.get_running_loop().time() + GOODBYE)

    async def _abort_what_stays(self, until: float) -> None:
        """Lets the cancelled requests end, then their connections.

        A client that does not read keeps a closing connection open for ever, with what was written for it; uvicorn
        would wait for that, and then tell of tasks that it has cancelled, none.
        """
        loop = asyncio.get_running_loop()
        while (self._connections or self._tasks) and loop.time() < until:
            await asyncio.sleep(POLL)
        for connection in list(self._connections):
            self._protocols.abort(connection)

    def _is_quiet(self, connection: Any) -> bool:
        """Whether nothing is lost when the connection ends now."""
        protocols = self._protocols
        if not protocols.is_http(connection):
            return False
        return protocols.is_idle(connection) or protocols.is_closing(connection)


def _is_not_cancellation(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)
