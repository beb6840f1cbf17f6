"""The event loop's own servers, which accept from copies of the listening sockets.

Owns: beginning and ending them without losing a connection, counting what they accept. Does not own: whether they are
used (`accept`), how much they accept (`ring`).
Invariants: a connection that one has accepted gets its protocol, also when the server ends; it is counted before the
next one is accepted.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Any, Protocol

from .connections import ConnectionSet

SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Errors of accept(2) that mean that the system has no descriptor or memory left."""

Factory = Callable[[], asyncio.Protocol]


class Share(Protocol):
    """A worker's share of the connections."""

    is_in: bool
    """Whether it takes any now."""
    connections: ConnectionSet
    """Where they are counted."""

    def took(self) -> None:
        """Hears of each connection when it is counted."""

    def step_out_short(self, error: OSError) -> None:
        """Hears that there is no descriptor for the next one."""


class _Listener(socket.socket):
    """A copy of a listening socket, from which asyncio's server takes no more than its worker's share."""

    def __init__(self, share: Share, original: socket.socket) -> None:
        super().__init__(fileno=os.dup(original.fileno()))
        self._share = share

    def accept(self) -> tuple[socket.socket, Any]:
        """One connection; `BlockingIOError` if there is none or it is not for this worker."""
        share = self._share
        if not share.is_in:
            raise BlockingIOError
        try:
            accepted = super().accept()
        except OSError as error:
            if error.errno not in SHORTAGES:
                raise
            share.step_out_short(error)
            raise BlockingIOError from None
        share.connections.opening += 1
        share.took()
        return accepted


class Servers:
    """The servers of one worker, one for each listening socket."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []

    @property
    def are_any(self) -> bool:
        """Whether one accepts."""
        return bool(self._servers)

    async def add(self, listener: socket.socket, factory: Factory, backlog: int) -> None:
        """Begins to accept from a listener, which is the server's own from now on."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(factory, sock=listener, backlog=backlog))

    async def add_shared(self, listener: socket.socket, factory: Factory, backlog: int, share: Share) -> int:
        """Begins to accept a share of what comes to a listener; the descriptor of the server's own copy of it."""
        copy = _Listener(share, listener)
        descriptor = copy.fileno()
        # A server in C makes the protocol when it accepts. asyncio's does so later, but calls the socket's `accept`.
        in_python = isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop)
        await self.add(copy, _counted_before(factory, share) if in_python else _counting(factory, share), backlog)
        return descriptor

    def hush(self) -> None:
        """Keeps them from accepting.

        asyncio's are not closed yet: that would drop without a word what they have accepted and made no protocol for
        (`Server._attach` refuses it, and the error is shown in debug mode only).
        """
        loop = asyncio.get_running_loop()
        if not isinstance(loop, asyncio.SelectorEventLoop):
            self.close()
            return
        for server in self._servers:
            for listener in server.sockets:
                loop.remove_reader(listener.fileno())

    def close(self) -> None:
        """Closes their copies of the listening sockets."""
        for server in self._servers:
            server.close()
        self._servers = []


def _counting(factory: Factory, share: Share) -> Factory:
    expected = share.connections.expected

    def create() -> asyncio.Protocol:
        protocol = factory()
        expected.add(protocol)
        share.took()
        return protocol

    return create


def _counted_before(factory: Factory, share: Share) -> Factory:
    connections = share.connections

    def create() -> asyncio.Protocol:
        connections.opening -= 1
        protocol = factory()
        connections.expected.add(protocol)
        return protocol

    return create
