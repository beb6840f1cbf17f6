"""Everything that a worker does differently with `--reload`, for the server to call.

Owns: the parts, and whether the application's startup may begin. Does not own: when it may (the master says so).
"""

from __future__ import annotations

import asyncio
from typing import Any

from ..talk.channel import Channel
from ..talk.start import Development
from .imports import Imports
from .streams import Streams


class Bench:
    """One worker's, from the end of its import on."""

    def __init__(self, channel: Channel, settings: Development) -> None:
        self._streams = Streams()
        # A page has imported nothing, and any file may mend what it shows.
        self._imports = Imports(channel, settings.watched) if settings.page is None else None
        self._is_told = asyncio.Event()
        self._is_called_off = False

    def wrap(self, app: Any) -> Any:
        """The application, with what has to be known of its requests."""
        return self._streams.wrap(app)

    async def may_start(self) -> bool:
        """Waits until the application's startup may begin; False if it is not wanted any more."""
        await self._is_told.wait()
        return not self._is_called_off

    def proceed(self) -> None:
        """The startup may begin."""
        self._is_told.set()

    def leave(self) -> None:
        """The worker is to go: a startup that has not begun does not, and streams are cut in a moment."""
        if not self._is_told.is_set():
            self._is_called_off = True
            self._is_told.set()
        self._streams.end_soon()

    def look(self) -> None:
        """Tells what was imported since the last look."""
        if self._imports is not None:
            self._imports.look()
