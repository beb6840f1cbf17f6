"""The open connections of a worker.

Owns: the set that uvicorn notes its connections in, and the count of those beside it. Does not own: how they come
(`accept`) and go (`drain`).
Invariant: every listener learns of every change that uvicorn makes to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..base import forked
from ..protocol.interface import Protocols


class ConnectionSet(set[Any]):
    """uvicorn's set of open connections, which reports its changes."""

    def __init__(self, protocols: Protocols) -> None:
        super().__init__()
        self._protocols = protocols
        self.opening = 0
        """Connections that are accepted and have no protocol yet."""
        self.expected: set[Any] = set()
        """Protocols of connections that the event loop is about to begin."""
        self.short_lived = 0
        """Connections that have ended without having been kept, since somebody has set this to 0."""
        self.on_add: Callable[[Any], None] | None = None
        self.on_begin: Callable[[], None] | None = None
        """Is called when one that was expected has begun."""
        self.on_discard: Callable[[Any], None] | None = None
        self._expected_before: set[Any] = set()
        forked.keep_also(self._descriptors)

    @property
    def count(self) -> int:
        """All connections of the worker, also those that uvicorn has not noted yet."""
        return len(self) + self.opening + len(self.expected)

    def _descriptors(self) -> Iterator[int]:
        for connection in self:
            descriptor = self._protocols.descriptor(connection)
            if descriptor is not None:
                yield descriptor

    def announce_to(self, also: Callable[[Any], None]) -> None:
        """Tells one more of each connection that is added."""
        before = self.on_add

        def both(connection: Any) -> None:
            if before is not None:
                before(connection)
            also(connection)

        self.on_add = both

    def add(self, connection: Any) -> None:
        """Notes an open connection."""
        super().add(connection)
        if connection in self.expected:
            self.expected.discard(connection)
            if self.on_begin is not None:
                self.on_begin()
        if self.on_add is not None:
            self.on_add(connection)

    def discard(self, connection: Any) -> None:
        """Notes a closed connection, and ends its timer."""
        super().discard(connection)
        self._protocols.lost(connection)
        if self.on_discard is not None:
            self.on_discard(connection)

    def was_kept(self, connection: Any) -> bool:
        """Whether a connection that is gone has ever waited for a next request."""
        return self._protocols.was_kept(connection)

    def forget_what_never_begins(self) -> None:
        """Drops what was expected in the last call already, some passes of the event loop ago: it has failed."""
        if self.expected:
            self.expected.difference_update(self._expected_before)
        self._expected_before = set(self.expected)
