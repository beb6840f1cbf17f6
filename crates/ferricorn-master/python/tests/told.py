"""Applications that want to hear of the end: their requests wait until they are told that the worker leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from apps import answer, lifespan

Scope = dict[str, Any]
told: list[str] = []


def tell(what: str) -> None:
    """Notes who was called, for the requests and for the test."""
    told.append(what)
    print("told", what, flush=True)


def plain(what: str) -> Callable[..., None]:
    """A handler for `signal.signal`."""

    def handler(number: int, frame: Any) -> None:
        assert number == signal.SIGTERM
        assert frame.f_code
        tell(what)

    return handler


def chained() -> None:
    """Sets a handler that calls the one before it."""
    before: Any = signal.getsignal(signal.SIGTERM)

    def handler(number: int, frame: Any) -> None:
        tell("chained")
        before(number, frame)

    signal.signal(signal.SIGTERM, handler)


def patched() -> None:
    """Replaces the method that uvicorn gives to the signals, and calls it."""
    original: Any = uvicorn.Server.handle_exit

    def handle_exit(*arguments: Any) -> None:
        tell("patched")
        original(*arguments)

    uvicorn.Server.handle_exit = handle_exit  # type: ignore[method-assign,assignment]


def fails(number: int, frame: Any) -> None:
    """A handler with a mistake."""
    tell("fails")
    raise ValueError("a mistake of the handler's")


def leaves(number: int, frame: Any) -> None:
    """A handler that ends the process."""
    tell("leaves")
    sys.exit(5)


def interrupts(number: int, frame: Any) -> None:
    """A handler that ends the process as Ctrl-C does."""
    tell("interrupts")
    raise KeyboardInterrupt


def waits() -> None:
    """A thread that takes the signal as it comes."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])

    def wait() -> None:
        signal.sigwait([signal.SIGTERM])
        tell("waits")

    threading.Thread(target=wait, daemon=True).start()


def of_loop() -> None:
    """A handler that the event loop calls."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, tell, "of_loop")


WAYS: dict[str, Callable[[], Any]] = {
    "plain": lambda: signal.signal(signal.SIGTERM, plain("plain")),
    "chained": chained,
    "patched": patched,
    "fails": lambda: signal.signal(signal.SIGTERM, fails),
    "leaves": lambda: signal.signal(signal.SIGTERM, leaves),
    "interrupts": lambda: signal.signal(signal.SIGTERM, interrupts),
    "waits": waits,
    "of_loop": of_loop,
}


def leaving() -> bool:
    """What uvicorn's server says, where libraries find it."""
    server: Any = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    assert isinstance(server, uvicorn.Server)
    return server.should_exit


async def until_told(scope: Scope, receive: Any, send: Any) -> None:
    """`/set/WAY` sets a handler, `/look` waits for the server's word, `/wait` for a handler."""
    path = scope["path"]
    if path.startswith("/set/"):
        WAYS[path.removeprefix("/set/")]()
        await answer(send, b"set")
        return
    if path == "/exit":
        server: Any = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        server.should_exit = True
    elif path != "/":
        print("waiting", flush=True)
        while not (leaving() if path == "/look" else told):
            await asyncio.sleep(0.005)
    await answer(send, str(os.getpid()).encode())


async def app(scope: Scope, receive: Any, send: Any) -> None:
    """Sets handlers when a request asks for it, or when the startup finds them in its environment."""
    if scope["type"] == "lifespan":
        if way := os.environ.get("AT_STARTUP"):
            WAYS[way]()
        await lifespan(receive, send)
        return
    await until_told(scope, receive, send)


def at_import() -> Any:
    """A factory that sets a handler as modules do when they are imported."""
    WAYS[os.environ["AT_IMPORT"]]()
    return app


def streams() -> Any:
    """Endless events, with sse-starlette."""
    from sse_starlette import EventSourceResponse

    async def events() -> Any:
        while True:
            yield {"data": "still here"}
            await asyncio.sleep(0.05)

    async def stream(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        await EventSourceResponse(events())(scope, receive, send)

    return stream
