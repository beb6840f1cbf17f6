"""Log lines to syslog, in gunicorn's form.

Owns: the handler. Does not own: which loggers have it (`logs`).
Invariants: sending datagrams never waits; over TCP it may, as in gunicorn.
"""

from __future__ import annotations

import logging
import logging.handlers
import socket

from .start import Syslog


def syslog_handler(settings: Syslog, name: str) -> logging.Handler:
    """A handler for lines of `gunicorn.PREFIX.NAME`. Raises `OSError` if the daemon cannot be reached."""
    address = settings.address
    kind = None
    target: str | tuple[str, int] = address.path
    if address.kind != "unix":
        kind = socket.SOCK_DGRAM if address.kind == "udp" else socket.SOCK_STREAM
        target = (address.host, address.port)
    elif address.datagram:
        kind = socket.SOCK_DGRAM
    handler = logging.handlers.SysLogHandler(target, settings.facility, kind)
    opened = getattr(handler, "socket", None)
    if opened is not None and opened.type == socket.SOCK_DGRAM:
        opened.setblocking(False)
    prefix = settings.prefix.replace("%", "%%")
    handler.setFormatter(logging.Formatter(f"gunicorn.{prefix}.{name}: [%(process)d] %(message)s"))
    return handler
