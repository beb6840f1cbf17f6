"""Reports to the master while a debugger is open, so that it waits.

Owns: when a debugger of Python's own (`breakpoint()`, `pdb`, and what derives from it) is open. Does not own: what the
master does meanwhile.
Invariants: the debugger works as without this; what it raises is raised. A debugger inside of another (`debug` at its
prompt) is part of that.
"""

from __future__ import annotations

import functools
import pdb
from typing import Any

from ..talk.channel import Channel


def watch(channel: Channel) -> None:
    """From now on the master hears of every debugger that is opened and left."""
    original = pdb.Pdb.interaction
    depth = 0

    @functools.wraps(original)
    def interaction(self: pdb.Pdb, *arguments: Any, **words: Any) -> Any:
        nonlocal depth
        depth += 1
        if depth == 1:
            channel.send({"type": "debugging", "open": True})
        try:
            return original(self, *arguments, **words)
        finally:
            depth -= 1
            if depth == 0:
                channel.send({"type": "debugging", "open": False})

    pdb.Pdb.interaction = interaction  # type: ignore[method-assign]
