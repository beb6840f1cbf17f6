"""What this process may not read, if an import has failed because of that.

Owns: finding the folder, and the words. Does not own: the change of rights, which was over before Python began.
Invariants: nothing is looked at unless something has failed already: Python takes a folder that it may not read for an
empty one, and says that there is no such module.
"""

from __future__ import annotations

import os
import pwd
import sys


def unreadable() -> str:
    """A line about the first folder of `sys.path` that is there and cannot be read; empty if there is none."""
    for folder in sys.path:
        try:
            os.scandir(folder or ".").close()
        except PermissionError:
            closed = _closed_above(folder)
            may_not = f"enter `{closed}`, which `{folder}` is below" if closed else f"read `{folder}`"
            return f"\nhint: {who()} may not {may_not}; see --user and --group"
        except OSError:
            continue
    return ""


def _closed_above(folder: str) -> str:
    """The outermost folder above this one that may not be entered; empty if there is none."""
    above = os.path.dirname(os.path.realpath(folder))
    closed = ""
    while True:
        if not os.access(above, os.X_OK, effective_ids=True):
            closed = above
        if above == os.path.dirname(above):
            return closed
        above = os.path.dirname(above)


def who() -> str:
    """The user of this process, for messages."""
    user = os.geteuid()
    try:
        return f"the user `{pwd.getpwuid(user).pw_name}`"
    except KeyError:
        return f"the user {user}"
