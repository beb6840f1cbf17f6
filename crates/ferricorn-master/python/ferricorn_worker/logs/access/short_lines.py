"""Access lines for a terminal that one person looks at: time, method, target, status, duration.

Owns: the form. Does not own: gunicorn's format (`access_format`), which counts if the user has given one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .access import Headers, Record
from .access_format import target

_COLORS = {1: "36", 2: "32", 3: "36", 4: "33", 5: "31"}
"""By the first digit of the status."""


def compile_short(write: Callable[[bytes], None], colors: bool) -> Record:
    """A record that writes one short line."""

    def record(scope: Any, status: int, size: int, headers: Headers, seconds: float) -> None:
        now = time.strftime("%H:%M:%S")
        shown = f"\033[{_COLORS.get(status // 100, '35')}m{status}\033[0m" if colors else str(status)
        what = scope.get("method", "WEBSOCKET")
        write(f"{now} {what} {target(scope)} {shown} {_duration(seconds)}\n".encode("utf-8", "backslashreplace"))

    return record


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"
