"""A traceback for the developer: the application's own frames first, those of libraries in one line.

Owns: which frames are whose, and the short form. Does not own: the traceback itself (`base.errors`).
"""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Sequence

_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line \d+')
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def is_own(file: str, watched: Sequence[str]) -> bool:
    """Whether a file belongs to the application, and to no library that lies in its folder."""
    if any(part in ("site-packages", "dist-packages") for part in file.split(os.sep)):
        return False
    inside = any(file.startswith(folder + os.sep) for folder in watched)
    # What is loaded out of the program's memory is a file below /proc.
    return inside or not (file.startswith(("<", "/proc/", *_LIBRARIES)) or not os.path.isabs(file))


def shorten(text: str, watched: Sequence[str]) -> str:
    """The traceback with the frames of libraries folded; as it is if no frame of it is the application's own."""
    lines: list[str] = []
    folded: list[str] = []
    own = 0

    def unfold() -> None:
        if folded:
            frames = "frame" if len(folded) == 1 else "frames"
            named = ", ".join(dict.fromkeys(_library(file) for file in folded))
            lines.append(f"  ({len(folded)} {frames} of {named})")
            folded.clear()

    is_folding = False
    for line in text.split("\n"):
        match = _FRAME.match(line)
        if match is None:
            is_folding = is_folding and line.startswith("    ")
        else:
            is_folding = not is_own(match["file"], watched)
            own += not is_folding
            if is_folding:
                folded.append(match["file"])
        if not is_folding:
            unfold()
            lines.append(line)
    unfold()
    return "\n".join(lines) if own else text


def _library(file: str) -> str:
    """The package that a file of a library is of."""
    for packages in ("site-packages", "dist-packages"):
        _, found, rest = file.partition(os.sep + packages + os.sep)
        if found:
            return rest.partition(os.sep)[0].removesuffix(".py")
    return os.path.basename(os.path.dirname(file)) if file.startswith(os.sep) else file.strip("<>").split(" ")[-1]
