"""One timer for all pauses of a kept connection.

Owns: the keep-alive timer of a connection of uvicorn's HTTP/1.1 protocols. Does not own: what happens when it is over
(uvicorn closes the connection), how the exchange before it is counted (`cork`).
Invariants: a pause ends neither earlier nor noticeably later than with a timer of its own; nothing is left in the
event loop once the connection is gone.

uvicorn arms a timer of the event loop after each response and cancels it at the next request, which costs 0.5 us on
uvloop and 1.3 us on asyncio, of some 30 us that a small request takes in all. Here the end of the pause is noted, and
the one timer looks at the note when it fires: a busy connection costs one timer in each keep-alive time.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .pass_on import pass_on

_clock = time.perf_counter


class _NoExchange:
    """What a timer without a connection notes its times in."""

    __slots__ = ("count", "started", "status")

    def __init__(self) -> None:
        self.status = None
        self.started = 0.0
        self.count: Callable[[Any], None] = lambda _exchange: None


class KeepAlive:
    """What an HTTP protocol takes for its event loop, and for its keep-alive timer as well.

    Of their loop, these protocols use `create_task` and `call_later` alone, the latter for the keep-alive pause only
    (uvicorn 0.24 to 0.54). Everything else that an event loop has is passed on (`pass_on`).
    """

    __slots__ = ("_callback", "_end", "_fires_at", "_loop", "_timer", "create_task", "exchange", "time")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._callback: Callable[[], object] | None = None
        self._end = 0.0
        self._fires_at = math.inf
        self.exchange: Any = _NoExchange()
        """The transport of the connection (`cork`), which knows the exchange that is under way."""
        self.create_task = loop.create_task
        self.time = loop.time

    def call_later(self, delay: float, callback: Callable[[], object]) -> KeepAlive:
        """Begins a pause of so many seconds, in place of the one before."""
        self._end = end = self.time() + delay
        self._callback = callback
        # Without a timer it never fires.
        if end < self._fires_at:
            self._arm(delay)
        exchange = self.exchange
        if exchange.status is not None:
            # Pauses follow complete responses only: here each of them passes without a call of its own.
            exchange.count(exchange)
        return self

    def cancel(self) -> None:
        """Ends the pause: the first byte of a request has come."""
        self._callback = None
        self.exchange.started = _clock()

    def when(self) -> float:
        """The end of the pause on the event loop's clock."""
        return self._end

    def stop(self) -> None:
        """Ends the pause and the timer: the connection is gone."""
        self._callback = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._fires_at = math.inf

    if TYPE_CHECKING:
        # What `pass_on` gives it.
        def __getattr__(self, name: str) -> Any: ...

    def _arm(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = self._end
        self._timer = self._loop.call_later(delay, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._fires_at = math.inf
        callback = self._callback
        if callback is None:
            return
        left = self._end - self.time()
        if left > 0:
            self._arm(left)
            return
        self._callback = None
        callback()


pass_on(KeepAlive, asyncio.AbstractEventLoop, "_loop")


def detach(connection: Any) -> None:
    """Ends the timer of a connection that is gone.

    uvicorn forgets the timer of a connection that ends with an error, and the timer holds everything about the last
    request for as long as it runs.
    """
    timer = getattr(connection, "timeout_keep_alive_task", None)
    if timer is not None:
        # Not to be cancelled: that is what a request does.
        timer.stop() if type(timer) is KeepAlive else timer.cancel()
        connection.timeout_keep_alive_task = None
    keep_alive = getattr(connection, "loop", None)
    if type(keep_alive) is KeepAlive:
        keep_alive.stop()
