"""The event loop's own servers, which accept from copies of the listening sockets, and what stands in for asyncio's.

Owns: beginning and ending them without losing a connection, counting what they accept. Does not own: whether they are
used (`accept`), how much they accept (`ring`).
Invariants: a connection that one has accepted gets its protocol, also when the server ends; it is counted before the
next one is accepted.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Protocol

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


class Acceptor:
    """Accepts from a copy of a listening socket, on asyncio's event loop.

    asyncio's own server makes a task and a future for each connection, which cost a tenth of all that a short one does,
    and a pass of the event loop more. `connect_accepted_socket` does the same. Both make the transport by the method
    that is called here; its name is private, but CPython has had it since 3.4.
    """

    MAKER = "_make_socket_transport"
    """That method."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, listener: socket.socket, factory: Factory, share: Share
    ) -> None:
        """Begins. The listener, which does not block, is the acceptor's own from now on."""
        self._loop = loop
        self._make_transport = getattr(loop, self.MAKER)
        self._listener = listener
        self._factory = factory
        self._share = share
        loop.add_reader(listener.fileno(), self._accept)

    def hush(self) -> None:
        """Keeps it from accepting."""
        self._loop.remove_reader(self._listener.fileno())

    def close(self) -> None:
        """Closes its copy of the listening socket."""
        self.hush()
        self._listener.close()

    def _accept(self) -> None:
        """Takes one connection. If more wait, the next pass of the event loop calls this again."""
        share = self._share
        # The event loop may have heard of one before the share was used up.
        if not share.is_in:
            return
        try:
            connection, address = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in SHORTAGES:
                raise
            share.step_out_short(error)
            return
        try:
            connection.setblocking(False)
            protocol = self._factory()
            # The address, as asyncio's server knows it: a client that has gone already has none to ask for.
            self._make_transport(connection, protocol, extra={"peername": address})
        except BaseException:
            connection.close()
            raise
        share.connections.expected.add(protocol)
        share.took()


class Servers:
    """The servers of one worker, one for each listening socket."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._acceptors: list[Acceptor] = []

    @property
    def are_any(self) -> bool:
        """Whether one accepts."""
        return bool(self._servers or self._acceptors)

    async def add(self, listener: socket.socket, factory: Factory, backlog: int) -> None:
        """Begins to accept from a listener, which is the server's own from now on."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(factory, sock=listener, backlog=backlog))

    async def add_shared(self, listener: socket.socket, factory: Factory, backlog: int, share: Share) -> int:
        """Begins to accept a share of what comes to a listener; the descriptor of the server's own copy of it."""
        loop = asyncio.get_running_loop()
        copy = listener.dup()
        descriptor = copy.fileno()
        if hasattr(loop, Acceptor.MAKER):
            copy.setblocking(False)
            self._acceptors.append(Acceptor(loop, copy, factory, share))
        else:
            await self.add(copy, _counting(factory, share), backlog)
        return descriptor

    def hush(self) -> None:
        """Keeps them from accepting.

        asyncio's are not closed yet: that would drop without a word what they have accepted and made no protocol for
        (`Server._attach` refuses it, and the error is shown in debug mode only).
        """
        for acceptor in self._acceptors:
            acceptor.hush()
        loop = asyncio.get_running_loop()
        if not isinstance(loop, asyncio.SelectorEventLoop):
            self.close()
            return
        for server in self._servers:
            for listener in server.sockets:
                loop.remove_reader(listener.fileno())

    def close(self) -> None:
        """Closes their copies of the listening sockets."""
        for acceptor in self._acceptors:
            acceptor.close()
        self._acceptors = []
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
