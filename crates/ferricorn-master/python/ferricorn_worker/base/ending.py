"""The end of a process that was forked from a template.

Owns: what is done in place of the interpreter's own end. Does not own: when a worker ends (`main`).
Invariants: non-daemon threads are waited for, `atexit` functions are called and files are flushed, as always. What is
left out is that the interpreter takes every object apart: it would copy every page that the workers share, right before
the process is gone (two thirds of what such a worker costs). Lost by it: `__del__` of objects that live in modules.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any, NoReturn

_frozen: list[weakref.ref[Any]] = []
"""Files that were open for writing before the fork: the collector does not list them any more."""


def flush() -> None:
    """Flushes every file that is open for writing: a copy of what waits in its buffer would be written once more."""
    for file in _files():
        try:
            if not file.closed and file.writable():
                file.flush()
        except Exception:
            # It is the application's, and may be anything.
            pass


def remember() -> None:
    """Keeps in mind which files are open: for before they are taken out of the collector's sight."""
    for file in [*_files()]:
        try:
            _frozen.append(weakref.ref(file))
        except TypeError:
            # Not every class of the application's can be referred to.
            pass


def leave(status: int) -> NoReturn:
    """Ends the process."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    flush()
    os._exit(status)


def _files() -> Iterator[Any]:
    yield from filter(None, (sys.stdout, sys.stderr))
    yield from filter(None, (reference() for reference in _frozen))
    # By the type itself: an object's `__class__` may be a property of the application's.
    yield from (it for it in gc.get_objects() if issubclass(type(it), io.IOBase))
