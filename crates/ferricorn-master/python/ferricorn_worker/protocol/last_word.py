"""Says `Connection: close` on the last response of a connection of uvicorn's, and not before.

Owns: the headers of responses while a worker drains. Does not own: when that is (`connections.drain`).
Invariants: nothing here is in the way of a response before a drain begins; a response says `Connection: close` unless
a byte of a further request is here already, in uvicorn's buffers or in the kernel's.

Why: a response with that header ends its connection, and requests that a client has pipelined behind it would get no
answer. uvicorn gives each response the headers that were in force when its request was read: too early to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .interface import Protocols

CLOSE = (b"connection", b"close")
"""The header that uvicorn's protocols obey among those of a response."""

Header = tuple[bytes, bytes]


class Headers:
    """Default headers of one connection that are looked up when a response begins, as if they were a list."""

    def __init__(self, protocols: Protocols, state: Any, connection: Any) -> None:
        self._protocols = protocols
        self._state = state
        self._connection = connection

    def __iter__(self) -> Iterator[Header]:
        return iter(self._now())

    def __add__(self, more: list[Header]) -> list[Header]:
        return self._now() + more

    def _now(self) -> list[Header]:
        headers: list[Header] = self._state.default_headers
        connection = self._connection
        # A connection that has become a WebSocket ends otherwise.
        upgraded = connection not in self._state.connections
        if CLOSE in headers and (upgraded or self._protocols.has_more(connection)):
            return [header for header in headers if header != CLOSE]
        return headers


class State:
    """uvicorn's server state as one connection sees it."""

    def __init__(self, state: Any, headers: Headers) -> None:
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "default_headers", headers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._state, name, value)


def attach(protocols: Protocols, connection: Any, state: Any) -> None:
    """Gives an HTTP/1.1 connection its own view of the headers, for running requests as well as for later ones."""
    view = State(state, Headers(protocols, state, connection))
    connection.server_state = view
    cycles = [getattr(connection, "cycle", None), *(cycle for cycle, _app in getattr(connection, "pipeline", ()))]
    # After a pipelined request was read, `cycle` is the last one and the running one is known to its task alone: its
    # response says nothing of the end, as it must not.
    for cycle in cycles:
        if cycle is not None and not cycle.response_started and hasattr(cycle, "default_headers"):
            cycle.default_headers = view.default_headers
