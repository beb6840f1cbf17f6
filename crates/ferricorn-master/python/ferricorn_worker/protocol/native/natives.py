"""What the worker asks of connections that the native protocol speaks on.

Owns: the answers for HTTP/1.1. Does not own: WebSockets, which are uvicorn's protocols (`protocol.uvicorns`).
Invariant: a connection is idle only if no byte of a request is in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import _ferricorn_http

from ...talk.tally import Tally
from ..uvicorns import Uvicorns
from .access_lines import AccessLines
from .connection import Limits, NativeProtocol, access_log, configured


class Natives(Uvicorns):
    """The native protocol for HTTP/1.1, with the protocol for WebSockets that a loaded `uvicorn.Config` names."""

    def __init__(self, config: Any, state: Any, tally: Tally | None, limits: Limits, lines: AccessLines | None) -> None:
        super().__init__(config, state, tally)
        self._limits = limits
        self._lines = lines
        self._app: Any = None
        self._counts = None if tally is None else tally.leave_requests_to(_ferricorn_http)
        self._newest: _ferricorn_http.Newest | None = None

    @property
    def name(self) -> str:
        """Its own."""
        return "native"

    def factory(self, loop: asyncio.AbstractEventLoop, state: Any, is_quiet: bool) -> Callable[[], asyncio.Protocol]:
        """Makes native connections."""
        config, server_state = self._config, self._state
        kind = configured(
            limits=self._limits,
            is_quiet=is_quiet,
            unread=self.unread,
            access=access_log(self._lines),
            app=self._app,
            tally=self._tally,
            counts=self._counts,
            newest=self._newest,
        )
        return lambda: kind(config, server_state, state, loop)

    def noting(self, app: Any, pack: Callable[..., None], page: memoryview, places: int, place_bytes: int) -> Any:
        """The extension does."""
        self._app = app
        self._newest = _ferricorn_http.Newest(pack, page, places, place_bytes)
        return self._newest

    def can_move(self) -> bool:
        """Plain HTTP/1.1 can."""
        return self._config.ssl is None

    def is_http(self, connection: Any) -> bool:
        """By its class."""
        return isinstance(connection, NativeProtocol)

    def is_idle(self, connection: Any) -> bool:
        """By what the extension has read, and what the transport has not sent."""
        transport = connection.transport
        if connection.is_busy or transport.is_closing():
            return False
        return bool(transport.get_write_buffer_size() == 0)

    def has_carried(self, connection: Any) -> bool:
        """One that was handed over has the rest of its keep-alive time, which is granted after a response only."""
        return connection.cycle is not None or connection.idle_until is not None

    def was_kept(self, connection: Any) -> bool:
        """By the end of its last pause, which it forgets at the next request: then its client has closed early."""
        return not self.is_http(connection) or connection.idle_until is not None

    def has_more(self, connection: Any) -> bool:
        """In its buffer, or in the kernel's."""
        request = connection.cycle
        if request is None or request.more_body:
            return False
        return connection.has_more or self.unread(connection)

    def pause_left(self, connection: Any, now: float) -> float | None:
        """From the end of its pause."""
        until = connection.idle_until
        return None if until is None else max(0.0, until - now)

    def adopt(self, connection: Any, left: float) -> None:
        """By the end of its pause."""
        if connection.cycle is None and connection.idle_until is None and not connection.is_busy:
            connection.pause_for(left)

    def lost(self, connection: Any) -> None:
        """Its timer."""
        if self.is_http(connection):
            connection.detach()
        else:
            super().lost(connection)

    def close(self, connection: Any) -> None:
        """Notes who did it."""
        connection.was_closed = True
        super().close(connection)

    def abort(self, connection: Any) -> None:
        """Notes who did it."""
        connection.was_closed = True
        super().abort(connection)

    def announce_close(self, connections: Iterable[Any]) -> None:
        """Each connection says it by itself. A WebSocket ends otherwise."""
        for connection in connections:
            self.announce_close_on(connection)

    def announce_close_on(self, connection: Any) -> None:
        """Its next response says it, unless a request waits behind."""
        if self.is_http(connection):
            connection.announce_close()
