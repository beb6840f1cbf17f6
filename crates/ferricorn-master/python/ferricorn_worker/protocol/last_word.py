"""Says `Connection: close` on the last response of a connection, and not before.

Owns: the headers of responses while a worker drains. Does not own: when that is (`drain`).
Invariants: nothing here is in the way of a response before a drain begins; a response says `Connection: close` unless
a byte of a further request is here already, in uvicorn's buffers or in the kernel's.

Why: a response with that header ends its connection, and requests that a client has pipelined behind it would get no
answer. uvicorn gives each response the headers that were in force when its request was read: too early to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import handoff

CLOSE = (b"connection", b"close")
"""The header that uvicorn's protocols obey among those of a response."""

Header = tuple[bytes, bytes]


class Headers:
    """Default headers of one connection that are looked up when a response begins, as if they were a list."""

    def __init__(self, state: Any, connection: Any) -> None:
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
        if CLOSE in headers and (upgraded or _has_more(connection)):
            return [header for header in headers if header != CLOSE]
        return headers


class State:
    """uvicorn's server state as one connection sees it."""

    def __init__(self, state: Any, connection: Any) -> None:
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "default_headers", Headers(state, connection))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._state, name, value)


def attach(connection: Any, state: Any) -> None:
    """Gives an HTTP/1.1 connection its own view of the headers, for running requests as well as for later ones."""
    if not hasattr(connection, "server_state") or not handoff.is_http(connection):
        return
    view = State(state, connection)
    connection.server_state = view
    cycles = [getattr(connection, "cycle", None), *(cycle for cycle, _app in getattr(connection, "pipeline", ()))]
    # After a pipelined request was read, `cycle` is the last one and the running one is known to its task alone: its
    # response says nothing of the end, as it must not.
    for cycle in cycles:
        if cycle is not None and not cycle.response_started and hasattr(cycle, "default_headers"):
            cycle.default_headers = view.default_headers


def _has_more(connection: Any) -> bool:
    """Whether a request is completely read and a byte of the next one is here."""
    cycle = connection.cycle
    if cycle is None or getattr(cycle, "more_body", False):
        return False
    state = getattr(connection, "conn", None)
    if state is not None and hasattr(state, "trailing_data"):
        waiting = bool(state.trailing_data[0])
    else:
        # httptools: a new scope is made at the first byte of a request.
        waiting = bool(getattr(connection, "pipeline", None)) or connection.scope is not cycle.scope
    return waiting or handoff.has_bytes(connection)
