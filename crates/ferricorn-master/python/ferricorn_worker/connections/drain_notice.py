"""Notifies the application that a drain has begun, in the ways in which it would learn of SIGTERM under uvicorn.

Owns: who is called, and that nothing they do ends the worker. Does not own: the drain, `should_exit` of the server.
Invariants: uvicorn's `handle_exit`, which libraries replace to end their streams, comes first; each handler of the
application's is called once; a handler that raises or calls `sys.exit()` does not disturb the drain.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..base.errors import user_traceback
from ..logs.logs import log

Handler = Callable[[int, FrameType | None], Any]


def tell(handle_exit: Handler, replaced: Handler | None, is_ours: Callable[[object], bool]) -> None:
    """Calls uvicorn's `handle_exit`, the handler that our own has replaced, and the one that has replaced ours."""
    _call(handle_exit)
    current = signal.getsignal(signal.SIGTERM)
    if replaced is not None and replaced != current:
        _call(replaced)
    if signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ()):
        # A thread of the application's waits for it with `sigwait`.
        os.kill(os.getpid(), signal.SIGTERM)
    elif callable(current) and not is_ours(current):
        # The signal itself rather than a call: a handler that was set with `add_signal_handler` is known to the event
        # loop alone.
        _guard(signal.raise_signal, signal.SIGTERM)


def _call(handler: Handler) -> None:
    _guard(handler, signal.SIGTERM, sys._getframe())


def _guard(function: Callable[..., Any], *arguments: Any) -> None:
    try:
        function(*arguments)
    except (SystemExit, KeyboardInterrupt):
        # The worker leaves anyway, when what is in flight is over.
        pass
    except Exception as error:
        log.error("The application's handler of SIGTERM failed\n%s", user_traceback(error))
