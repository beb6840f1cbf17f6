"""Applications that fork, in every way and at every moment that the tests ask for.

The path of a request names the way. A child that stays says `child PID` and sleeps; its pid is the answer.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from apps import answer, lifespan

Scope = dict[str, Any]
FORK = multiprocessing.get_context("fork")
kept: list[Any] = []


def stay(seconds: float = 60) -> None:
    """What a child does."""
    print("child", os.getpid(), flush=True)
    time.sleep(seconds)


def process() -> int:
    """A process of `multiprocessing`."""
    child = FORK.Process(target=stay)
    child.start()
    kept.append(child)
    return child.pid or 0


def pool() -> int:
    """A pool of `multiprocessing`."""
    made = FORK.Pool(2)
    kept.append(made)
    return int(made.apply(os.getpid))


def executor() -> int:
    """A pool of `concurrent.futures`."""
    made = ProcessPoolExecutor(2, mp_context=FORK)
    kept.append(made)
    return made.submit(os.getpid).result()


def by_hand() -> int:
    """A bare fork."""
    child = os.fork()
    if child == 0:
        stay()
        os._exit(0)
    return child


def in_thread() -> int:
    """A bare fork in a thread."""
    pids: list[int] = []
    thread = threading.Thread(target=lambda: pids.append(by_hand()))
    thread.start()
    thread.join()
    return pids[0]


def nested() -> int:
    """A child of a child, whose parent has ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(by_hand()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return int(os.read(reader, 20))


WAYS: dict[str, Callable[[], int]] = {it.__name__: it for it in (process, pool, executor, by_hand, in_thread, nested)}


async def terminated() -> bytes:
    """How a child ends that is sent SIGTERM, and how long that takes."""
    child = FORK.Process(target=stay)
    child.start()
    begun = time.monotonic()
    child.terminate()
    child.join()
    return f"{child.exitcode} {time.monotonic() - begun:.3f}".encode()


async def interrupted(number: int) -> bytes:
    """The status of a child that is sent a signal."""
    child = by_hand()
    os.kill(child, number)
    return str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode()


def runs_a_loop() -> None:
    """A child that runs an event loop of its own, and tidies up."""

    async def pause() -> None:
        await asyncio.sleep(0.01)

    asyncio.run(pause())
    kept.clear()
    gc.collect()


async def comes_back(how: str) -> bytes:
    """A child that does not end by itself."""
    child = os.fork()
    if child == 0:
        if how == "exit":
            sys.exit(7)
        await asyncio.sleep(0.01)
        print("still here", flush=True)
        return b"child"
    return str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode()


async def app(scope: Scope, receive: Any, send: Any) -> None:
    """Forks as the path says."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    path = scope["path"][1:]
    if path in WAYS:
        body = str(WAYS[path]()).encode()
    elif path == "terminated":
        body = await terminated()
    elif path.startswith("signal/"):
        body = await interrupted(int(path.removeprefix("signal/")))
    elif path == "loop":
        child = FORK.Process(target=runs_a_loop)
        child.start()
        child.join()
        body = str(child.exitcode).encode()
    elif path.startswith("back/"):
        body = await comes_back(path.removeprefix("back/"))
    elif path == "extend":
        child = FORK.Process(target=lambda: sys.exit(int(sys.modules["ferricorn_worker.talk.extend"].boot(1))))
        child.start()
        child.join()
        body = str(child.exitcode).encode()
    else:
        body = b"ok"
    await answer(send, body)


async def at_startup(scope: Scope, receive: Any, send: Any) -> None:
    """Forks by hand in the lifespan startup."""
    if scope["type"] == "lifespan":
        by_hand()
    await app(scope, receive, send)


def at_import() -> Any:
    """A factory that forks, before there are a server and an event loop."""
    by_hand()
    return app


def exits_at_import() -> Any:
    """A factory whose child comes back by `sys.exit`, and the child of whose child does not leave at all."""
    if os.fork() == 0:
        if os.fork() == 0:
            return app
        sys.exit(0)
    return app


def with_handlers() -> Any:
    """A factory that sets a handler of SIGTERM, which children have as well."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(9))
    return app
