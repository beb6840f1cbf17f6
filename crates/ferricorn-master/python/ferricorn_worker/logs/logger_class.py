"""A logger class of the user's (`--logger-class`): a subclass of gunicorn's, which is installed then.

Owns: making an instance with the settings that concern it, and calling its `access` at the end of each request.
Does not own: the loggers that it sets up, which the worker's lines go to afterwards (`log_config.settle`).
Invariants: nothing of this is imported without the option; what the class raises never reaches a request.
"""

from __future__ import annotations

import datetime
import logging
from typing import Any

from ..base import named
from ..base.errors import BootFailed, user_traceback
from ..talk.start import LogSettings
from . import log_config
from .access.access import Headers, Record
from .access.gunicorns import Request, Response, environ

log = logging.getLogger("ferricorn")


def make(name: str, settings: LogSettings, dictionary: dict[str, Any] | None) -> Any:
    """An instance, which has set up gunicorn's loggers; None without gunicorn. Raises `BootFailed`."""
    try:
        from gunicorn.config import Config  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        log.warning("`--logger-class %s` has no effect: gunicorn, whose class it extends, is not installed", name)
        return None
    hint = "name a subclass of `gunicorn.glogging.Logger`"
    found = named.find("logger class", name, lambda it: callable(getattr(it, "access", None)), hint)
    cfg = Config()
    for setting, value in _settings(settings, dictionary).items():
        # An older gunicorn may not have it.
        if value is not None and setting in cfg.settings:
            cfg.set(setting, value)
    # What the worker has set up by itself would write each line once more.
    log_config.clear()
    try:
        return found(cfg)
    except (Exception, SystemExit) as error:
        text = f"logger class `{name}` cannot be used\n{user_traceback(error)}"
        raise BootFailed("environment", text) from None


def _settings(settings: LogSettings, dictionary: dict[str, Any] | None) -> dict[str, Any]:
    """What concerns the log, by gunicorn's names. Syslog and captured output are the worker's own affair."""
    config = settings.config
    access = settings.access
    return {
        "loglevel": settings.level,
        "errorlog": settings.error_file or "-",
        "accesslog": access and (access.file or "-"),
        "access_log_format": access and access.format,
        "logconfig_dict": dictionary,
        "logconfig_json": config.file if config is not None and config.over_gunicorns else None,
        "logconfig": config.file if config is not None and not config.over_gunicorns else None,
    }


def to_access(logger: Any) -> Record:
    """Calls `access` as gunicorn's worker for ASGI does."""
    told: set[str] = set()

    def record(scope: Any, status: int, size: int, headers: Headers, seconds: float) -> None:
        request = Request(scope)
        response = Response()
        response.start(status, headers)
        response.sent = size
        try:
            logger.access(response, request, environ(request), datetime.timedelta(seconds=seconds))
        except Exception as error:
            text = user_traceback(error)
            if text not in told:
                told.add(text)
                log.error("`access` of the logger class failed\n%s", text)

    return record
