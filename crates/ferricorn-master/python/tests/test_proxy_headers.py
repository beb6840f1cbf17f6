"""The way past uvicorn's middleware for the headers of proxies changes nothing but the time it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ferricorn_worker import proxy_headers

Headers = list[tuple[bytes, bytes]]


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
        return {"type": kind, "scheme": "http", "client": client, "headers": list(headers)}

    middleware = ProxyHeadersMiddleware(app, trusted_hosts=trusted)
    short = proxy_headers.shorten(middleware)
    assert short is not middleware
    assert asyncio.run(seen_by(short, scope())) == asyncio.run(seen_by(middleware, scope()))


def test_the_lifespan_reaches_the_application() -> None:
    kinds: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        kinds.append(scope["type"])

    asyncio.run(proxy_headers.shorten(ProxyHeadersMiddleware(app))({"type": "lifespan"}, None, None))
    assert kinds == ["lifespan"]


def test_any_other_application_is_left_alone() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None: ...

    assert proxy_headers.shorten(app) is app
