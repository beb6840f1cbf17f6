"""An application that shows what its process looks like from the inside, and starts processes in every way."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from apps import answer, lifespan

started: dict[str, int] = {}


def pid_of_child(method: str) -> int:
    """The pid of a process of a pool."""
    context: Any = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        first = pool.submit(os.getpid).result(60)
    with context.Pool(1) as other:
        assert other.apply(os.getpid) != first
    process = context.Process(target=print, args=(f"child by {method}",), kwargs={"flush": True})
    process.start()
    process.join(60)
    assert process.exitcode == 0
    return first


def see() -> dict[str, Any]:
    """What an application may look at."""
    main: Any = sys.modules["__main__"]
    return {
        "file": main.__file__,
        "spec": main.__spec__.name,
        "package": main.__package__,
        "argv": sys.argv,
        "orig_argv": sys.orig_argv[1:],
        "path": sys.path[0],
        "cwd": os.getcwd(),
        "env": os.environ.get("FROM_FILE"),
        "flags": [sys.flags.dev_mode, sys.flags.optimize, sys.warnoptions, sys._xoptions],
        "started": started,
    }


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """`/METHOD` starts processes by it."""
    if scope["type"] == "lifespan":
        for method in multiprocessing.get_all_start_methods():
            started[method] = pid_of_child(method)
        await lifespan(receive, send)
        return
    method = scope["path"][1:]
    body = {"child": pid_of_child(method)} if method else see()
    await answer(send, json.dumps(body).encode())
