"""What `uvicorn.Config` makes of an application and of its own options, apart from TLS.

Owns: which attributes of a loaded `uvicorn.Config` hold that. Does not own: which options it has (`application`).
Invariants: what is made here holds for every process that is forked afterwards: no file of TLS is read, and no event
loop is needed. `secure` is for the process that serves.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TLS = ("ssl_keyfile", "ssl_certfile", "ssl_context_factory")
"""What uvicorn takes for the wish to speak TLS."""


def load(config: Any, app: Any) -> Any:
    """The application as uvicorn serves it. Raises whatever the options, or the application's own code, raise."""
    config.app = app
    with _without_tls(config):
        config.load()
    return config.loaded_app


def has_reached_app(config: Any) -> bool:
    """Whether everything but the application was loaded: only its own code runs after that."""
    return hasattr(config, "loaded_app")


def serve_as(config: Any, interface: str) -> None:
    """Notes the interface that the application turned out to have. WSGI has no WebSockets."""
    config.interface = interface
    if interface == "wsgi":
        config.ws_protocol_class = None


def secure(config: Any) -> None:
    """Makes the context of TLS from its files, if there is to be one. Raises whatever uvicorn does."""
    if not config.is_ssl:
        return
    # By uvicorn's own code, which differs by version and has no function of its own for this.
    other = copy.copy(config)
    other.loaded = False
    other.app, other.interface, other.proxy_headers = _unused, "asgi3", False
    other.load()
    config.ssl = other.ssl


@contextmanager
def _without_tls(config: Any) -> Iterator[None]:
    wishes = {name: getattr(config, name) for name in _TLS if hasattr(config, name)}
    for name in wishes:
        setattr(config, name, None)
    try:
        yield
    finally:
        for name, wish in wishes.items():
            setattr(config, name, wish)


async def _unused(scope: Any, receive: Any, send: Any) -> None:
    """An application that is never called."""
