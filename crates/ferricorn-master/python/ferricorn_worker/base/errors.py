"""The ways in which a worker can fail to become ready.

Owns: the boot failure and its exit codes. Does not own: how it is reported (`main`).
Invariants: the stages are those of the wire; the exit codes are gunicorn's.
"""

from __future__ import annotations

import os
import traceback
from types import TracebackType
from typing import Literal

Stage = Literal["environment", "import", "app", "lifespan", "bind"]

EXIT_CODES: dict[Stage, int] = {"environment": 1, "import": 3, "app": 4, "lifespan": 3, "bind": 1}
"""What the process exits with, by the stage at which the boot failed."""

_IMPORT_SYSTEM = ("<frozen importlib", os.path.join("importlib", "__init__.py"))
_UVICORN = os.sep + "uvicorn" + os.sep
_ASYNCIO = os.sep + "asyncio" + os.sep


class BootFailed(Exception):
    """The worker cannot become ready; the text is for the user."""

    def __init__(self, stage: Stage, text: str) -> None:
        super().__init__(text)
        self.stage: Stage = stage
        self.text = text


def _is_ours(file: str) -> bool:
    return (
        file.startswith(("<ferricorn_worker", _IMPORT_SYSTEM[0]))
        or file.endswith(_IMPORT_SYSTEM[1])
        or _UVICORN in file
        or _ASYNCIO in file
    )


def user_traceback(error: BaseException) -> str:
    """The traceback of an error without the frames of ferricorn, uvicorn, asyncio and the import system at its top."""
    frames: TracebackType | None = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip("\n")
