"""What the worker is doing: the requests in flight and the tasks, for the report about a blocked event loop.

Owns: the text. Does not own: which requests there are (`in_flight`), when it is asked for (`signals`), the stacks of
threads (faulthandler's), the report (the master's).
Invariants: it is made on demand by a signal handler in the main thread; nothing here raises, whatever the application
has done to its tasks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from types import FrameType
from typing import Any

from .in_flight import InFlight

MOST = 20
"""Requests, and tasks, that are shown."""

RUNNING = "running now"
"""Instead of the place of the task that runs, which is where its stack begins; the stack of the thread has the rest."""

_TITLE = "Requests in flight (most recent call first):"
"""The master looks for it (`hang.rs`)."""


def describe(requests: InFlight, tasks: Iterable[asyncio.Task[Any]], running: asyncio.Task[Any] | None) -> str:
    """Both lists, oldest request first. `running` is the task that holds the event loop."""
    now = time.monotonic_ns()
    lines = [_TITLE]
    begun = requests.oldest_first()
    for task, since in begun[:MOST]:
        age = (now - since) / 1e9
        lines.append(f"  {requests.name_of(task)} for {age:.1f} s, {RUNNING if task is running else _where(task)}")
    own = {task for task, _since in begun}
    others = [task for task in tasks if task not in own]
    lines += _rest(begun)
    if others:
        lines.append("Tasks (most recent call first):")
        lines += [f"  {task.get_name()}: {RUNNING if task is running else _where(task)}" for task in others[:MOST]]
        lines += _rest(others)
    return "\n".join(lines) + "\n"


def _rest(shown: list[Any]) -> list[str]:
    return [f"  (and {len(shown) - MOST} more)"] if len(shown) > MOST else []


def _where(task: asyncio.Task[Any]) -> str:
    """The innermost frame of a task: file, line and function."""
    innermost: FrameType | None = None
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None:
            innermost = frame
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    if innermost is None:
        return "not begun"
    code = innermost.f_code
    return f'File "{code.co_filename}", line {innermost.f_lineno} in {code.co_name}'
