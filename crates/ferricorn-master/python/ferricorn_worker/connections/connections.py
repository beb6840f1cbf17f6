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
        self.on_add: Callable[[Any], None] | None = None
        self.on_discard: Callable[[], None] | None = None
        forked.keep_also(self._descriptors)

    @property
    def count(self) -> int:
        """All connections of the worker, also those that uvicorn has not noted yet."""
        return len(self) + self.opening

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
        if self.on_add is not None:
            self.on_add(connection)

    def discard(self, connection: Any) -> None:
        """Notes a closed connection, and ends its timer."""
        super().discard(connection)
        self._protocols.lost(connection)
        if self.on_discard is not None:
            self.on_discard()
