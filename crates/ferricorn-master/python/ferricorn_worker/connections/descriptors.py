"""Descriptors of the process: how many are left.

Owns: the look. Does not own: what is done when there are few (`ring`), those that are held back (`handoff.Spares`).
"""

from __future__ import annotations

import fcntl
import os
import resource

ENOUGH = 256
"""More than this many are not counted."""


def left(some: int) -> int:
    """How many the process may still open, or at least `ENOUGH`; less if the limit is small. `some` is any open one.

    To count thousands takes milliseconds. The kernel gives the lowest free number, so where a high one is free, those
    above it are free as well.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    enough = min(ENOUGH, limit // 4)
    try:
        probe = fcntl.fcntl(some, fcntl.F_DUPFD_CLOEXEC, limit - enough)
    except OSError:
        return _counted(limit)
    os.close(probe)
    return enough if probe == limit - enough else _counted(limit)


def _counted(limit: int) -> int:
    try:
        return limit - len(os.listdir("/proc/self/fd"))
    except OSError:
        # There is none left to look with, or no /proc.
        return 0
