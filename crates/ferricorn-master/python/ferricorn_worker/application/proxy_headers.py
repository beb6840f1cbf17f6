"""Which peers may speak for others, and a shortcut past uvicorn's middleware for requests without proxy headers.

Owns: the test whether a request has such headers, and whom to trust beside uvicorn's list. Does not own: what the
headers mean (uvicorn's middleware).
Invariants: the middleware sees every request that has a header whose name begins with `x-` and has "forwarded" in it,
and uvicorn's middleware of every version from 0.24 to 0.54 does nothing to the others. An address is trusted if uvicorn
trusts it or the IPv4 address that it stands for; a peer of a unix socket is trusted unless the list is empty, as by
gunicorn; a peer of TCP whose address is unknown never is.

The middleware's coroutine and its look at who is trusted are 6 % of the instructions of a small request.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import ipaddress
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

Application = Callable[[Any, Any, Any], Awaitable[None]]

_LONGEST_NAME = 253
"""Of a host, in letters. A longer text is not kept in the cache, which a hostile client could fill with it."""


def shorten(app: Any, allowed: str | list[str]) -> Any:
    """The application as uvicorn has loaded it, with a way past the middleware if that is its outermost layer.

    `allowed` is uvicorn's option `forwarded_allow_ips`, which the middleware was made with.
    """
    if type(app).__name__ != "ProxyHeadersMiddleware" or not hasattr(app, "app"):
        return app
    names = [name.strip() for name in (allowed.split(",") if isinstance(allowed, str) else allowed)]
    over_tcp: Application = _with_trust(app, names, in_nameless=False)
    over_unix: Application = _with_trust(app, names, in_nameless=any(names))
    inner: Application = app.app

    # Not a coroutine function: returning the application's own coroutine saves one per request.
    def entered(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        for name, _value in scope.get("headers", ()):
            # To search each name would cost five times as much, and more than the middleware for a browser's headers.
            if name > b"x-" and b"forwarded" in name:
                return (over_unix if _is_unix(scope) else over_tcp)(scope, receive, send)
        return inner(scope, receive, send)

    return entered


def _is_unix(scope: Any) -> bool:
    """Whether the request came over a unix socket.

    A missing address of the client does not prove it: that of a TCP client that has gone cannot be read either, and its
    request is still served.
    """
    if scope.get("client") is not None:
        return False
    server = scope.get("server")
    # uvicorn gives the path without a port, before 0.30 nothing.
    return server is None or server[1] is None


def _with_trust(middleware: Any, names: list[str], in_nameless: bool) -> Any:
    """A copy of the middleware that trusts whom this module does."""
    hosts = getattr(middleware, "trusted_hosts", None)
    if hosts is None:
        return middleware
    widened = copy.copy(middleware)
    widened.trusted_hosts = _widen(hosts, names, in_nameless)
    return widened


def _widen(hosts: Any, names: list[str], in_nameless: bool) -> Any:
    """The middleware's list, which is a set in older versions and of a class of its own in newer ones."""
    kind: Any = type(hosts)
    networks = tuple(_networks(names))

    def is_trusted(host: str) -> bool:
        if kind.__contains__(widened, host):
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        # uvicorn knows networks since 0.31.
        if any(address in network for network in networks):
            return True
        # What listens on `[::]` sees IPv4 clients under such addresses.
        mapped = getattr(address, "ipv4_mapped", None)
        return mapped is not None and is_trusted(str(mapped))

    remembered = functools.lru_cache(maxsize=4096)(is_trusted)

    class Widened(kind):  # type: ignore[misc]
        def __contains__(self, host: Any) -> bool:
            if not host:
                return (in_nameless and host is None) or bool(kind.__contains__(self, host))
            return remembered(host) if len(host) <= _LONGEST_NAME else is_trusted(host)

    if isinstance(hosts, set):
        widened = Widened(hosts)
    else:
        widened = copy.copy(hosts)
        widened.__class__ = Widened
    return widened


def _networks(names: list[str]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for name in names:
        if "/" in name:
            with contextlib.suppress(ValueError):
                yield ipaddress.ip_network(name)
