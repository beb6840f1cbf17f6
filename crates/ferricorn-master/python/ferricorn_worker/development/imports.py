"""Tells the master which files the application has imported, so that it knows whose change matters.

Owns: which modules' files count, and that each is reported once. Does not own: what a change leads to.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..talk.channel import Channel
from .traces import is_own

_AT_ONCE = 500
"""Files in one message: well below the largest packet."""


class Imports:
    """What was reported so far."""

    def __init__(self, channel: Channel, watched: Sequence[str]) -> None:
        self._channel = channel
        self._watched = watched
        self._modules = 0
        self._told: set[str] = set()

    def look(self) -> None:
        """Tells of what was imported since the last look. Costs next to nothing if nothing was."""
        count = len(sys.modules)
        if count == self._modules:
            return
        self._modules = count
        files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        # The file of the main module is the program.
        python = {file for file in files if isinstance(file, str) and file.endswith(".py")}
        own = {os.path.realpath(file) for file in python if is_own(file, self._watched)}
        new = sorted(own - self._told)
        self._told.update(new)
        for first in range(0, len(new), _AT_ONCE):
            self._channel.send({"type": "imported", "files": new[first : first + _AT_ONCE]})
