"""Takes the steps of a worker up to its startup, and goes no further: the helper behind `--check-config`.

Owns: which steps those are. Does not own: the steps.
Invariants: nothing is bound or served, no lifespan runs, no log file is opened or made; what the application leaves
running ends with the answer.
"""

from __future__ import annotations

import json
import os
from typing import NoReturn

from ..application import application, environment, worker_class
from ..base import forked
from ..base.errors import BootFailed
from ..logs import log_config
from ..talk.start import AppSettings, LogSettings
from .answer import give


def run(descriptor: int) -> NoReturn:
    """Loads what the settings in the file (JSON) name, writes the verdict in their place, and exits.

    They come in the file because everybody can read a command line, and they may hold the password of a key.
    """
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        question = json.load(file)
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    app = AppSettings.from_message(question["app"])
    answer: dict[str, str] = {}
    try:
        _rehearse(app, LogSettings.from_message(question["log"]))
    except BootFailed as error:
        if forked.is_child():
            forked.leave(error)
        answer = {"stage": error.stage, "text": error.text}
    forked.leave_if_child()
    give(descriptor, {"failure": answer or None})


def _rehearse(app: AppSettings, log: LogSettings) -> None:
    environment.prepare_path(app.app_dir, app.python_path)
    version = environment.check_uvicorn()
    options = {} if app.worker_class is None else worker_class.load(app.worker_class).options
    if log.config is not None:
        log_config.read_file(log.config)
    config = environment.build_config(app, version, options, {"log_level": log.level, "access_log": False})
    environment.load_config(config, application.load(app.target, app.factory), version)
    environment.secure(config, version)
