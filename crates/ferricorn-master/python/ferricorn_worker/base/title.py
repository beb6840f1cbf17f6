"""What the process list shows of this process in place of its command line.

Owns: writing it. Does not own: the words.
Invariants: nothing but the memory of the command line is written, of which Python has had its copies since its start;
where that is not possible, the command line stays.
"""

from __future__ import annotations

_ARGUMENTS = 45
"""The place of `arg_start` among the fields of /proc/self/stat that come after the name; `arg_end` follows it."""


def show(title: str) -> None:
    """Shows this text, as much of it as there is room for."""
    try:
        with open("/proc/self/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        start, end = (int(field) for field in fields[_ARGUMENTS : _ARGUMENTS + 2])
        if not 0 < start < end:
            return
        shown = title.encode("utf-8", "replace")[: end - start - 1]
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(start)
            memory.write(shown.ljust(end - start, b"\0"))
    except (OSError, ValueError):
        pass
