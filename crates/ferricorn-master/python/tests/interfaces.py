"""Applications of every interface, and adapters between them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from asgiref.wsgi import WsgiToAsgi

Environ = dict[str, Any]


def wsgi(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """A function."""
    start_response("200 OK", [("Content-Length", "4")])
    return [b"wsgi"]


class Handler:
    """What Django's handler looks like."""

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        return wsgi(environ, start_response)


class Answer:
    """A class whose instance is the answer (PEP 3333)."""

    def __init__(self, environ: Environ, start_response: Any) -> None:
        self.body = wsgi(environ, start_response)

    def __iter__(self) -> Any:
        return iter(self.body)


class Middleware:
    """With names of its own, and an option."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, env: Environ, start: Any, /) -> Any:
        return self.app(env, start)


class OpenMiddleware:
    """Passes on whatever it gets."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.calls = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.app(*args, **kwargs)


def decorated(app: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that keeps the signature."""

    @functools.wraps(app)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return app(*args, **kwargs)

    return inner


def hidden(app: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that does not."""

    def inner(*args: Any, **kwargs: Any) -> Any:
        return app(*args, **kwargs)

    return inner


def make() -> Any:
    """A factory."""
    return wsgi


def with_options(environ: Environ, start_response: Any, prefix: str = "") -> Iterable[bytes]:
    """Could be called with three arguments."""
    return wsgi(environ, start_response)


handler = Handler()
middleware = Middleware(wsgi)
open_middleware = OpenMiddleware(handler)
decorated_wsgi = decorated(wsgi)
hidden_wsgi = hidden(wsgi)
partial = functools.partial(with_options, prefix="/shop")

WSGI = (
    wsgi,
    handler,
    Answer,
    middleware,
    open_middleware,
    Middleware(handler).__call__,
    decorated_wsgi,
    hidden_wsgi,
    partial,
    with_options,
)


async def answer(send: Any, body: bytes) -> None:
    """A whole answer."""
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def asgi(scope: Environ, receive: Any, send: Any) -> None:
    """Knows no lifespan, and takes it for a request."""
    await receive()
    await answer(send, b"asgi")


class Old:
    """A class of ASGI 2."""

    def __init__(self, scope: Environ) -> None:
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> None:
        if self.scope["type"] != "http":
            raise NotImplementedError
        await answer(send, b"old")


def old(scope: Environ) -> Any:
    """A function of ASGI 2."""
    return Old(scope)


def plain(scope: Environ, receive: Any, send: Any) -> Any:
    """Gives a coroutine back, and is none."""
    return asgi(scope, receive, send)


def with_defaults(scope: Environ, receive: Any = None, send: Any = None) -> Any:
    """Could be called with two arguments."""
    return asgi(scope, receive, send)


class Short:
    """Names of its own for everything."""

    async def __call__(self, a: Environ, b: Any, c: Any) -> None:
        await asgi(a, b, c)


async def of_two(environ: Environ, start_response: Any) -> None:
    """Nothing that anybody can call."""


def everything(*args: Any) -> Any:
    """Takes everything, and stands around nothing."""
    return asgi(*args)


adapted: Any = WsgiToAsgi(wsgi)  # type: ignore[no-untyped-call,unused-ignore]
adapted_hidden = hidden(adapted)
old_hidden = hidden(old)
short = Short()
asgi_partial = functools.partial(asgi)
asgi_open = OpenMiddleware(asgi)
old_open = OpenMiddleware(old)

ASGI_3 = (asgi, plain, short, adapted, adapted_hidden, asgi_partial, asgi_open, decorated(asgi))
ASGI = (*ASGI_3, Old, old, with_defaults, of_two, everything, old_hidden, old_open)


async def mount(scope: Environ, receive: Any, send: Any) -> None:
    """Looks at the path first, which a lifespan does not have."""
    await (adapted if scope["path"] == "/" else asgi)(scope, receive, send)


async def strict(scope: Environ, receive: Any, send: Any) -> None:
    """Wants requests only."""
    assert scope["type"] == "http"
    await answer(send, b"strict")


async def polite(scope: Environ, receive: Any, send: Any) -> None:
    """Says so in its own words."""
    if scope["type"] != "http":
        raise RuntimeError("this is an HTTP application")
    await answer(send, b"polite")


async def quitting(scope: Environ, receive: Any, send: Any) -> None:
    """Ends the program before it takes the order to start."""
    if scope["type"] == "lifespan":
        raise SystemExit(1)
    await answer(send, b"quitting")
