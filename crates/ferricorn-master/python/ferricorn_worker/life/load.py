"""The first half of a worker's life: everything that is loaded, once for all processes that are forked afterwards.

Owns: the order of these steps, and what they leave. Does not own: the steps; who calls it, a worker or a process that
workers are forked from.
Invariants: nothing of one worker's own happens here: no log file is opened, no daemon connected, no file of TLS read,
no signal handled, no event loop made. `begin` is the caller's, which may do so before the application's code runs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..application import application, environment
from ..base import forked
from ..logs.logs import Logs, log
from ..talk.start import HookSettings, Load, NativeHttp

if TYPE_CHECKING:
    from ..application.worker_class import WorkerClass
    from ..hooks.hooks import Hooks


@dataclass(frozen=True)
class Loaded:
    """What every worker of a generation serves."""

    config: Any
    """The `uvicorn.Config`, complete but for TLS."""
    version: str
    """uvicorn's."""
    app: Any
    """The application as the user has named it."""
    served: Any
    """The same as uvicorn calls it."""
    logs: Logs
    hooks: Hooks | None
    native: NativeHttp | None
    """The settings of the native protocol for HTTP/1.1, if it serves."""
    start_line: tuple[int, str]
    """What the log of a start says about it, with the level: only a worker knows what its interpreter can load."""
    warnings: list[str]
    """What one worker should say for all."""


def load(what: Load, logs: Logs, begin: Callable[[Hooks | None], None], extension: int | None = None) -> Loaded:
    """Loads the application. Raises `BootFailed`.

    `begin` is called with the hooks of the configuration file right before the application's own code runs. `extension`
    is the descriptor of the native protocol's module.
    """
    native, not_native = load_native(what.app.native_http, extension)
    environment.prepare_path(what.app.app_dir, what.app.python_path)
    version = environment.check_uvicorn()
    hooks = _execute(what.hooks)
    named = _load_class(what.app.worker_class)
    dictionary = getattr(hooks and hooks.file, "logconfig_dict", logs.dictionary)
    logs.configure(named and named.log_config, dictionary, serves=True)
    begin(hooks)
    forked.leave_if_child()
    options = named.options if named else {}
    config = environment.build_config(what.app, version, options, logs.uvicorn_options(), what.backlog)
    if native is not None and not native.is_named and config.http != "auto":
        log.debug("Native HTTP protocol is not used: the worker class names another one")
        native, not_native = None, "the worker class names it"
    start_line = _start_line(what.app.native_http, native, not_native)
    logs.lend_access()
    app = application.load(what.app.target, what.app.factory)
    forked.leave_if_child()
    served, found_wsgi = environment.load_config(config, app, version)
    warnings = [*named.warnings] if named else []
    if found_wsgi:
        text = f"`{what.app.target}` looks like a WSGI application and is served as one: say so with --interface wsgi"
        warnings.append(text)
    return Loaded(config, version, app, served, logs, hooks, native, start_line, warnings)


def load_page(what: Load, logs: Logs, text: str) -> Loaded:
    """Loads, in place of the application, a page that says why it could not be loaded. Raises `BootFailed`.

    Nothing of the user's code runs, not even what its logging needs: each may be what has failed.
    """
    from ..development.page import Page

    version = environment.check_uvicorn()
    logs.configure()
    config = environment.build_config(what.app, version, {}, logs.uvicorn_options(), what.backlog)
    config.interface = "asgi3"
    page = Page(what.app.target, text, os.getpid())
    served, _found_wsgi = environment.load_config(config, page, version)
    return Loaded(config, version, page, served, logs, None, None, _start_line(None, None, None), [])


def _execute(settings: HookSettings | None) -> Hooks | None:
    if settings is None:
        return None
    # What most workers do not need is not loaded: the sources are compiled at every boot.
    from ..hooks.hooks import Hooks

    return Hooks(settings)


def load_native(settings: NativeHttp | None, descriptor: int | None) -> tuple[NativeHttp | None, str | None]:
    """Loads the native protocol if it is asked for: its settings, or why uvicorn's serves in its place."""
    if settings is None:
        if descriptor is not None:
            os.close(descriptor)
        return None, None
    from ..protocol.native import extension

    missing = extension.load(descriptor)
    if missing is not None:
        log.debug("Native HTTP protocol cannot be used, uvicorn's serves: %s", missing)
        return None, missing
    log.debug("Native HTTP protocol serves")
    return settings, None


def _start_line(asked: NativeHttp | None, native: NativeHttp | None, not_native: str | None) -> tuple[int, str]:
    if native is not None:
        return logging.INFO, "Using HTTP protocol: native"
    if asked is not None and asked.is_named:
        return logging.WARNING, f"Using HTTP protocol: uvicorn's, since the native one cannot be used: {not_native}"
    return logging.DEBUG if asked is None else logging.INFO, "Using HTTP protocol: uvicorn's"


def _load_class(name: str | None) -> WorkerClass | None:
    if name is None:
        return None
    from ..application import worker_class

    return worker_class.load(name)
