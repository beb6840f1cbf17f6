"""An ASGI application without a framework: the protocol needs three callables and a dictionary."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY = b"Hello from a bare ASGI application\n"


async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """The application: the server calls it once per request, and once for the life of the worker."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["type"] == "http":
        await answer(scope["path"], send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})


async def live(receive: Receive, send: Send) -> None:
    """Acknowledges the start and the end of the worker."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def answer(path: str, send: Send) -> None:
    """Greets at `/`; every other path is not found."""
    status, body = (200, BODY) if path == "/" else (404, b"Not found\n")
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
