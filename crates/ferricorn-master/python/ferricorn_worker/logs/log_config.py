"""Python's logging configuration of the user's: ini, JSON or YAML.

Owns: reading and applying it, what gunicorn lays it over, and who gets which handlers afterwards.
Does not own: the worker's own handlers (`logs`).
Invariants: whatever the configuration leaves out, the lines of the worker still go somewhere.
"""

from __future__ import annotations

import configparser
import contextlib
import functools
import importlib
import json
import logging
import logging.config
import os
from collections.abc import Iterator
from typing import Any

from ..base.errors import BootFailed
from ..talk.start import LogConfig

GUNICORNS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        "gunicorn.error": {
            "level": "INFO",
            "handlers": ["error_console"],
            "propagate": True,
            "qualname": "gunicorn.error",
        },
        "gunicorn.access": {
            "level": "INFO",
            "handlers": ["console"],
            "propagate": True,
            "qualname": "gunicorn.access",
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stdout"},
        "error_console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"},
    },
    "formatters": {
        "generic": {
            "format": "%(asctime)s [%(process)d] [%(levelname)s] %(message)s",
            "datefmt": "[%Y-%m-%d %H:%M:%S %z]",
            "class": "logging.Formatter",
        }
    },
}
"""What gunicorn lays `logconfig_json` and `logconfig_dict` over, key by key of the outermost level."""

OURS = ("uvicorn", "gunicorn.error", "ferricorn")
"""The loggers of the worker's own lines."""

_FAMILIES = ("uvicorn", "gunicorn", "ferricorn")
"""Whose loggers, and those below them, uvicorn and the worker write to."""


def apply_file(config: LogConfig) -> bool:
    """Applies a file. False if there is none where gunicorn does not mind. Raises `BootFailed`."""
    found = read_file(config)
    if found is None:
        return False
    try:
        if isinstance(found, configparser.ConfigParser):
            logging.config.fileConfig(found, disable_existing_loggers=False)
        else:
            logging.config.dictConfig({**GUNICORNS, **found} if config.over_gunicorns else found)
    except Exception as error:
        raise _refused(f"`{config.file}` of `--log-config`", error) from None
    return True


def read_file(config: LogConfig) -> dict[str, Any] | configparser.ConfigParser | None:
    """What a file says, without opening the log files that it names. None where none is needed and none is there.

    Raises `BootFailed`.
    """
    file = config.file
    if not os.path.exists(file):
        if config.over_gunicorns:
            return None
        raise BootFailed("environment", f"`{file}` of `--log-config` does not exist")
    try:
        if config.over_gunicorns or file.endswith(".json"):
            return _read_json(file)
        if file.endswith((".yaml", ".yml")):
            return _read_yaml(file)
        path = os.path.abspath(file)
        # The values are for `%(here)s` in the file, so their own signs are doubled.
        defaults = {"__file__": path, "here": os.path.dirname(path)}
        parser = configparser.ConfigParser({name: value.replace("%", "%%") for name, value in defaults.items()})
        parser.read(file)
        return parser
    except BootFailed:
        raise
    except Exception as error:
        raise _refused(f"`{file}` of `--log-config`", error) from None


def apply_dict(config: dict[str, Any]) -> None:
    """Applies the `logconfig_dict` of a configuration file. Raises `BootFailed`."""
    try:
        logging.config.dictConfig({**GUNICORNS, **config})
    except Exception as error:
        raise _refused("`logconfig_dict`", error) from None


def apply_any(config: Any) -> None:
    """Applies the `log_config` of a worker class, which is what uvicorn takes. Raises `BootFailed`."""
    if isinstance(config, str):
        apply_file(LogConfig(config, over_gunicorns=False, no_access=False))
        return
    try:
        logging.config.dictConfig(config)
    except Exception as error:
        raise _refused("`log_config` in CONFIG_KWARGS", error) from None


def _refused(what: str, error: Exception) -> BootFailed:
    cause = f": {error.__cause__}" if error.__cause__ is not None else ""
    return BootFailed("environment", f"{what} cannot be used: {type(error).__name__}: {error}{cause}")


def _read_json(file: str) -> dict[str, Any]:
    with open(file, encoding="utf-8") as opened:
        return _mapping(file, json.load(opened))


def _read_yaml(file: str) -> dict[str, Any]:
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        text = f"`{file}` of `--log-config` needs the package `PyYAML`\nhint: pip install PyYAML, or write it as .json"
        raise BootFailed("environment", text) from None
    with open(file, encoding="utf-8") as opened:
        return _mapping(file, yaml.safe_load(opened))


def _mapping(file: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BootFailed("environment", f"`{file}` of `--log-config` holds no mapping")
    return value


def protect() -> None:
    """Keeps the worker's and uvicorn's loggers from being disabled by a configuration that does not name them.

    To disable them is the default of `dictConfig` and `fileConfig` (Alembic calls the latter for a migration at the
    startup). It is put right there, because later it would look like an application's own `disabled = True`, which
    counts.
    """
    kind: Any = logging.config.dictConfigClass
    if getattr(kind, "protects", False):
        return

    class Configurator(kind):  # type: ignore[misc]
        protects = True

        def configure(self) -> None:
            with _kept_enabled():
                super().configure()

    original = logging.config.fileConfig

    @functools.wraps(original)
    def file_config(*arguments: Any, **options: Any) -> None:
        with _kept_enabled():
            original(*arguments, **options)

    logging.config.dictConfigClass = Configurator
    logging.config.fileConfig = file_config


@contextlib.contextmanager
def _kept_enabled() -> Iterator[None]:
    """What of the server's is enabled before is so afterwards."""
    named = list(logging.root.manager.loggerDict.items())
    ours = [it for name, it in named if name.split(".")[0] in _FAMILIES and isinstance(it, logging.Logger)]
    enabled = [logger for logger in ours if not logger.disabled]
    try:
        yield
    finally:
        for logger in enabled:
            if logger.disabled:
                logger.disabled = False


def clear() -> None:
    """Takes the worker's handlers away before a configuration is applied."""
    for name in (*OURS, "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


def settle(handler: logging.Handler, level: int) -> None:
    """Gives loggers of the worker that the configuration does not name the handlers of one that it names."""
    named = [logging.getLogger(name) for name in ("gunicorn.error", "uvicorn.error", "uvicorn")]
    model = next((logger for logger in named if logger.handlers), None)
    has_own = logging.getLogger("uvicorn.error").handlers
    for name in OURS:
        logger = logging.getLogger(name)
        if logger.handlers or (name == "uvicorn" and has_own):
            continue
        if model is not None:
            logger.handlers = list(model.handlers)
            logger.propagate = False
            logger.setLevel(model.getEffectiveLevel())
        else:
            if not logging.root.handlers:
                logger.handlers = [handler]
                logger.propagate = False
            logger.setLevel(level)
