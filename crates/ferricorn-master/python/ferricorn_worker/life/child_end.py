"""The end of a forked child whose code came back into the worker's event loop.

Owns: that its copy of the event loop stops, and that an exit that a request of the child asks for is one. Does not own:
what a child gives up right after the fork, and how it ends (`base.forked`).
Invariant: nothing of this runs in the worker itself, but for the call that prepares it.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from ..base import forked

_uvicorn_log = logging.getLogger("uvicorn.error")


def prepare(loop: asyncio.AbstractEventLoop) -> None:
    """Sees to every child that is forked from now on."""
    forked.then(lambda: _stop(loop))


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    """In the child: its copy of the event loop would continue copies of the parent's requests.

    After the loop has stopped, uvicorn would run it once more, to cancel them.
    """
    if loop.is_closed():
        return
    loop.stop()
    loop.run_until_complete = lambda *_: forked.leave(sys.exc_info()[1])  # type: ignore[method-assign]
    # uvicorn's protocols catch and log whatever an application raises, so `sys.exit` would be an error of a request.
    _uvicorn_log.addFilter(_exits_as_asked)


def _exits_as_asked(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, SystemExit):
        forked.leave_if_child(error)
    return True
