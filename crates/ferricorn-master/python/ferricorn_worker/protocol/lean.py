"""uvicorn's HTTP/1.1 protocols with less work for each request.

Owns: what their event loop and their transport are. Does not own: either of them (`keep_alive`, `cork`); what an offer
to change the protocol comes to (`upgrade_offer`).
Invariants: only protocols that are known to use them well are changed (`is_known`); what is changed is the
worker's own subclass, never uvicorn's class.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ..talk.tally import ABORTED_BY_CLIENT, ABORTED_BY_WORKER, Tally
from .addresses import Addresses
from .cork import Cork, no_count
from .keep_alive import KeepAlive
from .upgrade_offer import declining, is_websocket

_KNOWN = ("HttpToolsProtocol", "H11Protocol")


def is_known(protocol_class: type[Any]) -> bool:
    """Whether it is one of uvicorn's protocols whose inner state this shim understands."""
    return protocol_class.__name__ in _KNOWN and protocol_class.__module__.startswith("uvicorn.protocols.http.")


def lean(
    protocol_class: type[Any],
    loop: asyncio.AbstractEventLoop,
    is_quiet: bool = False,
    tally: Tally | None = None,
) -> type[Any]:
    """The class for the connections of this event loop. `is_quiet` leaves access lines to others."""
    if not is_known(protocol_class):
        return protocol_class
    count = no_count if tally is None else tally.count

    class Lean(declining(protocol_class)):  # type: ignore[misc]
        transport: Any

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.loop = KeepAlive(loop)
            if is_quiet:
                # Otherwise it is what says whether the logger has handlers.
                self.access_log = False

        def connection_made(self, transport: asyncio.Transport) -> None:
            self.loop.exchange = cork = Cork(transport, loop, count)
            cork.get_extra_info = Addresses(transport).get_extra_info
            super().connection_made(cork)
            cork.get_extra_info = transport.get_extra_info

        def connection_lost(self, error: Exception | None) -> None:
            # Before uvicorn closes its side, which counts what is complete.
            cork, cycle = self.transport, self.cycle
            if tally is not None and cycle is not None and not cycle.response_complete:
                _count_lost(cork, tally)
            elif cork.status is not None:
                # Complete, and the connection was closing already: no pause has begun.
                count(cork)
            super().connection_lost(error)

        def handle_websocket_upgrade(self, *event: Any) -> None:
            if is_websocket(self):
                # The answer to a handshake is no response to a request, and a WebSocket has no heads to hold back.
                self.transport = self.transport.bare()
            super().handle_websocket_upgrade(*event)

        def eof_received(self) -> bool | None:
            # The event loop closes its transport by itself when a client says that it will send no more.
            self.transport.let_go()
            goes_on: bool | None = super().eof_received()
            return goes_on

    # The name still identifies the protocol.
    Lean.__name__, Lean.__qualname__ = protocol_class.__name__, protocol_class.__qualname__
    Lean.__module__ = protocol_class.__module__
    return Lean


def _count_lost(cork: Cork, tally: Tally) -> None:
    """Counts a request whose connection is gone before its response was complete."""
    if cork.was_counted:
        tally.add(ABORTED_BY_WORKER)
    # One that has not begun, pipelined behind another, never was with the application.
    elif cork.status is not None or cork.started:
        tally.abort(cork, ABORTED_BY_WORKER if cork.was_closed else ABORTED_BY_CLIENT)
