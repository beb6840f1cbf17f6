"""Loads the application and goes no further: the helper behind `--check-config`.

Owns: the order of the steps that a worker takes before its startup. Does not own: the steps.
Invariants: nothing is bound or served, and no lifespan runs; what the application leaves running ends with the answer.
"""

from __future__ import annotations

import json
import os
import sys
from typing import NoReturn

from . import application, environment
from .answer import give
from .errors import BootFailed
from .start import AppSettings


def run(descriptor: int) -> NoReturn:
    """Loads what the settings in the file (JSON) name, writes the verdict in their place, and exits.

    They come in the file because everybody can read a command line, and they may hold the password of a key.
    """
    with os.fdopen(descriptor, "rb", closefd=False) as question:
        app = AppSettings.from_message(json.load(question))
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    sys.argv = ["ferricorn", app.target]
    failure: str | None = None
    try:
        environment.prepare_path(app.app_dir, app.python_path)
        environment.check_uvicorn()
        application.load(app.target, app.factory)
    except BootFailed as error:
        failure = error.text
    give(descriptor, {"failure": failure})
