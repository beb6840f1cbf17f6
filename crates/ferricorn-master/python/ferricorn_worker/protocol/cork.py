"""One write for the head of a response and the body behind it.

Owns: holding the head back. Does not own: what is written (uvicorn's protocols).
Invariants: bytes go out in the order in which they were written; the head is held until the next write, and never
longer than the event loop's present pass; what is held counts as not sent, and is let go before the connection closes.

uvicorn writes a head and its body by two calls, and both event loops send each call's bytes at once: two system calls
for each response and two packets, of which the first wakes the client for nothing. To hold the head costs 1 us, the
call saved 8, of some 60 that a small request takes in all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .pass_on import pass_on

JOINED = 64 * 1024
"""The largest body, in bytes, that is copied behind its head; to copy a larger one costs what a call costs."""

_HEAD = b"HTTP/"


class Cork:
    """What an HTTP protocol takes for its transport. All but the below is passed on (`pass_on`)."""

    __slots__ = ("_call_soon", "_held", "_transport", "_write", "is_closing")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._held: bytes | None = None
        self._write = transport.write
        self._call_soon = loop.call_soon
        self.is_closing = transport.is_closing

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
        # What else begins so is held in vain, which harms nothing.
        elif data[:5] == _HEAD:
            self._held = data
            # The application may wait before its body, and the client must not.
            self._call_soon(self.let_go)
        else:
            self._write(data)

    def let_go(self) -> None:
        """Writes what is held."""
        held = self._held
        if held is not None:
            self._held = None
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
        self.let_go()
        self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        self._held = None
        self._transport.abort()

    def get_write_buffer_size(self) -> int:
        """The bytes that are written and not sent."""
        size = self._transport.get_write_buffer_size()
        return size if self._held is None else size + len(self._held)

    if TYPE_CHECKING:
        # What `pass_on` gives it.
        def __getattr__(self, name: str) -> Any: ...


pass_on(Cork, asyncio.Transport, "_transport")
