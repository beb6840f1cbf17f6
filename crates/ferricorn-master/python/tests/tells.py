"""An application that tells how it is served."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

variable = contextvars.ContextVar("variable", default="default")
variable.set("of the startup")


class Protocol(H11Protocol):
    """A protocol of one's own."""


class Loop(asyncio.SelectorEventLoop):
    """An event loop of one's own."""


def make_loop(*_arguments: Any) -> asyncio.AbstractEventLoop:
    """What `--loop` may name."""
    return Loop()


def kind(value: object) -> str:
    """The full name of a value's class."""
    return f"{type(value).__module__}.{type(value).__name__}"


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Tells of its scope, its event loop and its server."""
    if scope["type"] == "lifespan":
        await receive()
        print("lifespan startup", flush=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    server = getattr(receive, "__self__", None)
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        print(f"queue={getattr(server, 'max_queue', None)}", flush=True)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    transport = getattr(server, "transport", None)
    protocol = transport.get_protocol() if transport is not None else None
    facts = {
        "path": scope["path"],
        "root_path": scope.get("root_path", ""),
        "scheme": scope["scheme"],
        "client": (scope.get("client") or ["-"])[0],
        "loop": kind(asyncio.get_running_loop()),
        "protocol": kind(protocol),
        "variable": variable.get(),
    }
    body = "\n".join(f"{name}={value}" for name, value in facts.items()).encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def headers(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Tells which headers it has got."""
    assert scope["type"] == "http"
    body = repr(scope["headers"]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def make() -> Any:
    """A factory."""
    return app


class Old:
    """An application of ASGI 2."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> None:
        await app(self.scope, receive, send)


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """An application of WSGI."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"path={environ['PATH_INFO']}".encode()]
