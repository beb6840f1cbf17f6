"""What the worker is doing: the requests in flight and the tasks, for the report about an event loop that stands still.

Owns: the set of request tasks with their age, the text. Does not own: when it is asked for (`signals`), the stacks of
threads (faulthandler's), the report (the master's).
Invariants: it is made on demand by a signal handler in the main thread, so that it costs a request nothing but the time
that it began; nothing here raises, whatever the application has done to its tasks.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from types import FrameType
from typing import Any

MOST = 20
"""Requests, and tasks, that are shown."""

_TITLE = "Requests in flight (most recent call first):"
"""The master looks for it (`hang.rs`)."""


class RequestTasks(defaultdict[Any, int]):
    """The tasks of uvicorn's requests, each with the time in nanoseconds at which it was added.

    uvicorn wants `add` and `discard` of it. Both are functions in C: a request pays 0.3 us for its age (measured).
    """

    def __init__(self) -> None:
        super().__init__(time.monotonic_ns)
        self.add = self.__getitem__
        self.discard = self.pop


def describe(requests: RequestTasks, tasks: Iterable[asyncio.Task[Any]]) -> str:
    """Both lists, oldest request first."""
    now = time.monotonic_ns()
    lines = [_TITLE]
    begun = sorted(requests.items(), key=lambda item: item[1])
    for task, since in begun[:MOST]:
        age = (now - since) / 1e9
        lines.append(f"  {_request(task)} for {age:.1f} s, {_where(task)}")
    others = [task for task in tasks if task not in requests]
    lines += _rest(begun)
    if others:
        lines.append("Tasks (most recent call first):")
        lines += [f"  {task.get_name()}: {_where(task)}" for task in others[:MOST]]
        lines += _rest(others)
    return "\n".join(lines) + "\n"


def _rest(shown: list[Any]) -> list[str]:
    return [f"  (and {len(shown) - MOST} more)"] if len(shown) > MOST else []


def _request(task: asyncio.Task[Any]) -> str:
    """Method and path, from the scope that uvicorn's protocol or its cycle holds."""
    frame = getattr(task.get_coro(), "cr_frame", None)
    holder = frame.f_locals.get("self") if frame is not None else None
    scope = getattr(holder, "scope", None)
    if not isinstance(scope, dict):
        return "a request"
    # Without the query, where secrets are.
    path = "".join(character if character.isprintable() else "?" for character in str(scope.get("path", "")))
    return f"{scope.get('method', 'WEBSOCKET')} {path[:200]}"


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
