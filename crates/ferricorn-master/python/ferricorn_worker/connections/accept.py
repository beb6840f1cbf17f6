"""Takes connections in: from the listening sockets, and from siblings that drain.

Owns: the listening sockets, who accepts from them, taking connections in until no client waits any more.
Does not own: whose turn it is (`turns`), the protocols (uvicorn's), the end of connections (`drain`).
Invariants: the count that siblings read is stored before the next accept; an error of accept(2) never ends the worker.
The listening sockets come with the order to serve, and not before; when the whole service stops they are closed once
no client waits any more.

The event loop's own server is the cheapest acceptor, but left alone it accepts until the queue is empty, so that the
worker that wakes first gets everything (94 % of 20 connections on asyncio with two workers), and it knows no limit.
With one worker and no limit neither matters. Otherwise it is used in a ring (`ring`), and where that cannot be had,
which is with TLS and with other event loops and protocols, readers of our own take its place (`turns`).
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

from ..base import forked
from ..logs.logs import log
from ..protocol.interface import Protocols
from ..talk import scoreboard
from ..talk.scoreboard import Scoreboard
from . import gate, handoff
from .connections import ConnectionSet
from .ring import Ring
from .servers import SHORTAGES, Servers
from .turns import Turns

WARNING_INTERVAL = 10.0
"""Seconds between two warnings about the same shortage."""

HALF_OPEN = 0.3
"""Seconds that a handshake may still take that was under way when the whole service began to stop (`drain.LINGER`)."""

LATELY = 1.0
"""Seconds after its last connection in which a worker may be asked for another."""

LOOKS = 3
"""Looks of the drain, with a turn of the event loop or more between each, until its own server has made a protocol for
what it had accepted: a task makes it, and the protocol hears of it in the next turn."""

QUEUE_LIMIT = 100_000
"""The most connections that the emptying of an accept queue takes: more than any backlog."""


class Intake:
    """Everything through which connections come into this worker."""

    def __init__(
        self,
        queue: tuple[socket.socket, socket.socket],
        board: Scoreboard,
        connections: ConnectionSet,
        protocols: Protocols,
        limit: int | None,
        balanced: bool,
    ) -> None:
        """`queue` is both ends of the handoff queue: the one to write to, and the one to read from."""
        self._listeners: list[socket.socket] = []
        self._queues = queue
        self._queue = queue[1]
        self._board = board
        self._connections = connections
        self._protocols = protocols
        self._limit = limit
        self._balanced = balanced
        self._own_acceptor = balanced or limit is not None
        self._open_tasks: set[asyncio.Task[None]] = set()
        self._servers = Servers()
        self._sharing: Turns | Ring | None = None
        self._opened = False
        self._stopped = False
        self._accepted_at = float("-inf")
        self._late_until = float("-inf")
        self._looks = 0
        self._short = False
        self._warned = float("-inf")
        self._spares = handoff.Spares()

    def open(self, listeners: list[socket.socket], factory: Callable[[], asyncio.Protocol], ssl: Any) -> None:
        """Takes the listening sockets, on which clients may wait already. They are its own from now on."""
        if self._stopped:
            for listener in listeners:
                listener.close()
            return
        self._opened = True
        self._loop = asyncio.get_running_loop()
        self._listeners = listeners
        self._factory = factory
        self._ssl = ssl
        # The event loop's own does not show handshakes of TLS that are under way.
        self._own_acceptor = self._own_acceptor or ssl is not None
        for source in (*listeners, self._queue):
            source.setblocking(False)
            forked.keep(source.fileno())

    async def start(self, backlog: int) -> None:
        """Begins to accept. Raises `OSError` if the event loop refuses a listener."""
        if self._stopped or not self._opened:
            return
        if not self._own_acceptor:
            for listener in list(self._listeners):
                # A copy: the drain still needs the socket after the server has closed its own.
                await self._servers.add(listener.dup(), self._create_accepted, backlog)
        elif self._may_join_ring():
            await self._join_ring(backlog)
        if self._stopped:
            self._servers.hush()
            return
        self._connections.on_discard = self._has_room
        if self._sharing is None:
            sources = [*self._listeners, self._queue] if self._own_acceptor else [self._queue]
            self._sharing = turns = Turns(sources, self._board, self._connections, self._limit, self._take)
            turns.start()
        self._board.set(scoreboard.STATE, scoreboard.ACCEPTING)

    def _may_join_ring(self) -> bool:
        """Whether the protocols note every connection in the set, and the event loop's server can be held back."""
        return self._ssl is None and self._protocols.can_move() and gate.accepts_singly(self._loop)

    async def _join_ring(self, backlog: int) -> None:
        worker = self._board, self._connections, self._limit, self._balanced
        self._sharing = ring = Ring(self._listeners, self._queues, *worker, self._take, self._warn)
        if not await ring.start(self._servers, self._create_accepted, backlog):
            self._sharing = None

    @property
    def batch(self) -> int:
        """How many connections may come to a sibling at once: one if it has a limit, and so maybe room for just one."""
        return handoff.BATCH if self._limit is None else 1

    def look(self) -> None:
        """What is looked at ten times a second; then `publish`."""
        self._connections.forget_what_never_begins()
        if self._sharing is not None:
            self._sharing.look()
        self.publish()

    def publish(self) -> None:
        """Stores the number of connections for siblings and master."""
        self._board.set(scoreboard.CONNECTIONS, self._connections.count)

    def stop(self, empty_queues: bool, grace: float) -> None:
        """Stops accepting for good, and closes this worker's copies of the listening sockets.

        With `empty_queues` it first takes in every connection whose handshake the kernel has finished, or that waits in
        the handoff queue: no other worker will when the whole service stops. `is_over` continues that, for those that
        finish their handshake now, in at most half of the grace, which is in seconds.
        """
        if self._stopped:
            return
        self._stopped = True
        self._board.set(scoreboard.STATE, scoreboard.DRAINING)
        if self._opened:
            self._looks = LOOKS if self._servers.are_any else 0
            self._servers.hush()
        if self._sharing is not None:
            self._sharing.stop()
        self._connections.on_discard = None
        if empty_queues and self._opened:
            self._take_everybody()
            self.take_back()
            now = self._loop.time()
            if now - self._accepted_at < LATELY:
                self._late_until = now + min(HALF_OPEN, grace / 2)
        else:
            self._close_listeners()
        self.publish()

    def is_over(self) -> bool:
        """Whether no client comes any more, after `stop`; clients that came meanwhile are accepted."""
        if not self._opened:
            return True
        self._take_everybody()
        if self._looks > 0:
            self._looks -= 1
            return False
        now = self._loop.time()
        # If there are no descriptors left, a client still waits for the end of another connection.
        if now >= self._late_until and not self._short:
            self.close()
        is_late = now >= self._late_until
        return is_late and not self._listeners and not self._connections.opening and not self._connections.expected

    def close(self) -> None:
        """Closes this worker's copies of the listening sockets, even if clients wait."""
        self._servers.close()
        self._close_listeners()

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners = []

    def take_back(self) -> None:
        """Takes in what waits in the handoff queue.

        Also a worker that has itself put it there does so when the whole service begins to stop: the siblings that
        were to take it may have looked for the last time already.
        """
        if self._opened:
            self._take_all(self._queue)

    def _take_everybody(self) -> None:
        self._short = False
        for listener in self._listeners:
            self._take_all(listener)

    def _take_all(self, source: socket.socket) -> None:
        taken = 0
        while taken < QUEUE_LIMIT and self._take(source):
            taken += 1

    def _take(self, source: socket.socket) -> bool:
        """Takes in what one message or one accept(2) gives. Returns whether there may be more."""
        taken: list[tuple[socket.socket, float | None]] = []
        try:
            if source is self._queue:
                taken.extend(self._receive())
                self._board.add(scoreboard.TAKEN_OVER, len(taken))
                if not taken and self._sharing is not None:
                    self._sharing.nudge()
            else:
                connection, _address = source.accept()
                connection.setblocking(False)
                self._accepted_at = self._loop.time()
                taken.append((connection, None))
                self._board.add(scoreboard.ACCEPTED)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if error.errno in SHORTAGES:
                self._short = True
                self._warn(error)
                if self._sharing is not None:
                    self._sharing.run_short(source)
                return False
            # The client has gone before it was accepted (ECONNABORTED and the like, see accept(2)).
            return error.errno == errno.ECONNABORTED
        self._connections.opening += len(taken)
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
            if remaining is not None and remaining >= 0:
                self._protocols.adopt(protocol, remaining)
        except Exception as error:
            # A TLS handshake that failed, or a client that has gone.
            log.debug("Connection could not be opened: %s", error)
            connection.close()
        finally:
            self._connections.opening -= 1
            if not self._stopped:
                self._has_room()

    def _create_accepted(self) -> asyncio.Protocol:
        """For the event loop's own acceptor, which reports nothing else about a connection."""
        self._accepted_at = self._loop.time()
        return self._factory()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._open_tasks.add(task)
        task.add_done_callback(self._open_tasks.discard)

    def _has_room(self, connection: Any = None) -> None:
        self.publish()
        if self._sharing is not None:
            self._sharing.has_room(connection)

    def _warn(self, error: OSError) -> None:
        now = time.monotonic()
        if now - self._warned >= WARNING_INTERVAL:
            self._warned = now
            log.warning("Accepting is paused: %s (%d connections are open)", error, len(self._connections))
