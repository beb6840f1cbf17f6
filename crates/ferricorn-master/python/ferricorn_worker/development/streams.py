"""Requests that would never end by themselves: streams of events, and WebSockets.

Owns: which these are, and cutting them. Does not own: the drain, which gives every other request its time.
Invariant: a response that is not a stream of events is never cut here, however long it takes.
"""

from __future__ import annotations

import asyncio
from typing import Any

LIMIT = 0.3
"""Seconds that a stream gets when its code is no longer wanted: browsers connect again by themselves."""

_EVENTS = b"text/event-stream"


class Streams:
    """The streams that are open."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[Any]] = set()
        self._end: asyncio.TimerHandle | None = None

    def wrap(self, app: Any) -> Any:
        """The application, whose streams are noted."""

        async def noted(scope: Any, receive: Any, send: Any) -> None:
            task = asyncio.current_task()
            assert task is not None
            if scope["type"] == "websocket":
                self._open.add(task)

            async def sent(message: Any) -> None:
                if message["type"] == "http.response.start" and _is_of_events(message):
                    self._open.add(task)
                await send(message)

            try:
                await app(scope, receive, sent)
            finally:
                self._open.discard(task)

        return noted

    def end_soon(self) -> None:
        """Cuts whatever is open in a moment."""
        if self._end is None:
            self._end = asyncio.get_running_loop().call_later(LIMIT, self._cut)

    def _cut(self) -> None:
        for task in list(self._open):
            task.cancel("The code has changed")


def _is_of_events(message: Any) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(_EVENTS) for name, value in message.get("headers", ())
    )
