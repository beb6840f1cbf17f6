"""What drain, hand-off, last word, report and keep-alive need of a connection, for any protocol.

Owns: the questions and the orders. Does not own: the answers (`uvicorns`), nor when they are asked for (`connections`,
`reports`).
Invariants: the inner state of a server's protocols is named in this folder and in `connections.server` alone; a
question changes nothing, and all of them are cheap enough to be asked of each connection a hundred times a second.

A connection is whatever object the server keeps in its set of open connections. It is passed on, and never looked into
elsewhere: one protocol is a Python object of uvicorn's, another one may be written in any language.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

Scope = dict[str, Any]
"""An ASGI scope."""


class Protocols(ABC):
    """The protocols that speak on the connections of one worker.

    Idle connections exist only for HTTP/1.1 (`is_http`): HTTP/2 and WebSockets have no pauses
    between requests.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What speaks HTTP/1.1, as `--http` names it."""

    @abstractmethod
    def factory(self, loop: asyncio.AbstractEventLoop, state: Any, is_quiet: bool) -> Callable[[], asyncio.Protocol]:
        """What makes the protocol of each new connection.

        `state` is what the application's lifespan has left for its requests; `is_quiet` leaves access lines to others.
        """

    def noting(
        self, app: Any, pack: Callable[..., None], page: memoryview, places: int, place_bytes: int
    ) -> Any:  # `_ferricorn_http.Newest | None`, which not every worker can import
        """What notes requests itself as they begin, and calls this application without the wrapper that does it.

        The wrapper asks it to note the requests of other protocols. None if there is no such thing.

        `pack` writes number, method and path into a place of the page (`reports.in_flight`).
        """
        return None

    @abstractmethod
    def can_move(self) -> bool:
        """Whether idle connections of this worker can go to a sibling. Those of TLS cannot: its state is here."""

    @abstractmethod
    def is_http(self, connection: Any) -> bool:
        """Whether it speaks HTTP/1.1."""

    @abstractmethod
    def is_websocket(self, connection: Any) -> bool:
        """Whether it has become a WebSocket."""

    @abstractmethod
    def is_open(self, connection: Any) -> bool:
        """Whether the handshake of a WebSocket is over; one that is not would be refused with a 500."""

    @abstractmethod
    def is_idle(self, connection: Any) -> bool:
        """Whether an HTTP connection waits for the first byte of a request and has nothing left to send."""

    @abstractmethod
    def has_carried(self, connection: Any) -> bool:
        """Whether an HTTP connection has carried a request before, here or in the sibling that has handed it over."""

    @abstractmethod
    def was_kept(self, connection: Any) -> bool:
        """Whether it has ever waited for a next request, also if it is gone; whatever is no HTTP/1.1 has."""

    @abstractmethod
    def has_more(self, connection: Any) -> bool:
        """Whether a request is completely read on an HTTP connection, and a byte of the next one is here."""

    @abstractmethod
    def unread(self, connection: Any) -> bool:
        """Whether the kernel holds bytes that the event loop has not read yet."""

    @abstractmethod
    def unsent(self, connection: Any) -> int:
        """How many bytes are written and not sent."""

    @abstractmethod
    def is_closing(self, connection: Any) -> bool:
        """Whether nothing more will be read."""

    @abstractmethod
    def path(self, connection: Any) -> str | None:
        """The path of its latest request, without the query; None if it had none."""

    @abstractmethod
    def scope_of(self, task: asyncio.Task[Any]) -> Scope | None:
        """The scope of the request that a task of the server serves; None if that is not known."""

    @abstractmethod
    def descriptor(self, connection: Any) -> int | None:
        """The number of its socket; None if it has none any more."""

    @abstractmethod
    def pause_left(self, connection: Any, now: float) -> float | None:
        """The seconds of keep-alive time that an idle connection has left at this moment of the event loop's clock."""

    @abstractmethod
    def adopt(self, connection: Any, left: float) -> None:
        """Gives a new connection so many seconds of keep-alive time, unless a request has come in meanwhile."""

    @abstractmethod
    def forget(self, connection: Any) -> None:
        """Closes this process's descriptor of an idle connection without a word on the wire: it lives on elsewhere."""

    @abstractmethod
    def lost(self, connection: Any) -> None:
        """Ends what still runs for a connection that is gone."""

    @abstractmethod
    def announce_close(self, connections: Iterable[Any]) -> None:
        """Makes every response from now on say `Connection: close`, on these connections and on those to come.

        A response that has begun, or behind which the next request is here already, does not say it (`last_word`).
        """

    @abstractmethod
    def announce_close_on(self, connection: Any) -> None:
        """The same for a connection that has come since then."""

    @abstractmethod
    def end(self, connection: Any) -> None:
        """Ends what is no HTTP/1.1: a WebSocket with code 1012 (service restart), HTTP/2 with a GOAWAY."""

    @abstractmethod
    def close(self, connection: Any) -> None:
        """Closes when everything that was written is sent."""

    @abstractmethod
    def abort(self, connection: Any) -> None:
        """Closes at once."""
