"""The second half of a worker's life: it serves what was loaded, here or in the process that it was forked from.

Owns: what is one worker's own, and the order in which it comes. Does not own: the application (`load`), the event loop
(`server`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..application import environment
from ..base import forked
from ..base.errors import BootFailed
from ..logs.logs import Logs, log
from ..talk import scoreboard
from ..talk.channel import Channel
from ..talk.scoreboard import Scoreboard
from ..talk.start import Who
from .load import Loaded
from .signals import Signals

if TYPE_CHECKING:
    from ..development.bench import Bench
    from ..hooks.hooks import Hooks
    from ..hooks.worker_hooks import WorkerHooks


def open_logs(who: Who) -> Logs:
    """The log files of this worker. Raises `BootFailed`."""
    try:
        return Logs(who.log, {"slot": who.slot, "generation": who.generation})
    except OSError as error:
        raise BootFailed("environment", f"log file `{error.filename}` cannot be opened: {error.strerror}") from None


def take_logs(logs: Logs, who: Who) -> Logs:
    """Makes the log of the process that this worker was forked from its own. Raises `BootFailed`."""
    try:
        logs.belong_to({"slot": who.slot, "generation": who.generation})
        if who.log.level_asked:
            # Perhaps after the other process was made.
            logs.set_level(who.log.level)
        return logs
    except OSError as error:
        raise BootFailed("environment", f"log file `{error.filename}` cannot be opened: {error.strerror}") from None


class Worker:
    """One worker, from its birth on."""

    def __init__(self, who: Who, channel: Channel, signals: Signals, logs: Logs) -> None:
        """Says that there is one. Raises `BootFailed`."""
        self._who = who
        self._channel = channel
        self._signals = signals
        self._logs = logs
        self._hooks: WorkerHooks | None = None
        log.info("Booting worker with pid: %d", os.getpid())
        try:
            self._board = Scoreboard(who.scoreboard, who.row)
        except (OSError, ValueError) as error:
            raise BootFailed("environment", str(error)) from None
        self._board.set(scoreboard.STATE, scoreboard.BOOTING)

    def begin(self, hooks: Hooks | None) -> None:
        """Connects to the daemons of logs and calls the first hook, before the application's code runs here."""
        self._logs.connect()
        if hooks is None:
            return
        from ..hooks.worker_hooks import WorkerHooks

        self._hooks = WorkerHooks(hooks, self._who.master_pid, self._who.age)
        self._signals.on_exit = self._hooks.exits
        self._signals.on_interrupt = self._hooks.interrupted
        self._signals.on_abort = self._hooks.abort_hook()
        self._hooks.forked()

    def serve(self, loaded: Loaded) -> int:
        """Serves until the master has had enough; the exit status. Raises `BootFailed`."""
        if self._who.slot == 0:
            for warning in loaded.warnings:
                log.warning("%s", warning)
        if self._who.age == 1:
            log.log(*loaded.start_line)
        config = loaded.config
        environment.secure(config, loaded.version)
        served = self._logs.wrap(loaded.served, native=loaded.native is not None)
        self._logs.look()
        if self._hooks is not None:
            self._hooks.loaded(loaded.app)
            served = self._hooks.wrap(served)
        self._signals.install_again()
        self._signals.importing = False
        forked.leave_if_child()
        # Imports uvicorn, which `environment` has found by now.
        from .server import Server

        bench = self._make_bench()
        if bench is not None:
            served = bench.wrap(served)
        server = Server(
            config, served, self._who, self._channel, self._board, self._signals, self._logs, loaded.native, bench
        )
        self._signals.install_of(server)
        if self._hooks is not None:
            self._hooks.serves(server.answered)
        server.run(sockets=[])
        return 0

    def _make_bench(self) -> Bench | None:
        if self._who.development is None:
            return None
        from ..development.bench import Bench

        return Bench(self._channel, self._who.development)
