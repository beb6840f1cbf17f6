"""The applications that the tests run in workers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import threading
import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

Scope = dict[str, Any]


async def lifespan(receive: Any, send: Any) -> None:
    """Writes when it starts and stops."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            print("lifespan shutdown", flush=True)
            await send({"type": "lifespan.shutdown.complete"})
            return


async def answer(send: Any, body: bytes, status: int = 200) -> None:
    """A whole answer with a length."""
    headers = [(b"content-length", str(len(body)).encode()), (b"x-kind", b'quoted "value"')]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def websocket(receive: Any, send: Any) -> None:
    """Accepts and echoes until the end."""
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            print("websocket code", message["code"], flush=True)
            return
        await send({"type": "websocket.send", "text": message.get("text") or ""})


async def app(scope: Scope, receive: Any, send: Any) -> None:
    """`/wait` answers when the file `go` exists, `/block` blocks the event loop, `/body` echoes its body."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    if scope["type"] == "websocket":
        await websocket(receive, send)
        return
    path = scope["path"]
    if path == "/wait":
        print("waiting", flush=True)
        while not os.path.exists("go"):
            await asyncio.sleep(0.005)
    elif path == "/block":
        print("blocking", flush=True)
        time.sleep(60)
    elif path == "/fail":
        raise ValueError("no")
    elif path == "/body":
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        await answer(send, body)
        return
    await answer(send, str(os.getpid()).encode())


class OtherProtocol(H11Protocol):
    """A protocol of the user's own."""


class Holder:
    """Something with an attribute that is an application."""

    inner = staticmethod(app)


holder = Holder()
nothing_to_call = 3


def make(name: str = "plain", *, loud: bool = False) -> Any:
    """A factory."""
    if name == "broken":
        raise RuntimeError("factory broke")
    print("made", name, loud, flush=True)
    return app


async def bare(scope: Scope, receive: Any, send: Any) -> None:
    """Knows no lifespan."""
    assert scope["type"] == "http"
    await answer(send, b"bare")


async def broken(scope: Scope, receive: Any, send: Any) -> None:
    """Fails at its startup, with an error that tells nothing."""
    if scope["type"] == "lifespan":
        await receive()
        raise KeyError("DATABASE_URL")
    await answer(send, b"broken")


async def refuses(scope: Scope, receive: Any, send: Any) -> None:
    """Reports a failed startup, as Starlette does."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "Traceback: database is away"})


async def paths(scope: Scope, receive: Any, send: Any) -> None:
    """Shows what the application sees of the interpreter."""
    await answer(send, repr([sys.path[0], sys.argv]).encode())


async def flood(scope: Scope, receive: Any, send: Any) -> None:
    """Answers more than a client takes that does not read."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    headers = [(b"content-length", b"1000000000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while True:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(
                send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True}), 0.1
            )
            continue
        print("full", flush=True)
        await asyncio.sleep(60)


async def slow_body(scope: Scope, receive: Any, send: Any) -> None:
    """Begins its answer, and ends it when the file `go` exists."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    while not os.path.exists("go"):
        await asyncio.sleep(0.005)
    await send({"type": "http.response.body", "body": b"body"})


async def few_descriptors(scope: Scope, receive: Any, send: Any) -> None:
    """Lowers its limit of descriptors at the start."""
    if scope["type"] == "lifespan":
        import resource

        used = len(os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, used + 20))
    await app(scope, receive, send)


async def slow_start(scope: Scope, receive: Any, send: Any) -> None:
    """Starts when the file `go` exists."""
    if scope["type"] == "lifespan":
        print("starting", flush=True)
        while not os.path.exists("go"):
            await asyncio.sleep(0.005)
    await app(scope, receive, send)


async def child(scope: Scope, receive: Any, send: Any) -> None:
    """Shows which descriptors a child process has."""
    import subprocess

    script = "import os\nprint(*[n for n in range(256) if os.path.exists(f'/proc/self/fd/{n}')], end='')"
    done = subprocess.run([sys.executable, "-c", script], close_fds=False, stdout=subprocess.PIPE, check=True)
    await answer(send, done.stdout)


async def in_thread(scope: Scope, receive: Any, send: Any) -> None:
    """Sleeps in a thread, deaf to cancellation."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    print("sleeping", flush=True)
    sleeping = asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
    while not sleeping.done():
        try:
            await asyncio.shield(sleeping)
        except asyncio.CancelledError:
            pass


async def in_own_thread(scope: Scope, receive: Any, send: Any) -> None:
    """Waits for a thread that the interpreter waits for as well when it ends."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    threading.Thread(target=time.sleep, args=(60,)).start()
    print("sleeping", flush=True)
    await asyncio.sleep(60)


async def asks_for_time(scope: Scope, receive: Any, send: Any) -> None:
    """Asks for more time at its startup."""
    if scope["type"] == "lifespan":
        sys.modules["ferricorn_worker.talk.extend"].boot(2.5)
    await app(scope, receive, send)


def hungry() -> None:
    """Wants more memory than there is, and gives up."""
    try:
        bytes(1 << 60)
    except MemoryError:
        sys.exit(1)


def crash() -> None:
    """Reads where nothing is."""
    import ctypes

    ctypes.string_at(0)


async def dying(scope: Scope, receive: Any, send: Any) -> None:
    """Dies of what the path says."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    ways = {"/exit": lambda: sys.exit(7), "/hungry": hungry, "/crash": crash}
    asyncio.get_running_loop().call_soon(ways[scope["path"]])
    await asyncio.sleep(60)


async def forks(scope: Scope, receive: Any, send: Any) -> None:
    """Each request forks a process that logs one line."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    child = os.fork()
    if child == 0:
        logger = logging.getLogger("gunicorn.error")
        logger.warning("a word of the child")
        for handler in logger.handlers:
            handler.flush()
        os._exit(0)
    os.waitpid(child, 0)
    await answer(send, b"ok")


async def ends(scope: Scope, receive: Any, send: Any) -> None:
    """Shows the addresses of a connection."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await answer(send, json.dumps({"client": scope["client"], "server": scope["server"]}).encode())
