"""uvicorn's HTTP/1.1 protocols with less work for each request.

Owns: what their event loop and their transport are. Does not own: either of them (`keep_alive`, `cork`); what an offer
to change the protocol comes to (`upgrade_offer`).
Invariants: only protocols that are known to use them well are changed (`is_known`); what is changed is the
worker's own subclass, never uvicorn's class.
"""

from __future__ import annotations

import asyncio
from typing import Any

from .cork import Cork
from .keep_alive import KeepAlive
from .upgrade_offer import declining

_KNOWN = ("HttpToolsProtocol", "H11Protocol")


def is_known(protocol_class: type[Any]) -> bool:
    """Whether it is one of uvicorn's protocols whose inner state this shim understands."""
    return protocol_class.__name__ in _KNOWN and protocol_class.__module__.startswith("uvicorn.protocols.http.")


def lean(protocol_class: type[Any], loop: asyncio.AbstractEventLoop, is_quiet: bool = False) -> type[Any]:
    """The class for the connections of this event loop. `is_quiet` leaves access lines to others."""
    if not is_known(protocol_class):
        return protocol_class

    class Lean(declining(protocol_class)):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.loop = KeepAlive(loop)
            if is_quiet:
                # Otherwise it is what says whether the logger has handlers.
                self.access_log = False

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(Cork(transport, loop))

        def eof_received(self) -> bool | None:
            # The event loop closes its transport by itself when a client says that it will send no more.
            self.transport.let_go()
            goes_on: bool | None = super().eof_received()
            return goes_on

    # What tells a protocol by its name still does.
    Lean.__name__, Lean.__qualname__ = protocol_class.__name__, protocol_class.__qualname__
    Lean.__module__ = protocol_class.__module__
    return Lean
