"""Compiled modules of code that has just been saved.

Python takes a compiled module for that of a source whose time, in whole seconds, and size are the same. Two saves
within a second that differ in one digit are the same then, and the older one would be served.

Owns: that no such file is written. Does not own: those that others write (a run of tests in the same second).
"""

from __future__ import annotations

import os
import time
from importlib.machinery import SourceFileLoader
from importlib.util import source_from_cache
from typing import Any

_SETTLED = 2.0
"""Seconds after which no other save can have the same time."""


def write_only_of_what_has_settled() -> None:
    """From now on a compiled module is kept only if its source was saved a while ago."""
    original = SourceFileLoader.set_data

    def set_data(self: SourceFileLoader, path: str, data: Any, **words: Any) -> None:
        if not _is_young(path):
            original(self, path, data, **words)

    SourceFileLoader.set_data = set_data  # type: ignore[method-assign]


def _is_young(path: str) -> bool:
    try:
        return time.time() - os.stat(source_from_cache(path)).st_mtime < _SETTLED
    except (OSError, ValueError):
        return False
