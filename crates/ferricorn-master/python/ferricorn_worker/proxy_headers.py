"""A way past uvicorn's middleware for the headers of proxies, for requests that have none.

Owns: the test whether a request has any. Does not own: what they mean and whom to trust (uvicorn's middleware).
Invariants: the middleware sees every request that has a header whose name begins with `x-` and has "forwarded" in it,
and uvicorn's middleware of every version from 0.24 to 0.54 does nothing to the others.

Its coroutine and its look at who is trusted are 6 % of the instructions of a small request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[[Any, Any, Any], Awaitable[None]]


def shorten(app: Any) -> Any:
    """The application as uvicorn has loaded it, with a way past the middleware if that is its outermost layer."""
    if type(app).__name__ != "ProxyHeadersMiddleware" or not hasattr(app, "app"):
        return app
    middleware: Application = app
    inner: Application = app.app

    # Not a coroutine function: returning the application's own coroutine saves one per request.
    def entered(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        for name, _value in scope.get("headers", ()):
            # To search each name would cost five times as much, and more than the middleware for a browser's headers.
            if name > b"x-" and b"forwarded" in name:
                return middleware(scope, receive, send)
        return inner(scope, receive, send)

    return entered
