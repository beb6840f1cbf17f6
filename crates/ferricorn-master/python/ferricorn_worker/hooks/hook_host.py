"""The resident process that calls the master's hooks, because the master is not a Python program.

Started only if the configuration file has one of: on_starting, on_reload, when_ready, pre_fork, child_exit,
nworkers_changed, on_exit, pre_exec.

Owns: the process, its signals, the order of the calls. Does not own: which hook is called when (the master).
Invariants: one call at a time, in the order of the master's; every call gets its answer, whatever the hook does; a file
that was executed again is a candidate. The old hooks stay until the master says which of the two is in effect;
the process ends with the channel.
"""

from __future__ import annotations

import logging
import signal
import sys
from dataclasses import dataclass
from typing import Any, NoReturn

from ..base.errors import BootFailed
from ..logs.logs import Logs, log
from ..talk.channel import Channel, MalformedMessage, MasterGone
from ..talk.start import HookSettings, LogSettings
from .hooks import Hooks, Server, Worker

_LAST_WORDS = 1.0
"""Seconds that threads and `atexit` functions of the file have at the end."""


def run(descriptor: int) -> NoReturn:
    """Obeys the channel to its end."""
    # The group's signals are the master's affair; the end of the channel is what counts here.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, _ignored)
    host = Host(Channel(descriptor))
    try:
        while True:
            try:
                host.obey(host.channel.wait())
            except MalformedMessage as error:
                log.error("Message of the master cannot be read: %s", error)
            except (KeyError, TypeError, ValueError) as error:
                log.error("Message of the master cannot be understood: %r", error)
    except MasterGone:
        pass
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, _LAST_WORDS)
    sys.exit(0)


def _ignored(_number: int, _frame: object) -> None:
    """Caught rather than ignored: an ignored signal would stay ignored in processes that hooks start."""


@dataclass(frozen=True)
class _Loaded:
    """One execution of the file."""

    hooks: Hooks
    server: Server


class Host:
    """What the master has said so far."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._logs: Logs | None = None
        self._current: _Loaded | None = None
        self._candidate: _Loaded | None = None

    def obey(self, message: dict[str, Any]) -> None:
        """Does what one message says."""
        kind = message["type"]
        if kind == "load":
            self._load(message)
        elif kind == "call":
            self._call(message)
            self.channel.send({"type": "done", "id": message["id"]})
        elif kind == "commit":
            # A file that failed leaves the last good one.
            self._current, self._candidate = self._candidate or self._current, None
        elif kind == "discard":
            self._candidate = None
            if self._current is not None:
                self._current.hooks.hold()
        elif kind == "reopen_logs" and self._logs is not None:
            self._logs.reopen()
        elif kind == "log_level" and self._logs is not None:
            self._logs.set_level(message["level"])

    def _load(self, message: dict[str, Any]) -> None:
        settings = HookSettings.from_message(message["hooks"])
        pid: int = message["master_pid"]
        if self._logs is None:
            factory = logging.getLogRecordFactory()

            def of_the_master(*arguments: Any, **words: Any) -> logging.LogRecord:
                record = factory(*arguments, **words)
                # These lines are the master's, which cannot write them itself.
                record.process = pid
                return record

            logging.setLogRecordFactory(of_the_master)
            self._logs = Logs(LogSettings.from_message(message["log"]), {})
            sys.path[:0] = [path for path in message["path"] if path not in sys.path]
            try:
                self._logs.configure()
                self._logs.connect()
            except BootFailed as error:
                log.error("%s", error.text)
        self._candidate = None
        try:
            hooks = Hooks(settings)
        except BootFailed as error:
            log.error("Hooks: %s", error.text)
            if self._current is not None:
                self._current.hooks.hold()
            return
        self._candidate = _Loaded(hooks, Server(settings, pid, hooks.cfg))

    def _call(self, message: dict[str, Any]) -> None:
        loaded = (self._candidate if message["candidate"] else None) or self._current
        if loaded is None:
            return
        hooks, server = loaded.hooks, loaded.server
        server.update(message.get("server", {}))
        arguments: list[Any] = [server]
        worker = message.get("worker")
        if worker is not None:
            arguments.append(Worker(server, worker["pid"], worker["age"]))
        arguments += message.get("numbers", ())
        hooks.call(message["hook"], *arguments, limit=message["limit_ms"] / 1000)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
