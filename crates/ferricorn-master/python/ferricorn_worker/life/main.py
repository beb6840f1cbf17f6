"""The life of a worker process, from the first message to the exit status.

Owns: the order of the two halves (`load`, `serve`), the report of a boot that failed, the exit status.
Does not own: what each of them does.
Invariants: a boot that fails is reported on the channel and printed by the master alone; no descriptor of the
master's reaches a child process of the application.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from ..base import ending, forked
from ..base.errors import EXIT_CODES, BootFailed, user_traceback
from ..talk import extend
from ..talk.channel import Channel, MalformedMessage, MasterGone
from ..talk.start import Development, Start
from .load import Loaded, load, load_page
from .serve import Worker, open_logs, take_logs
from .signals import Signals, tell_exit


def run(
    descriptor: int,
    extension: int | None = None,
    loaded: Loaded | None = None,
    numbers: dict[int, int] | None = None,
) -> NoReturn:
    """Runs the worker on this channel, and exits. `extension` is the descriptor of the native protocol's module.

    `loaded` and `numbers` are those of a worker that was forked from a template: the application if the template has
    loaded it, and what the master's numbers of descriptors are here.
    """
    leave: Callable[[int], NoReturn] = ending.leave_if_unwatched if numbers is None else ending.leave
    channel = Channel(descriptor)
    try:
        start = Start.from_message(channel.wait())
        who = start.worker if numbers is None else start.worker.with_numbers(numbers)
    except MasterGone:
        leave(0)
    except (MalformedMessage, KeyError, TypeError) as error:
        text = f"the first message cannot be read: {error!r}"
        channel.send({"type": "boot_failed", "stage": "environment", "text": text})
        leave(1)
    extend.use(channel)
    signals = Signals(who.master_pid, who.black_box)
    try:
        signals.install()
        for inherited in who.descriptors():
            os.set_inheritable(inherited, False)
            forked.keep(inherited)
        logs = open_logs(who) if loaded is None else take_logs(loaded.logs, who)
        worker = Worker(who, channel, signals, logs)
        if who.development is not None:
            # Who works on it waits for this process to be gone, after a save and after Ctrl-C.
            leave = ending.leave
            _begin_developing(channel)
        if who.development is not None and who.development.page is not None:
            loaded = load_page(start.load, logs, who.development.page)
        elif loaded is None:
            loaded = load(start.load, logs, worker.begin, extension)
        else:
            worker.begin(loaded.hooks)
        code = worker.serve(loaded)
    except BootFailed as error:
        if forked.is_child():
            forked.leave(error)
        if signals.stop_noted:
            # The signal interrupted the import, and its exit was taken for the application's.
            code = 0
        else:
            channel.send(_failure(error, start.worker.development))
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
    leave(code)


def _begin_developing(channel: Channel) -> None:
    """What is different before the first line of code that is being worked on."""
    from ..development import bytecode, debugger

    bytecode.write_only_of_what_has_settled()
    debugger.watch(channel)


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


def _failure(error: BootFailed, development: Development | None) -> dict[str, Any]:
    """The report to the master about a boot that has failed."""
    message = {"type": "boot_failed", "stage": error.stage, "text": error.text}
    if development is not None:
        from ..development import traces

        message["short"] = traces.shorten(error.text, development.watched)
    return message
