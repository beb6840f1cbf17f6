"""What the worker does when it gets a signal.

Owns: every signal handler of the process. Does not own: the stop itself (`server`).
Invariants: only the master stops a worker that serves; an orphan is gone within `ORPHAN_LIMIT` seconds of the
signal even if its event loop is blocked; signals are caught, never ignored, because an ignored signal would stay
ignored in the application's own child processes.
"""

from __future__ import annotations

import atexit
import faulthandler
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..base import forked
from ..logs.logs import log

ORPHAN_LIMIT = 1.5
"""Seconds after which a worker whose master has died ends, whatever it does."""


_exit_told = False


def tell_exit() -> None:
    """Logs that the process ends, once: the limit may come while the orderly end waits for a thread."""
    global _exit_told
    if _exit_told:
        return
    _exit_told = True
    log.info("Worker exiting (pid: %d)", os.getpid())


def limit_exit(seconds: float) -> None:
    """Ends the process with status 0 after this time, whatever threads, `atexit` functions and event loop do."""
    signal.signal(signal.SIGALRM, _leave)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _leave(_number: int, _frame: FrameType | None) -> None:
    tell_exit()
    os._exit(0)


@atexit.register
def _lift_limit() -> None:
    """Runs after all other `atexit` functions, being the first to be registered.

    What follows is the interpreter's own end. It gives every signal its default meaning, and the alarm would then kill
    the process: an exit that was in order would look like a death.
    """
    if signal.getsignal(signal.SIGALRM) is _leave:
        signal.setitimer(signal.ITIMER_REAL, 0)
    # The same would be true of the master's question for a stack, which may be on its way. No process of the
    # application's begins from here on that could inherit this.
    faulthandler.unregister(signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)


class Signals:
    """The handlers, and what they have noted. `on_orphan` and `on_asked` are set while the event loop runs."""

    def __init__(self, master_pid: int, black_box: int) -> None:
        self._black_box = black_box
        # A launcher between master and interpreter makes another pid the parent; that one counts then.
        self._parent = os.getppid() if os.getppid() > 1 else master_pid
        self.importing = True
        self.stop_noted = False
        self.should_exit = False
        """Whether a drain has begun. Libraries look for this name at the object behind the handler of SIGTERM."""
        self.replaced: Callable[[int, FrameType | None], Any] | None = None
        """What the application had put in place of our handler of SIGTERM by the end of its import."""
        self.on_orphan: Callable[[], None] | None = None
        self.on_asked: Callable[[str], None] | None = None
        self.on_abort: Callable[[], None] | None = None
        """What the application is to do before the master kills a worker that hangs."""
        self.describe: Callable[[], str] | None = None
        """What the worker is doing, in words."""
        self.on_interrupt: Callable[[], None] | None = None
        """For SIGINT and SIGQUIT, to the worker or to the master."""
        self.on_exit: Callable[[], None] | None = None
        """Right before the process ends in an orderly way."""

    def install(self) -> None:
        """Installs every handler."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, self.handle)
        self._install_reports()

    def install_again(self) -> None:
        """Installs every handler after the import, in which the application may have set its own."""
        found = signal.getsignal(signal.SIGTERM)
        if callable(found) and not self.is_ours(found):
            self.replaced = found
            forked.then(self._give_back)
        self.install()

    def install_of(self, server: Any) -> None:
        """Makes uvicorn's server the object behind the handlers that uvicorn sets: libraries look for it there."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, server.handle_exit)

    @staticmethod
    def is_ours(handler: object) -> bool:
        """Whether this handler of a signal is the worker's."""
        return forked.is_of_package(handler, __name__)

    def _give_back(self) -> None:
        """In a forked child: it has the application's handlers, as it would have them without us."""
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self.replaced)

    def _install_reports(self) -> None:
        """The master asks with SIGUSR2 what a worker does that hangs, and aborts it with SIGABRT.

        faulthandler writes the stacks in C, also while other C code holds the interpreter's lock. It has to come after
        Python's own handlers, which it calls next; those run as soon as the main thread runs Python code.
        """
        faulthandler.unregister(signal.SIGUSR2)
        signal.signal(signal.SIGUSR2, self._describe)
        faulthandler.register(signal.SIGUSR2, file=self._black_box, all_threads=True, chain=True)
        # The stack of a crash, which needs no order.
        faulthandler.disable()
        signal.signal(signal.SIGABRT, self._abort)
        faulthandler.enable(file=self._black_box, all_threads=True)

    def _describe(self, _number: int, _frame: FrameType | None) -> None:
        if self.describe is None:
            return
        try:
            os.write(self._black_box, self.describe().encode("utf-8", "backslashreplace"))
        except Exception as error:
            log.debug("What the worker does cannot be told: %r", error)

    def _abort(self, _number: int, _frame: FrameType | None) -> None:
        # Nothing else: the sender sends SIGKILL next, and a crash in C runs to its end.
        if self.on_abort is not None:
            self.on_abort()

    def orphaned(self) -> bool:
        """Whether the master is gone."""
        return os.getppid() != self._parent

    def arm_orphan_limit(self) -> None:
        """Ends the process in `ORPHAN_LIMIT` seconds by the kernel's hand."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, ORPHAN_LIMIT)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Acts on a signal."""
        if number == signal.SIGUSR1:
            return
        if number in (signal.SIGINT, signal.SIGQUIT) and self.on_interrupt is not None:
            self.on_interrupt()
        if self.orphaned():
            self.arm_orphan_limit()
            self._stop(self.on_orphan)
        elif number == signal.SIGTERM:
            if self.on_asked is not None:
                self.on_asked("term")
            else:
                self._stop(None)
        # SIGINT of a terminal reaches the whole group, and the master acts on it; `pkill -HUP` must not kill.

    def _stop(self, order: Callable[[], None] | None) -> None:
        if self.importing:
            self.stop_noted = True
            raise SystemExit(0)
        if order is not None:
            order()
        else:
            self.stop_noted = True
