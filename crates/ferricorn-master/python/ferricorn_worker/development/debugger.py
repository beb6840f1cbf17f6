"""Reports to the master while a debugger is open, so that it waits.

Owns: when a debugger of Python's own (`breakpoint()`, `pdb`, and what derives from it) is open. Does not own: what the
master does meanwhile.
Invariants: the debugger works as without this; what it raises is raised.
"""

from __future__ import annotations

import functools
import pdb
from typing import Any

from ..talk.channel import Channel


def watch(channel: Channel) -> None:
    """From now on the master hears of every debugger that is opened and left."""
    original = pdb.Pdb.interaction

    @functools.wraps(original)
    def interaction(self: pdb.Pdb, *arguments: Any, **words: Any) -> Any:
        channel.send({"type": "debugging", "open": True})
        try:
            return original(self, *arguments, **words)
        finally:
            channel.send({"type": "debugging", "open": False})

    pdb.Pdb.interaction = interaction  # type: ignore[method-assign]
