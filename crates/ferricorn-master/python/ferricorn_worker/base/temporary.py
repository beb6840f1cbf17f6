"""Temporary files and folders that belong to objects of this process, and go with them.

Owns: finding them, and removing them. Does not own: what a fork does to them, nor those that no object of the standard
library's stands for (`tempfile.mkdtemp`).
Invariant: what was there before a fork is not found after it (`gc.freeze`): it belongs to all copies.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any


def named() -> Iterator[str]:
    """What the first process to end would delete for all, a line for each."""
    for thing, is_folder in _there():
        kind = "folder" if is_folder else "file"
        yield f"temporary {kind} `{thing.name}`, which the first worker that ends would delete"


def remove() -> None:
    """Removes them as the interpreter's own end would: a process that ends by `os._exit` does not reach that."""
    for thing, is_folder in _there():
        # What cannot be removed stays, as it would at that end.
        with suppress(Exception):
            if is_folder:
                thing.cleanup()
            else:
                thing.close()
                if os.path.exists(thing.name):
                    os.unlink(thing.name)


def _there() -> list[tuple[Any, bool]]:
    """Those that exist, and whether each is a folder."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is None:
        return []
    folder, file = tempfile.TemporaryDirectory, getattr(tempfile, "_TemporaryFileWrapper", ())
    # By the type itself: an object's `__class__` may be a property of the application's.
    things = ((thing, type(thing)) for thing in gc.get_objects())
    found = [(thing, kind is folder) for thing, kind in things if kind in (folder, file)]
    return [it for it in found if _goes(*it) and os.path.exists(str(it[0].name))]


def _goes(thing: Any, is_folder: bool) -> bool:
    """Not if it was asked to stay; what does not say so stays. Folders can be asked since Python 3.12."""
    if is_folder:
        return bool(getattr(thing, "_delete", True))
    # Since Python 3.12 the wrapper itself does not know.
    return bool(getattr(getattr(thing, "_closer", None), "delete", False))
