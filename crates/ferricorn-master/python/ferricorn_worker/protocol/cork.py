"""One write for the head of a response and the body behind it; and what is counted about each exchange.

Owns: holding the head back; noting status and times of the exchange that is under way (`talk.tally.Exchange`). Does not
own: what is written (uvicorn's protocols), the counts.
Invariants: bytes go out in the order in which they were written; the head is held until the next write, and never
longer than the event loop's present pass; what is held counts as not sent, and is let go before the connection closes.

uvicorn writes a head and its body by two calls, and both event loops send each call's bytes at once: two system calls
for each response and two packets, of which the first wakes the client for nothing. To hold the head costs 1 us, the
call saved 8, of some 60 that a small request takes in all.

Everything that is written passes here, so the status and the end of a response are seen without a call of their own for
each request. `status` is not None from the head of a response until it is counted, by the code that learns
first that it is complete: the keep-alive pause that begins, the next request of a pipeline, or the close.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..talk.tally import Exchange
from .pass_on import pass_on

JOINED = 64 * 1024
"""The largest body, in bytes, that is copied behind its head; to copy a larger one costs what a call costs."""

_HEAD = b"HTTP/"

_CONTINUE = b"100"

_clock = time.perf_counter


def no_count(exchange: Exchange) -> None:
    """Makes an exchange ready for the next one, and counts nothing."""
    exchange.status = None
    exchange.started = exchange.first = 0.0
    exchange.streamed = False


class Cork:
    """What an HTTP protocol takes for its transport. All but the below is passed on (`pass_on`)."""

    __slots__ = (
        "_call_soon",
        "_held",
        "_transport",
        "_write",
        "count",
        "first",
        "get_extra_info",
        "is_closing",
        "started",
        "status",
        "streamed",
        "was_closed",
        "was_counted",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        count: Callable[[Exchange], None] = no_count,
    ) -> None:
        self._transport = transport
        self.count = count
        self.status: bytes | None = None
        self.started = 0.0
        self.first = 0.0
        self.streamed = False
        self.was_closed = False
        """The worker has closed the connection."""
        self.was_counted = False
        """And has counted the exchange that was under way then."""
        self._held: bytes | None = None
        self._write = transport.write
        self._call_soon = loop.call_soon
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info

    def write(self, data: bytes) -> None:
        """Writes, unless it is the head of a response: that is held."""
        held = self._held
        if held is not None:
            self._held = None
            if len(data) <= JOINED:
                self._write(held + data)
            else:
                self._write(held)
                self._write(data)
            self.first = _clock()
        # A part of a body that begins so is held in vain, which harms nothing.
        elif data[:5] == _HEAD:
            status = data[9:12]
            if status == _CONTINUE:
                self._write(data)
                return
            self._held = data
            if self.status is None:
                self.status = status
            # The application may wait before its body, and the client must not.
            self._call_soon(self.let_go)
        else:
            self._write(data)
            # h11 ends each response with nothing.
            if data:
                self.streamed = True

    def let_go(self) -> None:
        """Writes what is held."""
        held = self._held
        if held is not None:
            self._held = None
            if self.status is not None:
                self.first = self.first or _clock()
                self.streamed = True
            # uvloop raises an error once the connection is lost.
            if not self.is_closing():
                self._write(held)

    def writelines(self, parts: Iterable[bytes]) -> None:
        """Writes all of them."""
        self.write(b"".join(parts))

    def write_eof(self) -> None:
        """Says that nothing more is written."""
        self.let_go()
        self._transport.write_eof()

    def close(self) -> None:
        """Closes when everything is sent."""
        if self.status is not None:
            # There is no pause after this response that would count it.
            self.count(self)
            self.was_counted = True
        self.was_closed = True
        self.let_go()
        self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        self._held = None
        self.was_closed = True
        self._transport.abort()

    def bare(self) -> asyncio.Transport:
        """The transport itself, for a protocol that takes the connection over."""
        self.let_go()
        return self._transport

    def get_write_buffer_size(self) -> int:
        """The bytes that are written and not sent."""
        size = self._transport.get_write_buffer_size()
        return size if self._held is None else size + len(self._held)

    if TYPE_CHECKING:
        # What `pass_on` gives it.
        def __getattr__(self, name: str) -> Any: ...


pass_on(Cork, asyncio.Transport, "_transport")
