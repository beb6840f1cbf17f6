"""Takes connections in: from the listening sockets, and from siblings that drain.

Owns: the readers on the listeners and on the handoff queue, the connection limit, the spread over workers.
Does not own: the protocols (uvicorn's), the end of connections (`drain`).
Invariants: one connection per wake-up, and only after siblings that have fewer had their turn; the count that
siblings read is stored before the next accept; an error of accept(2) never ends the worker.

Why not the event loop's own server: it accepts until the queue is empty, so the worker that wakes first gets
everything (94 % of 20 connections on asyncio with two workers), and it cannot stop at a limit. With one worker and no
limit neither matters, and the event loop's own is used because it is cheaper.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

from . import forked, handoff, scoreboard
from .connections import ConnectionSet
from .logs import log
from .scoreboard import Scoreboard

TURN = 0.001
"""Seconds that a worker leaves to a sibling for each connection that it has more, before it accepts anyway.

In proportion, because a sibling may be slow for a moment (its first connection loads code): a small lead costs a new
connection next to nothing, a large one is worth a wait.
"""

LONGEST_TURN = 0.01
"""The most of it: a sibling that is stuck still counts as running for `FRESH`, and clients wait meanwhile."""

SHORTAGE_PAUSE = 0.1
"""Seconds without accepting after the system ran out of descriptors or memory."""

WARNING_INTERVAL = 10.0
"""Seconds between two warnings about the same shortage."""

QUEUE_LIMIT = 100_000
"""The most connections that the emptying of an accept queue takes: more than any backlog."""

_SHORTAGE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Intake:
    """Everything through which connections come into this worker."""

    def __init__(
        self,
        listeners: list[socket.socket],
        queue: socket.socket,
        board: Scoreboard,
        connections: ConnectionSet,
        limit: int | None,
        balanced: bool,
    ) -> None:
        self._listeners = listeners
        self._queue = queue
        self._board = board
        self._connections = connections
        self._limit = limit
        self._own_acceptor = balanced or limit is not None
        self._opening = 0
        self._open_tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.AbstractServer] = []
        self._paused: dict[socket.socket, asyncio.TimerHandle | None] = {}
        self._running = False
        self._stopped = False
        self._warned = float("-inf")
        self._spares = handoff.Spares()

    async def start(
        self,
        factory: Callable[[], asyncio.Protocol],
        ssl: Any,
        backlog: int,
    ) -> None:
        """Begins to accept. Raises `OSError` if the event loop refuses a listener."""
        if self._stopped:
            return
        self._loop = asyncio.get_running_loop()
        self._factory = factory
        self._ssl = ssl
        for listener in (*self._listeners, self._queue):
            listener.setblocking(False)
            forked.keep(listener.fileno())
        if not self._own_acceptor:
            for listener in self._listeners:
                # A copy: the drain still needs the socket after the server has closed its own.
                server = await self._loop.create_server(factory, sock=listener.dup(), ssl=ssl, backlog=backlog)
                self._servers.append(server)
        if self._stopped:
            self._close_servers()
            return
        self._running = True
        self._connections.on_discard = self._has_room
        for source in self._sources():
            self._loop.add_reader(source.fileno(), self._readable, source)
        self._board.set(scoreboard.STATE, scoreboard.ACCEPTING)

    @property
    def opening(self) -> int:
        """Connections that are accepted and have no protocol yet (TLS handshakes above all)."""
        return self._opening

    @property
    def batch(self) -> int:
        """How many connections may come to a sibling at once: one if it has a limit, and so maybe room for just one."""
        return handoff.BATCH if self._limit is None else 1

    def publish(self) -> None:
        """Stores the number of connections for siblings and master."""
        self._board.set(scoreboard.CONNECTIONS, len(self._connections) + self._opening)

    def stop(self, empty_queues: bool) -> None:
        """Stops accepting for good, and closes this worker's copies of the listening sockets.

        With `empty_queues` it first takes in every connection whose handshake the kernel has finished, or that waits in
        the handoff queue: nobody else will when the whole service stops.
        """
        if self._stopped:
            return
        self._stopped = True
        self._board.set(scoreboard.STATE, scoreboard.DRAINING)
        if self._running:
            for source in self._sources():
                self._loop.remove_reader(source.fileno())
        for timer in self._paused.values():
            if timer is not None:
                timer.cancel()
        self._paused.clear()
        self._connections.on_discard = None
        self._close_servers()
        if empty_queues and self._running:
            for listener in self._listeners:
                self._take_all(listener)
            self.take_back()
        for listener in self._listeners:
            listener.close()
        self.publish()

    def take_back(self) -> None:
        """Takes in what waits in the handoff queue.

        Also a worker that has itself put it there does so when the whole service begins to stop: the siblings that
        were to take it may have looked for the last time already.
        """
        if self._running:
            self._take_all(self._queue)

    def _take_all(self, source: socket.socket) -> None:
        taken = 0
        while taken < QUEUE_LIMIT and self._take(source):
            taken += 1

    def _close_servers(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []

    def _sources(self) -> list[socket.socket]:
        return [*self._listeners, self._queue] if self._own_acceptor else [self._queue]

    def _readable(self, source: socket.socket) -> None:
        mine = len(self._connections) + self._opening
        if self._limit is not None and mine >= self._limit:
            self._pause_all()
        # Whoever has none is ahead of nobody.
        elif mine and (lead := self._board.lead(mine)):
            self._pause(source, min(TURN * lead, LONGEST_TURN), take=True)
        else:
            self._take(source)

    def _take(self, source: socket.socket) -> bool:
        """Takes in what one message or one accept(2) gives. Returns whether there may be more."""
        taken: list[tuple[socket.socket, float | None]] = []
        try:
            if source is self._queue:
                taken.extend(self._receive())
                self._board.add(scoreboard.TAKEN_OVER, len(taken))
            else:
                connection, _address = source.accept()
                connection.setblocking(False)
                taken.append((connection, None))
                self._board.add(scoreboard.ACCEPTED)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if error.errno in _SHORTAGE:
                self._warn(error)
                if not self._stopped:
                    self._pause(source, SHORTAGE_PAUSE, take=False)
                return False
            # The client has gone before it was accepted (ECONNABORTED and the like, see accept(2)).
            return error.errno == errno.ECONNABORTED
        self._opening += len(taken)
        self.publish()
        for connection, remaining in taken:
            self._spawn(self._open(connection, remaining))
        return True

    def _receive(self) -> list[tuple[socket.socket, float]]:
        """The connections of one message. Raises `OSError` also when there are no descriptors for them."""
        if not self._spares.hold():
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        self._spares.release()
        try:
            return handoff.receive(self._queue)
        finally:
            self._spares.hold()

    async def _open(self, connection: socket.socket, remaining: float | None) -> None:
        try:
            _transport, protocol = await self._loop.connect_accepted_socket(self._factory, connection, ssl=self._ssl)
            if remaining is not None:
                handoff.adopt(protocol, remaining)
        except Exception as error:
            # A TLS handshake that failed, or a client that has gone.
            log.debug("Connection could not be opened: %s", error)
            connection.close()
        finally:
            self._opening -= 1
            if not self._stopped:
                self._has_room()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._open_tasks.add(task)
        task.add_done_callback(self._open_tasks.discard)

    def _pause(self, source: socket.socket, seconds: float | None, take: bool) -> None:
        if source in self._paused:
            return
        self._loop.remove_reader(source.fileno())
        self._paused[source] = None if seconds is None else self._loop.call_later(seconds, self._resume, source, take)

    def _pause_all(self) -> None:
        self._board.set(scoreboard.STATE, scoreboard.FULL)
        for source in self._sources():
            timer = self._paused.pop(source, None)
            if timer is not None:
                timer.cancel()
            else:
                self._loop.remove_reader(source.fileno())
            self._paused[source] = None

    def _resume(self, source: socket.socket, take: bool) -> None:
        if self._stopped or self._paused.pop(source, None) is None:
            return
        self._loop.add_reader(source.fileno(), self._readable, source)
        if take and (self._limit is None or len(self._connections) + self._opening < self._limit):
            self._take(source)

    def _has_room(self) -> None:
        self.publish()
        if self._limit is None or len(self._connections) + self._opening >= self._limit:
            return
        for source in [source for source, timer in self._paused.items() if timer is None]:
            del self._paused[source]
            self._loop.add_reader(source.fileno(), self._readable, source)
        self._board.set(scoreboard.STATE, scoreboard.ACCEPTING)

    def _warn(self, error: OSError) -> None:
        now = time.monotonic()
        if now - self._warned >= WARNING_INTERVAL:
            self._warned = now
            log.warning("Accepting is paused: %s (%d connections are open)", error, len(self._connections))
