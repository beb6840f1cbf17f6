"""Reports to the master which files the application has imported, so that it knows which changes matter.

Owns: which modules' files count, which modules come from elsewhere, and that each is reported once. Does not own: what
a change leads to, and what the master has the others imported for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from ..talk.channel import Channel
from .traces import is_own

_AT_ONCE = 500
"""Files or modules in one message: well below the largest packet."""

_inherited: set[str] = set()
"""Modules that were there when this process was forked: whoever imported them knows of them."""


def inherit() -> None:
    """Takes all modules that there are for known."""
    _inherited.update(sys.modules)


class Imports:
    """What was reported so far."""

    def __init__(self, channel: Channel, watched: Sequence[str]) -> None:
        self._channel = channel
        self._watched = watched
        self._modules = 0
        self._told: set[str] = set()
        self._foreign = set(_inherited)

    def look(self) -> None:
        """Tells of what was imported since the last look. Costs next to nothing if nothing was."""
        count = len(sys.modules)
        if count == self._modules:
            return
        self._modules = count
        modules = list(sys.modules.items())
        files = {getattr(module, "__file__", None) for _, module in modules}
        # The file of the main module is the program.
        python = {file for file in files if isinstance(file, str) and file.endswith(".py")}
        own = {os.path.realpath(file) for file in python if is_own(file, self._watched)}
        self._tell("files", sorted(own - self._told))
        self._told |= own
        foreign = [name for name, module in modules if name not in self._foreign and self._is_foreign(name, module)]
        self._tell("modules", foreign)
        self._foreign.update(foreign)

    def _is_foreign(self, name: str, module: Any) -> bool:
        """Whether it comes from elsewhere, and is what an import of its name gives."""
        spec, file = getattr(module, "__spec__", None), getattr(module, "__file__", None)
        if spec is None or spec.name != name or spec.loader is None or name == "__main__":
            return False
        if file is None:
            # A package without a file is there with what it holds.
            return not hasattr(module, "__path__")
        package = sys.modules.get(name.partition(".")[0])
        of_package = getattr(package, "__file__", None)
        return not any(is_own(it, self._watched) for it in (file, of_package) if isinstance(it, str))

    def _tell(self, what: str, names: Sequence[str]) -> None:
        for first in range(0, len(names), _AT_ONCE):
            message = {"type": "imported", "files": [], what: names[first : first + _AT_ONCE]}
            self._channel.send(message)
