"""The end of a worker's process.

Owns: what is done in place of the interpreter's own end, and when that is safe. Does not own: when a worker ends
(`main`).
Invariants: non-daemon threads are waited for, `atexit` functions are called, temporary files are removed and others
are flushed, as always. What is left out is that the interpreter takes every object apart, right before the process is
gone. In a worker that was forked from a template that would copy every page that the workers share (two thirds of what
such a worker costs), and in another one it is a tenth of the cost of a recycle. Lost by it: `__del__` of objects that
live in modules.
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

from . import temporary

_TOOLS = frozenset({"cProfile", "coverage", "memray", "profile", "scalene", "viztracer", "yappi"})
"""Modules that measure: some write what they have found when the interpreter takes them apart."""

_VARIABLES = ("ASAN_OPTIONS", "GCOV_PREFIX", "LD_PRELOAD", "LLVM_PROFILE_FILE", "LSAN_OPTIONS")
"""Variables by which a library in C may do the same when the process ends by `exit`."""

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
    """Ends a process that was forked from a template."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    temporary.remove()
    flush()
    _flush_c()
    os._exit(status)


def leave_if_unwatched(status: int) -> NoReturn:
    """Ends a process that was started by itself: by the interpreter's own end if somebody may need that."""
    if _is_watched():
        sys.exit(status)
    leave(status)


def _is_watched() -> bool:
    """Whether a thread goes on, or a tool measures this process."""
    main = threading.main_thread()
    if any(thread is not main and not thread.daemon for thread in threading.enumerate()):
        return True
    monitoring: Any = getattr(sys, "monitoring", None)
    if sys.gettrace() or sys.getprofile() or (monitoring and any(map(monitoring.get_tool, range(6)))):
        return True
    return not _TOOLS.isdisjoint(sys.modules) or any(map(os.environ.get, _VARIABLES))


def _flush_c() -> None:
    """Flushes what code in C has printed: its library does so in an `exit` only."""
    try:
        import ctypes

        ctypes.CDLL(None).fflush(None)
    except (ImportError, OSError, AttributeError):
        # Not every interpreter was built with it.
        pass


def _files() -> Iterator[Any]:
    yield from filter(None, (sys.stdout, sys.stderr))
    yield from filter(None, (reference() for reference in _frozen))
    # By the type itself: an object's `__class__` may be a property of the application's.
    yield from (it for it in gc.get_objects() if issubclass(type(it), io.IOBase))
