"""The event loop's own servers, shared by workers that stand in a ring.

Owns: when this worker takes the end of the ring, or steps out of it. Does not own: the ring, which is the kernel's
queue behind each listening socket (`gate`), and the servers (`servers`).
Invariants: one connection at a time, if there are others, until there was time for the first step of its request;
whoever is more than one connection ahead of a sibling leaves it the next one; a worker at its limit, or without
descriptors, takes none; no connection waits for longer than a tick to be heard of by a worker whose loop runs.

Theory of operation: a new connection wakes the first worker in the ring that waits. Whoever has taken one leaves the
ring for a few passes of its event loop and comes back at the end, so that connections come to all by turns. One that is
ahead by two or more has been quicker than the kernel could be even, as on a busy machine, and stays out for a while.

Why the few passes: a request that blocks the event loop would otherwise find connections here that were accepted behind
it, and they are lost when the worker is ended for that. In the kernel's queue a sibling takes them.

Short connections come and go by chance, and a lead of a few evens out by itself: stepping out for it would cost more
than it evens. While connections end that were never kept, `SLACK` is left alone, and siblings are looked at less often.

Whoever steps out while somebody waits wakes a sibling by an empty message, since the kernel may have told this worker
alone. Each tick looks for connections that were forgotten, as by a worker that was killed before it could accept.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
from collections.abc import Callable
from typing import Any

from ..talk import scoreboard
from ..talk.scoreboard import Scoreboard
from . import descriptors, gate, handoff
from .connections import ConnectionSet
from .gate import EpollSet, Gate
from .servers import Servers
from .turns import LONGEST_TURN, SHORTAGE_PAUSE, TURN

CHURN = 5
"""Connections that end between two ticks without having been kept, from which on a small lead is left alone."""

SLACK = 3
"""That lead."""

UNSEEN = 2
"""Connections that are then taken without a look at the siblings, at most."""

RESERVE = 8
"""Descriptors that are left to the application: libuv closes connections that it has none for."""


class Ring:
    """One worker's place in the ring."""

    def __init__(
        self,
        listeners: list[socket.socket],
        queue: tuple[socket.socket, socket.socket],
        board: Scoreboard,
        connections: ConnectionSet,
        limit: int | None,
        balanced: bool,
        take: Callable[[socket.socket], object],
        warn: Callable[[OSError], None],
    ) -> None:
        """`queue` is both ends of the handoff queue, `take` takes in one message of it; `limit` is how many connections
        may be open, and `balanced` whether there are siblings."""
        self._listeners = listeners
        self._queue_in, self._queue = queue
        self._board = board
        self.connections = connections
        self._limit = limit
        self._balanced = balanced
        self._take = take
        self._warn = warn
        self._loop = asyncio.get_running_loop()
        self._gates: list[Gate] = []
        self._queue_gate: Gate | None = None
        self._waiting = select.poll()
        for listener in listeners:
            self._waiting.register(listener, select.POLLIN)
        self._returns: asyncio.TimerHandle | None = None
        self._is_full = self._is_short = self._is_settling = False
        self._is_serving = self._is_stopped = False
        self._slack = 0
        self._bar = 0
        self._unseen = 0
        self._counts_at = 0
        self.is_in = True
        """Whether this worker hears of new connections."""

    async def start(self, servers: Servers, factory: Callable[[], asyncio.Protocol], backlog: int) -> bool:
        """Begins to accept. Returns whether it does; otherwise nothing has changed.

        Raises `OSError` if the event loop refuses a listener.
        """
        self._loop.add_reader(self._queue.fileno(), self._hear)
        epoll = await gate.soon(lambda: gate.find(self._queue.fileno()))
        if self._is_stopped:
            return True
        if epoll is None or not epoll.is_exclusive():
            self._loop.remove_reader(self._queue.fileno())
            return False
        gates: list[Gate] = []
        for listener in list(self._listeners):
            descriptor = await servers.add_shared(listener, factory, backlog, self)
            found = await self._gate_of(epoll, descriptor)
            if self._is_stopped:
                return True
            if found is None:
                servers.hush()
                self.stop()
                return False
            gates.append(found)
        self._gates = gates
        self._queue_gate = epoll.common(self._queue.fileno())
        self.connections.on_begin = self._begun
        self._is_serving = True
        self.look()
        return True

    def stop(self) -> None:
        """Leaves the ring for good, after the servers were hushed."""
        self._is_stopped = True
        self.is_in = False
        if self._returns is not None:
            self._returns.cancel()
        self._loop.remove_reader(self._queue.fileno())
        self._wake_for_those_who_wait()

    def took(self) -> None:
        """Weighs up, after each connection, who gets the next one, if it is time to."""
        mine = self.connections.count
        self._board.set(scoreboard.CONNECTIONS, mine)
        self._board.add(scoreboard.ACCEPTED)
        if not self._is_serving:
            return
        self._unseen -= 1
        if mine > self._bar or self._unseen < 0:
            self._weigh(mine)
        # One client that opens a connection after the other needs no turns, but those of each tick.
        if self.is_in and (mine > 1 or not self._slack):
            self._settle()

    def step_out_short(self, error: OSError) -> None:
        """Accepts nothing for a while, because there are no descriptors."""
        self._warn(error)
        self.run_short()

    def run_short(self, _source: object = None) -> None:
        """The same without a word."""
        self._is_short = True
        self._step_out(SHORTAGE_PAUSE)

    def has_room(self, connection: Any) -> None:
        """Comes back early if the end of this connection makes that right."""
        if not self.connections.was_kept(connection):
            self.connections.short_lived += 1
        if not self.is_in and not self._is_short and not self._is_settling:
            mine = self.connections.count
            if not self._is_limited(mine) and self._lead(mine) <= max(1, self._slack):
                self._return()

    def nudge(self) -> None:
        """A sibling has said that connections wait."""
        self._step_back()

    def look(self) -> None:
        """Looks, ten times a second, for descriptors, churn, and connections that nobody has heard of."""
        if not self._is_serving or self._is_stopped:
            return
        self._slack = SLACK if self.connections.short_lived >= CHURN else 0
        self.connections.short_lived = 0
        self._unseen = self._counts_at = 0
        if self._is_settling and not self.connections.opening and not self.connections.expected:
            # The connection has failed before it began.
            self._settled()
        if self.is_in and not self._runs_short() and (self._slack or self._is_anybody_waiting()):
            self._step_back()

    async def _gate_of(self, epoll: EpollSet, descriptor: int) -> Gate | None:
        # Once the server has stopped the number may belong to something else.
        return await gate.soon(lambda: None if self._is_stopped else epoll.exclusive(descriptor))

    def _hear(self) -> None:
        """Something is in the handoff queue."""
        mine = self.connections.count
        if self._is_limited(mine):
            self._be_full()
        elif mine and (lead := self._lead(mine)) > max(1, self._slack):
            self._step_out_for(lead)
        else:
            self._take(self._queue)

    def _weigh(self, mine: int) -> None:
        if self._board.get(scoreboard.ACCEPTED) >= self._counts_at and self._runs_short():
            return
        if self._is_limited(mine):
            self._be_full()
            return
        if self.connections.short_lived >= CHURN:
            self._slack = SLACK
        lead = self._lead(mine)
        self._unseen = UNSEEN if self._slack else 0
        self._bar = mine - lead + self._slack
        if self._limit is not None:
            self._bar = min(self._bar, self._limit - 1)
        if lead > max(1, self._slack):
            self._step_out_for(lead)

    def _settle(self) -> None:
        """Hears of no other connection until the one that was just taken has had time for its first step."""
        self._is_settling = True
        self.is_in = False
        for each in self._gates:
            each.shut()

    def _begun(self) -> None:
        """The event loop begins to read a connection: the next pass brings its request, and the one after runs it."""
        if self._is_settling:
            self._loop.call_soon(self._settled)

    def _settled(self) -> None:
        if self._is_settling and not self._is_stopped:
            self._is_settling = False
            self.is_in = True
            for each in self._gates:
                each.open()

    def _lead(self, mine: int) -> int:
        return self._board.lead(mine) if self._balanced else 0

    def _is_limited(self, mine: int) -> bool:
        return self._limit is not None and mine >= self._limit

    def _is_anybody_waiting(self) -> bool:
        return bool(self._waiting.poll(0))

    def _wake_for_those_who_wait(self) -> None:
        if self._balanced and self._is_anybody_waiting():
            handoff.wake_sibling(self._queue_in)

    def _runs_short(self) -> bool:
        """Steps out if descriptors are about to run out; else notes when to look again at the latest."""
        room = descriptors.left(self._queue.fileno()) - RESERVE
        if room <= 0:
            self.step_out_short(OSError(errno.EMFILE, os.strerror(errno.EMFILE)))
            return True
        self._counts_at = self._board.get(scoreboard.ACCEPTED) + room
        self._unseen = min(self._unseen, room)
        return False

    def _be_full(self) -> None:
        self._is_full = True
        self._board.set(scoreboard.STATE, scoreboard.FULL)
        self._step_out(None)

    def _step_back(self) -> None:
        if self.is_in:
            for each in self._gates:
                each.step_back()

    def _step_out_for(self, lead: int) -> None:
        self._step_out(min(TURN * lead, LONGEST_TURN))
        self._wake_for_those_who_wait()

    def _step_out(self, seconds: float | None) -> None:
        """Hears of nothing for so many seconds; None is until a connection ends."""
        if self._is_stopped:
            return
        self._is_settling = False
        self.is_in = False
        for each in self._all_gates():
            each.shut()
        if self._returns is not None:
            self._returns.cancel()
        self._returns = None if seconds is None else self._loop.call_later(seconds, self._return)

    def _all_gates(self) -> list[Gate]:
        return self._gates if self._queue_gate is None else [*self._gates, self._queue_gate]

    def _return(self) -> None:
        if self._returns is not None:
            self._returns.cancel()
            self._returns = None
        if self._is_full:
            self._is_full = False
            self._board.set(scoreboard.STATE, scoreboard.ACCEPTING)
        self._is_short = self._is_settling = False
        if self._is_stopped:
            return
        self.is_in = True
        for each in self._all_gates():
            each.open()
