"""Whom to trust with the headers of proxies; the way past uvicorn's middleware changes only the time it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ferricorn_worker.application import proxy_headers

Headers = list[tuple[bytes, bytes]]
SERVER = ("127.0.0.1", 80)


async def seen_by(middleware: Any, scope: dict[str, Any]) -> dict[str, Any]:
    """The scope as the application sees it behind the middleware."""
    await middleware(scope, None, None)
    return scope


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("client", [("127.0.0.1", 4711), ("10.0.0.7", 4711), None])
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"example.com"), (b"accept", b"*/*")],
        [(b"x-api-key", b"1"), (b"x-forwarded-host", b"example.com")],
        [(b"x-forwarded-for", b"203.0.113.9, 127.0.0.1")],
        [(b"host", b"example.com"), (b"x-forwarded-proto", b"https")],
        [(b"forwarded", b"for=203.0.113.9;proto=https"), (b"x-real-ip", b"203.0.113.9")],
    ],
)
@pytest.mark.parametrize("trusted", ["127.0.0.1", "*"])
def test_the_application_sees_what_it_would_see(kind: str, client: Any, headers: Headers, trusted: str) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None: ...

    def scope() -> dict[str, Any]:
        return {"type": kind, "scheme": "http", "client": client, "server": SERVER, "headers": list(headers)}

    middleware = ProxyHeadersMiddleware(app, trusted_hosts=trusted)
    short = proxy_headers.shorten(middleware, trusted)
    assert short is not middleware
    assert asyncio.run(seen_by(short, scope())) == asyncio.run(seen_by(middleware, scope()))


def test_the_lifespan_reaches_the_application() -> None:
    kinds: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        kinds.append(scope["type"])

    asyncio.run(proxy_headers.shorten(ProxyHeadersMiddleware(app), "127.0.0.1")({"type": "lifespan"}, None, None))
    assert kinds == ["lifespan"]


def test_any_other_application_is_left_alone() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None: ...

    assert proxy_headers.shorten(app, "*") is app


FORWARDED = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")]
UNIX = (None, ("/run/shop.sock", None))
"""The server of a unix socket, as older and newer versions of uvicorn name it."""


@pytest.mark.parametrize(
    ("allowed", "client", "server", "is_trusted"),
    [
        ("127.0.0.1,::1", "::ffff:127.0.0.1", SERVER, True),
        ("127.0.0.1", "::ffff:7f00:1", SERVER, True),
        ("127.0.0.1", "::ffff:127.0.0.2", SERVER, False),
        ("10.0.0.0/8, 192.0.2.1", "::ffff:10.9.8.7", SERVER, True),
        ("10.0.0.0/8", "10.9.8.7", SERVER, True),
        ("10.0.0.0/8", "::ffff:11.9.8.7", SERVER, False),
        ("2001:db8::/32", "2001:db8::7", SERVER, True),
        (["10.0.0.1"], "::ffff:10.0.0.1", SERVER, True),
        ("10.0.0.0/33,::ffff:10.0.0.1", "::ffff:10.0.0.1", SERVER, True),
        ("127.0.0.1", "127.0.0.1" * 40, SERVER, False),
        ("", "127.0.0.1", SERVER, False),
        # Over a unix socket no peer has an address, and over TCP one that has gone.
        *[("127.0.0.1,::1", None, server, True) for server in UNIX],
        *[("10.0.0.1", None, server, True) for server in UNIX],
        *[("*", None, server, True) for server in UNIX],
        *[("", None, server, False) for server in UNIX],
        *[([], None, server, False) for server in UNIX],
        ("127.0.0.1,::1", None, SERVER, False),
        ("127.0.0.1,::1", None, ("::", 80), False),
    ],
)
def test_who_is_trusted(allowed: str | list[str], client: str | None, server: Any, is_trusted: bool) -> None:
    async def inner(_scope: Any, _receive: Any, _send: Any) -> None: ...

    app = proxy_headers.shorten(ProxyHeadersMiddleware(inner, trusted_hosts=allowed), allowed)
    peer = client and (client, 4711)
    scope = {"type": "http", "scheme": "http", "client": peer, "server": server, "headers": FORWARDED}
    seen = asyncio.run(seen_by(app, scope))
    assert (seen["client"], seen["scheme"]) == ((("203.0.113.9", 0), "https") if is_trusted else (peer, "http"))


def test_a_proxy_behind_the_proxy_is_known_under_its_mapped_address_too() -> None:
    async def inner(_scope: Any, _receive: Any, _send: Any) -> None: ...

    app = proxy_headers.shorten(ProxyHeadersMiddleware(inner, trusted_hosts="10.0.0.0/8"), "10.0.0.0/8")
    headers = [(b"x-forwarded-for", b"198.51.100.1, 203.0.113.9, ::ffff:10.0.0.7, 10.0.0.8")]
    scope = {"type": "http", "scheme": "http", "client": ("::ffff:10.0.0.9", 1), "server": SERVER, "headers": headers}
    assert asyncio.run(seen_by(app, scope))["client"] == ("203.0.113.9", 0)
