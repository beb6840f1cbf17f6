"""The life of a worker process, from the first message to the exit status.

Owns: the order of the steps, the report of a boot that failed, the exit status.
Does not own: what each step does.
Invariants: a boot that fails is reported on the channel and printed by the master alone; no descriptor of the
master's reaches a child process of the application.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from ..application import application, environment
from ..base import forked
from ..base.errors import EXIT_CODES, BootFailed, user_traceback
from ..logs.logs import Logs, log
from ..talk import extend, scoreboard
from ..talk.channel import Channel, MalformedMessage, MasterGone
from ..talk.scoreboard import Scoreboard
from ..talk.start import Start
from .signals import Signals, tell_exit

if TYPE_CHECKING:
    from ..application.worker_class import WorkerClass
    from ..hooks.worker_hooks import WorkerHooks


def run(descriptor: int) -> NoReturn:
    """Runs the worker on this channel, and exits."""
    channel = Channel(descriptor)
    try:
        start = Start.from_message(channel.wait())
    except MasterGone:
        sys.exit(0)
    except (MalformedMessage, KeyError, TypeError) as error:
        text = f"the first message cannot be read: {error!r}"
        channel.send({"type": "boot_failed", "stage": "environment", "text": text})
        sys.exit(1)
    extend.use(channel)
    signals = Signals(start.master_pid, start.black_box)
    try:
        signals.install()
        for inherited in start.descriptors():
            os.set_inheritable(inherited, False)
            forked.keep(inherited)
        code = _boot_and_serve(start, channel, signals)
    except BootFailed as error:
        if forked.is_child():
            forked.leave(error)
        if signals.stop_noted:
            # The signal interrupted the import, and its exit was taken for the application's.
            code = 0
        else:
            channel.send({"type": "boot_failed", "stage": error.stage, "text": error.text})
            code = EXIT_CODES[error.stage]
    except BaseException as error:
        if forked.is_child():
            forked.leave(error)
        code = 0 if signals.stop_noted and isinstance(error, SystemExit) else _report_death(error, channel)
    if signals.importing and signals.stop_noted:
        # The boot has heeded the order: `atexit` functions and the hook `worker_exit` get the time of a worker's end.
        channel.send({"type": "drained", "handed_over": 0, "cut": 0})
    signals.importing = False
    tell_exit()
    if signals.describe is not None:
        # There was an event loop that showed signs of life and read orders, and there is none from here on.
        channel.send({"type": "exiting"})
    if signals.on_exit is not None:
        signals.on_exit()
    sys.exit(code)


def _report_death(error: BaseException, channel: Channel) -> int:
    """Tells the master what has ended the event loop, and gives the exit status that the interpreter would give."""
    code = 1
    cause = "exception"
    if isinstance(error, SystemExit):
        cause = "sys_exit"
        code = forked.status_of(error)
    if any(isinstance(link, MemoryError) for link in _chain(error)):
        cause = "memory_error"
    channel.send({"type": "dying", "cause": cause, "text": user_traceback(error)})
    return code


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised because of, or in the middle of."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _boot_and_serve(start: Start, channel: Channel, signals: Signals) -> int:
    try:
        logs = Logs(start.log, {"slot": start.slot, "generation": start.generation})
    except OSError as error:
        raise BootFailed("environment", f"log file `{error.filename}` cannot be opened: {error.strerror}") from None
    log.info("Booting worker with pid: %d", os.getpid())
    try:
        board = Scoreboard(start.scoreboard, start.row)
    except (OSError, ValueError) as error:
        raise BootFailed("environment", str(error)) from None
    board.set(scoreboard.STATE, scoreboard.BOOTING)
    environment.prepare_path(start.app.app_dir, start.app.python_path)
    version = environment.check_uvicorn()
    hooks = _load_hooks(start, signals)
    if hooks is not None:
        hooks.forked()
    forked.leave_if_child()
    named = _load_class(start.app.worker_class)
    dictionary = getattr(hooks and hooks.file, "logconfig_dict", start.log.dictionary)
    logs.configure(named and named.log_config, dictionary, serves=True)
    if named is not None and start.slot == 0:
        for warning in named.warnings:
            log.warning("%s", warning)
    options = named.options if named else {}
    config = environment.build_config(start.app, version, options, logs.uvicorn_options(), start.backlog)
    logs.lend_access()
    app = application.load(start.app.target, start.app.factory)
    forked.leave_if_child()
    if environment.load_config(config, app, version) and start.slot == 0:
        text = "`%s` looks like a WSGI application and is served as one: say so with --interface wsgi"
        log.warning(text, start.app.target)
    config.loaded_app = logs.wrap(config.loaded_app)
    logs.look()
    if hooks is not None:
        hooks.loaded(app)
        config.loaded_app = hooks.wrap(config.loaded_app)
    signals.install_again()
    signals.importing = False
    return _serve(start, channel, signals, logs, board, config, hooks)


def _load_class(name: str | None) -> WorkerClass | None:
    if name is None:
        return None
    from ..application import worker_class

    return worker_class.load(name)


def _load_hooks(start: Start, signals: Signals) -> WorkerHooks | None:
    if start.hooks is None:
        return None
    from ..hooks.worker_hooks import WorkerHooks

    hooks = WorkerHooks(start.hooks, start.master_pid)
    signals.on_exit = hooks.exits
    signals.on_interrupt = hooks.interrupted
    signals.on_abort = hooks.abort_hook()
    return hooks


def _serve(
    start: Start,
    channel: Channel,
    signals: Signals,
    logs: Logs,
    board: Scoreboard,
    config: object,
    hooks: WorkerHooks | None,
) -> int:
    forked.leave_if_child()
    # Imports uvicorn, which `environment` has found by now.
    from .server import Server

    server = Server(config, start, channel, board, signals, logs)
    signals.install_of(server)
    if hooks is not None:
        hooks.serves(lambda: server.server_state.total_requests)
    server.run(sockets=[])
    return 0
