"""Hooks of a configuration file, and what they are given: gunicorn's `server` and `worker`, as far as they make sense.

Owns: executing the file again, calling a hook so that it can do no harm, the proxies.
Does not own: when a hook is called (`worker_hooks` in a worker, `hook_host` for those of the master).
Invariants: a hook that raises is logged once, with its traceback, and never raises into its caller; one that does not
return is interrupted after its limit, unless C code does not let Python's signal handlers run.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from ..base import forked
from ..base.errors import BootFailed, user_traceback
from ..helpers import config_file
from ..logs.logs import log
from ..talk.start import HookSettings

Hook = Callable[..., Any]


class HookTimeout(BaseException):
    """The hook took too long. Not an `Exception`, so that the hook does not catch it by accident."""


class Log:
    """gunicorn's logger, as far as hooks use it."""

    def __init__(self) -> None:
        self.error_log = logging.getLogger("gunicorn.error")
        self.access_log = logging.getLogger("gunicorn.access")
        self.debug = self.error_log.debug
        self.info = self.error_log.info
        self.warning = self.error_log.warning
        self.error = self.error_log.error
        self.critical = self.error_log.critical
        self.exception = self.error_log.exception

    def log(self, level: int | str, message: str, *arguments: Any, **words: Any) -> None:
        """Writes at a level, which may be a name."""
        number = logging.getLevelName(level.upper()) if isinstance(level, str) else level
        self.error_log.log(number if isinstance(number, int) else logging.INFO, message, *arguments, **words)


class Cfg:
    """gunicorn's configuration object: the settings that hold, and otherwise what the file says."""

    def __init__(self, settings: Mapping[str, Any], file: object) -> None:
        self._settings = dict(settings)
        self._file = file

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._settings:
            return self._settings[name]
        try:
            return getattr(self._file, name)
        except AttributeError:
            raise AttributeError(f"the configuration has no setting `{name}`") from None


class Server:
    """gunicorn's arbiter, as far as it makes sense in another process than the master."""

    def __init__(self, settings: HookSettings, pid: int, cfg: Cfg, age: int = 0) -> None:
        self.log = Log()
        self.cfg = cfg
        self.pid = pid
        self.proc_name = cfg.proc_name
        self.address = [tuple(item) if isinstance(item, list) else item for item in settings.address]
        self.num_workers: int = cfg.workers
        self.worker_age = age
        self.WORKERS: dict[int, Worker] = {}
        self.LISTENERS: list[Any] = []
        self.timeout = cfg.timeout
        self.reexec_pid = 0
        self.master_pid = 0
        self.systemd = False

    def update(self, words: Mapping[str, Any]) -> None:
        """Takes over what the master says about itself with a call."""
        self.num_workers = words.get("num_workers", self.num_workers)
        self.worker_age = words.get("worker_age", self.worker_age)
        if "workers" in words:
            self.WORKERS = {pid: Worker(self, pid, age) for pid, age in words["workers"]}


class Worker:
    """gunicorn's worker. In the master's hooks it is one of others: only its pid and its age are known."""

    def __init__(self, server: Server, pid: int | str, age: int) -> None:
        self.pid = pid
        self.age = age
        self.ppid = server.pid
        self.log = server.log
        self.cfg = server.cfg
        self.timeout = server.cfg.timeout
        self.booted = False
        self.aborted = False
        self.alive = True
        self.sockets: list[Any] = []
        self.app: Any = None
        self.wsgi: Any = None
        self.requests: Callable[[], int] | None = None

    @property
    def nr(self) -> int:
        """Requests that were answered."""
        return self.requests() if self.requests is not None else 0

    def __str__(self) -> str:
        return f"<Worker {self.pid}>"


class Hooks:
    """The hooks of one execution of a file."""

    def __init__(self, settings: HookSettings) -> None:
        """Executes the file. Raises `BootFailed` with the stage `environment`."""
        self.settings = settings
        if settings.directory not in sys.path:
            # After the application's folder: its modules come first, as ever.
            sys.path.insert(1, settings.directory)
        try:
            self.file = config_file.load(settings.kind, settings.target)
        except (Exception, SystemExit) as error:
            text = f"configuration file `{settings.target}` failed\n{user_traceback(error)}"
            raise BootFailed("environment", text) from None
        self.cfg = Cfg(settings.cfg, self.file)
        self._hooks: dict[str, Hook] = {}
        self._told: set[tuple[str, str]] = set()
        for name in settings.names:
            value = getattr(self.file, name, None)
            if isinstance(value, str):
                value = self._imported(name, value)
            if callable(value):
                self._hooks[name] = value

    def hold(self) -> None:
        """The file is the one that holds again, after another was executed."""
        config_file.hold(self.file)

    def __contains__(self, name: str) -> bool:
        return name in self._hooks

    def get(self, name: str) -> Hook | None:
        """The function itself."""
        return self._hooks.get(name)

    def call(self, name: str, *arguments: Any, limit: float | None = None) -> None:
        """Calls a hook, if there is one. `limit` in seconds; None if something else bounds it."""
        hook = self._hooks.get(name)
        if hook is None:
            return
        try:
            with_limit(limit, hook, *arguments)
        except HookTimeout:
            self.tell(name, f"did not return within {limit:.0f} s and was interrupted")
        except SystemExit as error:
            if forked.is_child():
                raise
            self.tell(name, f"called sys.exit({error.code!r}), which is ignored")
        except Exception as error:
            self.tell(name, f"failed\n{user_traceback(error)}")

    def tell(self, name: str, what: str) -> None:
        """Logs what is wrong with a hook, once."""
        if (name, what) not in self._told:
            self._told.add((name, what))
            log.error("Hook `%s` of the configuration file %s", name, what)

    @staticmethod
    def _imported(name: str, path: str) -> Hook | None:
        module, _, attribute = path.rpartition(".")
        try:
            found: Hook = getattr(importlib.import_module(module), attribute)
        except (Exception, SystemExit) as error:
            log.error("Hook `%s`: `%s` cannot be imported: %s", name, path, error)
            return None
        return found


def with_limit(seconds: float | None, function: Hook, *arguments: Any) -> None:
    """Calls a function on the main thread. Raises `HookTimeout` in it after so many seconds."""
    if seconds is None or signal.getitimer(signal.ITIMER_REAL)[0] > 0:
        # Another limit runs already, and ends the process.
        function(*arguments)
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise HookTimeout

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def own_worker(server: Server, age: int) -> Worker:
    """This process as a worker."""
    return Worker(server, os.getpid(), age)
