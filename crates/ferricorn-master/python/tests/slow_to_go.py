"""An application whose interpreter takes longer to end than an exit may take."""

from __future__ import annotations

import time
from collections.abc import Callable

from apps import app

__all__ = ["app"]


class _Slow:
    """In a cycle with itself, so that only the interpreter's end frees it, when modules have lost their names."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        sleep(0.8)


_slow = _Slow()
