"""The addresses of both ends of a connection, as its transport knows them.

Owns: what uvicorn's protocols are given for a connection's socket while they ask it for its addresses. Does not own:
the rules by which an address becomes part of a scope (uvicorn's `protocols.utils`).
Invariants: no system call is made; an address that the transport does not know is None, and so it is in the scope.

The event loop has the addresses from its own calls. To ask the socket again makes four to seven system calls on
uvloop, and as many objects, for each connection.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.utils import get_local_addr, get_remote_addr


class Addresses:
    """Stands for the `get_extra_info` of a transport, and for the socket that it returns."""

    __slots__ = ("_info",)

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self._info = transport.get_extra_info

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport says, but for the socket."""
        return self if name == "socket" else self._info(name, default)

    def getpeername(self) -> Any:
        """The client's address."""
        return self._info("peername")

    def getsockname(self) -> Any:
        """The worker's own address."""
        return self._info("sockname")


def ends(transport: asyncio.BaseTransport) -> tuple[tuple[str, int | None] | None, tuple[str, int] | None]:
    """The worker's own address and the client's, as uvicorn says them in a scope.

    uvicorn's functions are asked where its releases differ, as about unix sockets. For an internet socket they all say
    the first two parts, and asking would cost more than that.
    """
    info = transport.get_extra_info
    here, there = info("sockname"), info("peername")
    if type(here) is tuple and type(there) is tuple:
        return here[:2], there[:2]
    addresses: Any = Addresses(transport)
    return get_local_addr(addresses), get_remote_addr(addresses)
