"""The end of a helper: its answer to the master.

Owns: writing it, and the exit. Does not own: what the answer says.
Invariants: what was printed is flushed; what the user's code has left running (threads, exit handlers) ends here.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn


def give(descriptor: int, answer: dict[str, Any]) -> NoReturn:
    """Writes the answer into the descriptor, and exits."""
    with os.fdopen(descriptor, "wb", closefd=False) as stream:
        stream.write(json.dumps(answer).encode("utf-8", "replace"))
    for output in (sys.stdout, sys.stderr):
        try:
            output.flush()
        except (AttributeError, OSError, ValueError):
            pass
    os._exit(0)
