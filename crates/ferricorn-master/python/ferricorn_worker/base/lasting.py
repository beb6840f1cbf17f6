"""Sockets of the worker's that stay open to the very end of the process.

Owns: what becomes of them when Python ends. Does not own: the sockets.
Invariant: Python, which warns in its development mode of every unclosed socket, does not warn of these.
They are not closed either: their end shows the master, and a daemon, that the process is gone, and functions
that the application has registered with `atexit` still run and log.
"""

from __future__ import annotations

import atexit
import socket

_lasting: list[socket.socket] = []


def lasting(opened: socket.socket) -> socket.socket:
    """The same socket, which the kernel closes at the end."""
    # Those that were closed meanwhile are forgotten: a daemon that comes and goes is connected to again and again.
    _lasting[:] = [it for it in _lasting if it.fileno() >= 0]
    _lasting.append(opened)
    return opened


@atexit.register
def _leave_to_the_kernel() -> None:
    for opened in _lasting:
        opened.detach()
