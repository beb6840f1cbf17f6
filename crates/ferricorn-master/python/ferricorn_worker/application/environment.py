"""Checks that this interpreter can run a worker, and turns the settings into a `uvicorn.Config`.

Owns: the check of uvicorn's presence and version, which options reach `uvicorn.Config`.
Does not own: the application (`application`), the server (`server`).
Invariants: an option that the user set and that the installed uvicorn lacks is an error; one that ferricorn set by
itself is dropped; uvicorn never sees a request limit, several workers; its own access log only if
the user's logging configuration has a place for it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import platform
import sys
from typing import Any

from ..base.errors import BootFailed, user_traceback
from ..protocol import loading
from ..talk.start import AppSettings
from . import interface, proxy_headers

OLDEST_UVICORN = (0, 24)
"""Before it, a drain on Python 3.12 waits for idle connections (uvicorn#2145)."""

_PACKAGES = {
    ("loop", "uvloop"): "uvloop",
    ("loop", "zuvloop"): "zuvloop",
    ("http", "httptools"): "httptools",
    ("http", "h11"): "h11",
    ("http", "zttp"): "zttp",
    ("ws", "websockets"): "websockets",
    ("ws", "websockets-sansio"): "websockets",
    ("ws", "wsproto"): "wsproto",
}

_SINCE: dict[str | tuple[str, str], tuple[int, int]] = {
    "ssl_context_factory": (0, 47),
    "reset_contextvars": (0, 45),
    "http2": (0, 53),
    ("http", "zttp"): (0, 52),
    ("loop", "zuvloop"): (0, 53),
    ("ws", "websockets-sansio"): (0, 35),
    ("loop", "module:name"): (0, 36),
    ("http", "module:name"): (0, 36),
    ("ws", "module:name"): (0, 36),
}
"""The version of uvicorn that an option, or one of its values, came with."""

_NOT_FOR_UVICORN = ("app", "workers", "access_log", "reload", "limit_max_requests", "limit_max_requests_jitter")


def prepare_path(app_dir: str, python_path: tuple[str, ...] = ()) -> None:
    """Puts the application's folder first on the path, once, and the user's directories before it, as gunicorn does.

    The process that this one was forked from may have done so.
    """
    folder = os.path.abspath(app_dir or ".")
    if os.pardir in app_dir.split(os.sep):
        # The kernel goes up from where a link leads, and `abspath` from where it lies.
        folder = os.path.realpath(app_dir)
    if sys.path[: len(python_path) + 1] == [*python_path, folder]:
        return
    if not sys.path or sys.path[0] != folder:
        sys.path.insert(0, folder)
    for directory in reversed(python_path):
        if directory not in sys.path:
            sys.path.insert(0, directory)


def check_uvicorn() -> str:
    """The installed version of uvicorn. Raises `BootFailed` if it is missing, broken or too old."""
    tried = f"`{sys.executable}` (Python {platform.python_version()})"
    hint = f'hint: {sys.executable or "python3"} -m pip install "uvicorn[standard]", or choose another with --python'
    try:
        uvicorn = importlib.import_module("uvicorn")
    except ImportError as error:
        from ..base import rights

        what = "is not installed" if error.name == "uvicorn" else f"cannot be imported ({error})"
        raise BootFailed("environment", f"uvicorn {what} for {tried}{rights.unreadable()}\n{hint}") from None
    version: str = getattr(uvicorn, "__version__", "0")
    if _numbers(version) < OLDEST_UVICORN:
        text = f"uvicorn {version} of {tried} is too old, ferricorn needs 0.24 or newer\n{hint}"
        raise BootFailed("environment", text)
    return version


def _numbers(version: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in version.split("."):
        digits = "".join(character for character in part if character.isdigit())
        numbers.append(int(digits or 0))
    return tuple(numbers)


def build_config(
    app: AppSettings, version: str, class_options: dict[str, Any], log_options: dict[str, Any], backlog: int = 0
) -> Any:
    """A `uvicorn.Config` that has no application yet. Raises `BootFailed` with the stage `environment`.

    Options of a worker class are stronger than those of the command line, as they are under gunicorn.
    """
    from uvicorn import Config

    known = inspect.signature(Config.__init__).parameters
    options = {**app.uvicorn, **class_options}
    for name, value in options.items():
        _check_age(name, value, version)
        if name not in known:
            text = f"uvicorn {version} has no option `{name}`\nhint: install a newer uvicorn, or leave the option out"
            raise BootFailed("environment", text)
        package = _PACKAGES.get((name, value)) if isinstance(value, str) else None
        if package is not None and importlib.util.find_spec(package) is None:
            text = (
                f"--{name} {value} needs the package `{package}`, which `{sys.executable}` does not have\n"
                f"hint: {sys.executable} -m pip install {package}"
            )
            raise BootFailed("environment", text)
    for name, value in app.uvicorn_defaults.items():
        if name in known:
            options.setdefault(name, value)
    for name in _NOT_FOR_UVICORN:
        options.pop(name, None)
    options.update({name: value for name, value in log_options.items() if name not in options}, log_config=None)
    if isinstance(options["log_level"], str):
        # uvicorn before 0.45 knows small letters only.
        options["log_level"] = options["log_level"].lower()
    # The application is loaded after this, so that its log lines at import already have their handlers.
    options.update(app="", workers=1, backlog=backlog)
    # `application` has already called the factory.
    options.pop("factory", None)
    try:
        return Config(**options)
    except Exception as error:
        raise _refused(error, version) from None


def _check_age(name: str, value: object, version: str) -> None:
    """Names the version that an option needs. Raises `BootFailed` if the installed one is older."""
    since = _SINCE.get(name)
    what = f"option `{name}`"
    if since is None and isinstance(value, str):
        since = _SINCE.get((name, "module:name" if ":" in value else value))
        what = f"value `{value}` for `{name}`"
    if since is not None and _numbers(version) < since:
        needed = ".".join(map(str, since))
        text = f"uvicorn {version} has no {what}, which came with uvicorn {needed}\n"
        text += f'hint: {sys.executable} -m pip install "uvicorn>={needed}", or leave it out'
        raise BootFailed("environment", text)


def load_config(config: Any, app: Any, version: str) -> tuple[Any, bool]:
    """Lets uvicorn load everything that needs neither an event loop nor a file of TLS. Raises `BootFailed`.

    Returns the application as it is served, and whether it turned out to be a WSGI application by surprise.
    """
    is_open = config.interface == "auto"
    _check_loop(config.loop)
    try:
        served = loading.load(config, app)
    except (Exception, SystemExit) as error:
        if loading.has_reached_app(config):
            # Only the application's own code runs from there on: uvicorn tries whether it is a factory.
            raise BootFailed("app", user_traceback(error)) from None
        raise _refused(error, version) from None
    recognised: str | None = None
    if is_open:
        served, recognised = interface.adapt(served)
    if recognised is not None:
        loading.serve_as(config, recognised)
    return proxy_headers.shorten(served, config.forwarded_allow_ips), recognised == "wsgi"


def secure(config: Any, version: str) -> None:
    """Lets uvicorn read the files of TLS, if there are any. Raises `BootFailed`."""
    _check_files(config)
    try:
        loading.secure(config)
    except (Exception, SystemExit) as error:
        raise _refused(error, version) from None


def _check_files(config: Any) -> None:
    """Names the file of TLS that cannot be read: the `ssl` module's error does not."""
    for option in ("certfile", "keyfile", "ca-certs"):
        path = getattr(config, "ssl_" + option.replace("-", "_"), None)
        if path is None:
            continue
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise BootFailed("environment", f"`{path}` of `--{option}` cannot be read: {error.strerror}") from None


def _check_loop(loop: object) -> None:
    """Imports an event loop of the user's: uvicorn would do so later, and leave by `sys.exit` if it cannot."""
    if not isinstance(loop, str) or ":" not in loop:
        return
    from uvicorn.importer import import_from_string

    try:
        import_from_string(loop)
    except Exception as error:
        raise BootFailed("environment", f"`{loop}` of `--loop` cannot be used: {error}") from None


def _refused(error: BaseException, version: str) -> BootFailed:
    reason = f"no such choice: {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
    return BootFailed("environment", f"uvicorn {version} refuses its options ({reason})")
