"""The life of a worker process, from the first message to the exit status.

Owns: the order of the two halves (`load`, `serve`), the report of a boot that failed, the exit status.
Does not own: what each of them does.
Invariants: a boot that fails is reported on the channel and printed by the master alone; no descriptor of the
master's reaches a child process of the application.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import NoReturn

from ..base import forked
from ..base.errors import EXIT_CODES, BootFailed, user_traceback
from ..talk import extend
from ..talk.channel import Channel, MalformedMessage, MasterGone
from ..talk.start import Start
from .load import load
from .serve import Worker, open_logs
from .signals import Signals, tell_exit


def run(descriptor: int, extension: int | None = None) -> NoReturn:
    """Runs the worker on this channel, and exits. `extension` is the descriptor of the native protocol's module."""
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
    signals = Signals(start.worker.master_pid, start.worker.black_box)
    try:
        signals.install()
        for inherited in start.worker.descriptors():
            os.set_inheritable(inherited, False)
            forked.keep(inherited)
        code = _boot_and_serve(start, channel, signals, extension)
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


def _boot_and_serve(start: Start, channel: Channel, signals: Signals, extension: int | None) -> int:
    """Both halves in one process."""
    logs = open_logs(start.worker)
    worker = Worker(start.worker, channel, signals, logs)
    return worker.serve(load(start.load, logs, worker.begin, extension))
