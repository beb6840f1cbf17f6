"""One request of the native protocol: the coroutines that an application of ASGI is called with.

Owns: what waits, and what becomes of an application that raises or returns too early. Does not own: the messages (the
extension `_ferricorn_http`).
Invariants: `receive` and `send` are coroutine functions that do nothing before they are awaited, as uvicorn's; a task
of a request is a coroutine of this module, whose `self` has the scope.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

import _ferricorn_http

from ...base import forked

if TYPE_CHECKING:
    from .connection import NativeProtocol

_logger = logging.getLogger("uvicorn.error")
_access_logger = logging.getLogger("uvicorn.access")

_ERROR: tuple[dict[str, Any], ...] = (
    {
        "type": "http.response.start",
        "status": 500,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"21"),
            (b"connection", b"close"),
        ],
    },
    {"type": "http.response.body", "body": b"Internal Server Error"},
)


class Request(_ferricorn_http.Exchange):
    """A request and its response."""

    _news: asyncio.Event | None = None
    is_logged = False
    """Whether the extension may write access lines, of subclasses."""

    async def run(self, protocol: NativeProtocol, app: Any) -> None:
        """Runs the application, and sees to what it leaves undone."""
        try:
            result = await app(self.scope, self.receive, self.send)
        except BaseException as error:
            if isinstance(error, SystemExit):
                # A forked child has asked for this very end.
                forked.leave_if_child(error)
            if self.is_logged:
                self.end_log(isinstance(error, asyncio.CancelledError))
            _logger.error("Exception in ASGI application\n", exc_info=error)
            if self.response_started:
                protocol.close()
            else:
                await self._send_error()
        else:
            if self.is_logged:
                self.end_log(False)
            if result is not None:
                _logger.error("ASGI callable should return None, but returned '%s'.", result)
                protocol.close()
            elif not (self.response_complete or self.disconnected):
                await self._give_up(protocol)

    async def _give_up(self, protocol: NativeProtocol) -> None:
        if self.response_started:
            _logger.error("ASGI callable returned without completing response.")
            protocol.close()
        else:
            _logger.error("ASGI callable returned without starting response.")
            await self._send_error()

    async def _send_error(self) -> None:
        for message in _ERROR:
            await self.send(message)

    async def receive(self) -> dict[str, Any]:
        """The next part of the body, or the news that the client has gone or has its response."""
        message = self.poll()
        while message is None:
            if self._news is None:
                self._news = asyncio.Event()
            self._news.clear()
            await self._news.wait()
            message = self.poll()
        return message

    def wake(self) -> None:
        """The extension says that there is something to receive."""
        if self._news is not None:
            self._news.set()

    async def send(self, message: Any) -> None:
        """Sends a part of the response, once the client has read enough of what went before."""
        while not self.put(message):
            connection = self.connection
            if connection is not None:
                await connection.drained()


class LoggedRequest(Request):
    """A request with uvicorn's access line."""

    async def send(self, message: Any) -> None:
        """Sends, and writes the line before the head."""
        if message["type"] == "http.response.start" and not (self.response_started or self.disconnected):
            scope: Any = self.scope
            _access_logger.info(
                '%s - "%s %s HTTP/%s" %d',
                get_client_addr(scope),
                scope["method"],
                get_path_with_query_string(scope),
                scope["http_version"],
                message["status"],
            )
        await super().send(message)
