"""What the worker is doing: the requests in flight and the tasks, for the report about an event loop that stands still.

Owns: the age of the requests, the text. Does not own: when it is asked for (`signals`), the stacks of
threads (faulthandler's), the report (the master's).
Invariants: it is made on demand by a signal handler in the main thread, and a request pays nothing for it; nothing here
raises, whatever the application has done to its tasks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from types import FrameType
from typing import Any

MOST = 20
"""Requests, and tasks, that are shown."""

_TITLE = "Requests in flight (most recent call first):"
"""The master looks for it (`hang.rs`)."""


class RequestAges:
    """How long each request is under way, to a tenth of a second.

    Nothing is noted when a request begins, since that would cost every request what few reports need: the tasks are
    looked at with each heartbeat. What has begun since the last one did so when the event loop still ran.
    """

    def __init__(self, tasks: set[asyncio.Task[None]]) -> None:
        self._tasks = tasks
        self._since: dict[Any, int] = {}
        self._looked = time.monotonic_ns()

    def look(self) -> None:
        """Notes which requests are under way now."""
        now = time.monotonic_ns()
        before = self._since
        self._since = {task: before.get(task, now) for task in self._tasks}
        self._looked = now

    def oldest_first(self) -> list[tuple[asyncio.Task[None], int]]:
        """The requests, and since when on the monotonic clock in nanoseconds."""
        since = [(task, self._since.get(task, self._looked)) for task in self._tasks]
        return sorted(since, key=lambda item: item[1])


def describe(requests: RequestAges, tasks: Iterable[asyncio.Task[Any]]) -> str:
    """Both lists, oldest request first."""
    now = time.monotonic_ns()
    lines = [_TITLE]
    begun = requests.oldest_first()
    for task, since in begun[:MOST]:
        age = (now - since) / 1e9
        lines.append(f"  {_request(task)} for {age:.1f} s, {_where(task)}")
    own = {task for task, _since in begun}
    others = [task for task in tasks if task not in own]
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
