"""Readers of the event loop on the listening sockets, which workers leave to each other by turns.

Owns: the readers, and the pauses between two connections. Does not own: how a connection is taken (`accept`).
Invariants: one connection per wake-up, and only after siblings that have fewer had their turn; at its limit a worker
reads nothing until one of its connections ends.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from ..talk import scoreboard
from ..talk.scoreboard import Scoreboard
from .connections import ConnectionSet

TURN = 0.001
"""Seconds that a worker leaves to a sibling for each connection that it has more, before it accepts anyway.

In proportion, because a sibling may be slow for a moment (its first connection loads code): a small lead costs a new
connection next to nothing, a large one is worth a wait.
"""

LONGEST_TURN = 0.01
"""The most of it: a sibling that is stuck still counts as running for a while, and clients wait meanwhile."""

SHORTAGE_PAUSE = 0.1
"""Seconds without accepting after the system ran out of descriptors or memory."""


class Turns:
    """One worker's readers on some sources of connections."""

    def __init__(
        self,
        sources: list[socket.socket],
        board: Scoreboard,
        connections: ConnectionSet,
        limit: int | None,
        take: Callable[[socket.socket], object],
    ) -> None:
        """`take` takes in one connection, or one message of them; `limit` is how many may be open."""
        self._sources = sources
        self._board = board
        self._connections = connections
        self._limit = limit
        self._take = take
        self._paused: dict[socket.socket, asyncio.TimerHandle | None] = {}
        self._stopped = False
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Begins to read."""
        for source in self._sources:
            self._read(source)

    def stop(self) -> None:
        """Reads no more."""
        self._stopped = True
        for source in self._sources:
            self._loop.remove_reader(source.fileno())
        for timer in self._paused.values():
            if timer is not None:
                timer.cancel()
        self._paused.clear()

    def run_short(self, source: socket.socket) -> None:
        """Leaves a source alone for a while: there are no descriptors for what comes from it."""
        if not self._stopped:
            self._pause(source, SHORTAGE_PAUSE, take=False)

    def nudge(self) -> None:
        """A sibling has said that connections wait: this worker hears of each by itself."""

    def look(self) -> None:
        """Nothing has to be looked for ten times a second."""

    def has_room(self, _connection: Any) -> None:
        """Reads again if the limit was what kept it from that."""
        if self._limit is None or self._connections.count >= self._limit:
            return
        for source in [source for source, timer in self._paused.items() if timer is None]:
            del self._paused[source]
            self._read(source)
        self._board.set(scoreboard.STATE, scoreboard.ACCEPTING)

    def _read(self, source: socket.socket) -> None:
        self._loop.add_reader(source.fileno(), self._readable, source)

    def _readable(self, source: socket.socket) -> None:
        mine = self._connections.count
        if self._limit is not None and mine >= self._limit:
            self._pause_all()
        # A worker without connections is ahead of none.
        elif mine and (lead := self._board.lead(mine)):
            self._pause(source, min(TURN * lead, LONGEST_TURN), take=True)
        else:
            self._take(source)

    def _pause(self, source: socket.socket, seconds: float, take: bool) -> None:
        if source in self._paused:
            return
        self._loop.remove_reader(source.fileno())
        self._paused[source] = self._loop.call_later(seconds, self._resume, source, take)

    def _pause_all(self) -> None:
        self._board.set(scoreboard.STATE, scoreboard.FULL)
        for source in self._sources:
            timer = self._paused.pop(source, None)
            if timer is not None:
                timer.cancel()
            else:
                self._loop.remove_reader(source.fileno())
            self._paused[source] = None

    def _resume(self, source: socket.socket, take: bool) -> None:
        if self._stopped or self._paused.pop(source, None) is None:
            return
        self._read(source)
        if take and (self._limit is None or self._connections.count < self._limit):
            self._take(source)
