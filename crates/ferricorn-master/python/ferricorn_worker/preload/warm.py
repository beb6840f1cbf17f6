"""What a warm template has: everything that an application imports from outside of the folders that are worked on.

Owns: importing it, and knowing whether it is still what is on disk. Does not own: the list (a worker has told it), the
template's process.
Invariants: nothing of the application's own code is here, or nobody is forked; what cannot be imported alone is left
out.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

from ..application import environment
from ..development.traces import is_own
from ..life.load import load_native
from ..talk.start import LoadTemplate, Warm

_FIRST = ("gevent", "eventlet", "django.conf")
"""What has to come before everything else, or after the application has said how it is to be: no import of ours may
take its place in the order."""


def load(order: LoadTemplate, warm: Warm, extension: int | None) -> tuple[Callable[[], bool], list[str]]:
    """Imports what there is, and returns whether it holds, and why nobody may be forked."""
    begun = time.time()
    app = order.load.app
    load_native(app.native_http, extension)
    environment.prepare_path(app.app_dir, app.python_path)
    for name in _FIRST:
        if name in warm.modules:
            return lambda: False, [f"`{name}`, which has to be imported when the application says so"]
    with _quiet():
        hazards = list(_import(warm))
    stamps = {path: _stamp(path) for path in _paths(warm)}

    def holds() -> bool:
        return all(_stamp(path) == stamp for path, stamp in stamps.items())

    if any(stamp is not None and stamp[0] >= begun for stamp in _of_files(stamps)):
        # It was changed while it was imported.
        return lambda: False, hazards
    return holds, hazards


def _import(warm: Warm) -> Iterator[str]:
    """Imports them one after the other; yields why nobody may be forked."""
    seen: set[str] = set()
    for name in ("", *warm.modules):
        try:
            if name and name not in sys.modules:
                import_module(name)
        except (Exception, SystemExit):
            # It needs what comes before it in the application, which imports it in each worker.
            pass
        new = sys.modules.keys() - seen if len(sys.modules) != len(seen) else set()
        for other in new:
            module = sys.modules[other]
            file = getattr(module, "__file__", None)
            # The main module, which has more than one name, is the program.
            if module is not sys.modules["__main__"] and isinstance(file, str) and is_own(file, warm.watched):
                yield f"`{other}`, which is the application's own and was imported by `{name or 'the interpreter'}`"
                return
        seen |= new


@contextmanager
def _quiet() -> Iterator[None]:
    """What the imports print, the first worker's have printed."""
    kept = {number: os.dup(number) for number in (1, 2)}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in kept:
        os.dup2(nowhere, number)
    os.close(nowhere)
    try:
        yield
    finally:
        for number, copy in kept.items():
            (sys.stdout if number == 1 else sys.stderr).flush()
            os.dup2(copy, number)
            os.close(copy)


def _paths(warm: Warm) -> Iterator[str]:
    """The files of every module, and the folders in which packages come and go."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not file.startswith(("<", "/proc/")) and module is not sys.modules["__main__"]:
            yield file
    for folder in sys.path:
        if folder.endswith(("site-packages", "dist-packages")):
            yield folder


def _of_files(stamps: dict[str, tuple[float, int] | None]) -> Iterator[tuple[float, int] | None]:
    return (stamp for path, stamp in stamps.items() if path.endswith(".py"))


def _stamp(path: str) -> tuple[float, int] | None:
    """By what it is seen that a file has changed, without reading it."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime, status.st_size
