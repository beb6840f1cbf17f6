"""uvicorn's protocols, from 0.24 to 0.54: where their internal state has what the worker needs to know.

Owns: every name of a private attribute of theirs that a question needs. Does not own: what a request costs (`lean`),
the headers of a drain (`last_word`), the keep-alive timer (`keep_alive`).
Invariants: a connection is idle only when uvicorn's state shows that no byte of a request is in this process; a
protocol that is not known never moves.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any

from ..talk.tally import Tally
from . import keep_alive, last_word
from .interface import Protocols, Scope
from .lean import is_known, lean

_PACKAGE = "uvicorn.protocols.http"

_NOBODY = asyncio.Protocol()
"""Who hears of the end of a connection that has moved."""


class Uvicorns(Protocols):
    """The protocols that a loaded `uvicorn.Config` names, with the state of its server."""

    def __init__(self, config: Any, state: Any, tally: Tally | None = None) -> None:
        self._config = config
        self._state = state
        self._tally = tally

    @property
    def name(self) -> str:
        """By the class."""
        kind = self._config.http_protocol_class
        package, _, module = kind.__module__.rpartition(".")
        return module.removesuffix("_impl") if package == _PACKAGE else f"{kind.__module__}:{kind.__qualname__}"

    def factory(self, loop: asyncio.AbstractEventLoop, state: Any, is_quiet: bool) -> Callable[[], asyncio.Protocol]:
        """Makes uvicorn's protocols, with less work for each request if they are known."""
        config, server_state = self._config, self._state
        protocol_class = lean(config.http_protocol_class, loop, is_quiet, self._tally)

        def create() -> asyncio.Protocol:
            protocol: asyncio.Protocol = protocol_class(config=config, server_state=server_state, app_state=state)
            return protocol

        return create

    def can_move(self) -> bool:
        """Plain HTTP/1.1 on httptools or h11 can."""
        return self._config.ssl is None and is_known(self._config.http_protocol_class)

    def is_http(self, connection: Any) -> bool:
        """WebSockets and HTTP/2 have no `cycle`."""
        return hasattr(connection, "cycle")

    def is_websocket(self, connection: Any) -> bool:
        """Of the class that the options name."""
        kind = self._config.ws_protocol_class
        return kind is not None and isinstance(connection, kind)

    def is_open(self, connection: Any) -> bool:
        """Each of its implementations notes it in another way."""
        event = getattr(connection, "handshake_completed_event", None)
        if event is not None:
            return bool(event.is_set())
        return bool(getattr(connection, "handshake_complete", True))

    def is_idle(self, connection: Any) -> bool:
        """By cycle, timer and parser."""
        transport = connection.transport
        if transport is None or transport.is_closing() or transport.get_write_buffer_size() != 0:
            return False
        cycle = connection.cycle
        # uvicorn disarms the timer at the first byte of the next request.
        if cycle is not None and not (cycle.response_complete and connection.timeout_keep_alive_task is not None):
            return False
        state = getattr(connection, "conn", None)
        if state is not None and hasattr(state, "trailing_data"):
            return bool(state.trailing_data == (b"", False))
        if cycle is None:
            return getattr(connection, "scope", None) is None
        return not _has_begun(connection, cycle)

    def has_carried(self, connection: Any) -> bool:
        """One that was handed over has the rest of its keep-alive time, which uvicorn grants after a response only."""
        return connection.cycle is not None or connection.timeout_keep_alive_task is not None

    def was_kept(self, connection: Any) -> bool:
        """By its timer, which is there before the first pause."""
        timer = getattr(connection, "loop", None)
        return not isinstance(timer, keep_alive.KeepAlive) or timer.when() != 0.0

    def has_more(self, connection: Any) -> bool:
        """In uvicorn's buffers, or in the kernel's."""
        cycle = connection.cycle
        if cycle is None or getattr(cycle, "more_body", False):
            return False
        state = getattr(connection, "conn", None)
        if state is not None and hasattr(state, "trailing_data"):
            return bool(state.trailing_data[0]) or self.unread(connection)
        return _has_begun(connection, cycle) or self.unread(connection)

    def unread(self, connection: Any) -> bool:
        """The event loop's transport does not show it, so the kernel is asked."""
        original = connection.transport.get_extra_info("socket")
        if original is None:
            return False
        try:
            copy = socket.socket(fileno=os.dup(original.fileno()))
        except OSError:
            return False
        with copy:
            try:
                return bool(copy.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
            except OSError:
                return False

    def unsent(self, connection: Any) -> int:
        """What the transport holds."""
        size: int = connection.transport.get_write_buffer_size()
        return size

    def is_closing(self, connection: Any) -> bool:
        """What the transport says."""
        return bool(connection.transport.is_closing())

    def path(self, connection: Any) -> str | None:
        """From the scope that the protocol holds."""
        scope = getattr(connection, "scope", None)
        path = scope.get("path") if isinstance(scope, dict) else None
        return path if isinstance(path, str) else None

    def scope_of(self, task: asyncio.Task[Any]) -> Scope | None:
        """From the object whose method the task runs: a cycle of HTTP, or the protocol of a WebSocket."""
        frame = getattr(task.get_coro(), "cr_frame", None)
        holder = frame.f_locals.get("self") if frame is not None else None
        scope = getattr(holder, "scope", None)
        return scope if isinstance(scope, dict) else None

    def descriptor(self, connection: Any) -> int | None:
        """Of the transport's socket."""
        transport = getattr(connection, "transport", None)
        opened = transport and transport.get_extra_info("socket")
        return None if opened is None else opened.fileno()

    def pause_left(self, connection: Any, now: float) -> float | None:
        """From its timer."""
        timer = connection.timeout_keep_alive_task
        return None if timer is None else max(0.0, timer.when() - now)

    def adopt(self, connection: Any, left: float) -> None:
        """By the timer that uvicorn arms after a response."""
        if connection.cycle is None and connection.timeout_keep_alive_task is None:
            timer = connection.loop.call_later(left, connection.timeout_keep_alive_handler)
            connection.timeout_keep_alive_task = timer

    def forget(self, connection: Any) -> None:
        """uvicorn's protocol hears nothing of it.

        An idle one has nothing to do when its connection is lost but to end what is ended here, and to hear of it costs
        a third of a handoff (5 of 16 us on uvloop).
        """
        transport = connection.transport
        transport.set_protocol(_NOBODY)
        transport.abort()
        self.lost(connection)

    def lost(self, connection: Any) -> None:
        """Its timer."""
        keep_alive.detach(connection)

    def announce_close(self, connections: Iterable[Any]) -> None:
        """All of uvicorn's protocols obey that header among those of a response, in every version."""
        if last_word.CLOSE in self._config.encoded_headers:
            return
        self._config.encoded_headers = [*self._config.encoded_headers, last_word.CLOSE]
        self._state.default_headers = [*self._state.default_headers, last_word.CLOSE]
        for connection in connections:
            self.announce_close_on(connection)

    def announce_close_on(self, connection: Any) -> None:
        """Gives it a view of the headers that looks before each response."""
        if hasattr(connection, "server_state") and self.is_http(connection):
            last_word.attach(self, connection, self._state)

    def end(self, connection: Any) -> None:
        """As uvicorn ends them at its own shutdown."""
        connection.shutdown()

    def close(self, connection: Any) -> None:
        """By its transport."""
        connection.transport.close()

    def abort(self, connection: Any) -> None:
        """By its transport."""
        connection.transport.abort()


def _has_begun(connection: Any, cycle: Any) -> bool:
    """Whether a byte of a request has been read since this cycle's: httptools makes a new scope at the first one."""
    return getattr(connection, "scope", None) is not getattr(cycle, "scope", None) or bool(
        getattr(connection, "pipeline", None)
    )
