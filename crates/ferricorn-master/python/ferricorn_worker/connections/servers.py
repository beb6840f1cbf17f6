"""The event loop's own servers, which accept from copies of the listening sockets.

Owns: beginning and ending them without losing a connection. Does not own: whether they are used (`accept`).
Invariant: a connection that one has accepted gets its protocol, also when the server ends.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable


class Servers:
    """The servers of one worker, one for each listening socket."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []

    async def add(self, listener: socket.socket, factory: Callable[[], asyncio.Protocol], backlog: int) -> None:
        """Begins to accept from a listener, which is the server's own from now on."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(factory, sock=listener, backlog=backlog))

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
