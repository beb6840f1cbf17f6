"""Log lines to syslog, in gunicorn's form.

Owns: the handler, and sockets of datagrams. Does not own: which loggers have it (`logs`), connections
(`syslog_stream`).
Invariants: sending never waits and never raises. A datagram that cannot be sent at once is lost; what goes over a
connection waits in a queue with a limit.
"""

from __future__ import annotations

import errno
import logging
import socket
from typing import Protocol

from ...talk.start import DaemonAddress, Syslog
from .statsd import open_datagrams

_SEVERITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
_OTHERS = _SEVERITIES["WARNING"]
"""What the standard library's handler has for levels of other names."""


class Way(Protocol):
    """A way to the daemon."""

    def send(self, packet: bytes) -> None:
        """Sends, or loses."""

    def flush(self) -> None:
        """Waits a moment for what is on its way."""


class Datagrams:
    """A socket of datagrams, opened anew when a daemon behind a unix socket was restarted. Raises `OSError`."""

    def __init__(self, address: DaemonAddress) -> None:
        self._address = address
        self._socket: socket.socket = open_datagrams(address)

    def send(self, packet: bytes) -> None:
        """Sends, or loses."""
        try:
            self._socket.send(packet)
        except BlockingIOError:
            pass
        except OSError:
            if self._address.kind == "unix":
                self._send_anew(packet)

    def _send_anew(self, packet: bytes) -> None:
        try:
            fresh = open_datagrams(self._address)
            self._socket.close()
            self._socket = fresh
            fresh.send(packet)
        except OSError:
            pass

    def flush(self) -> None:
        """Nothing is ever on its way."""


class SyslogHandler(logging.Handler):
    """Sends each record as one packet."""

    def __init__(self, way: Way, facility: int) -> None:
        super().__init__()
        self._way = way
        self._facility = facility << 3

    def emit(self, record: logging.LogRecord) -> None:
        """Formats and sends; an error in the format goes the way of the standard library."""
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
            return
        priority = self._facility | _SEVERITIES.get(record.levelname, _OTHERS)
        # The NUL ends a line of a connection, and old daemons want it of datagrams as well.
        self._way.send(f"<{priority}>{line}\0".encode("utf-8", "backslashreplace"))

    def flush(self) -> None:
        """Waits a moment for what is on its way: the last lines of a worker."""
        self._way.flush()


def way_to(address: DaemonAddress) -> Way:
    """The way to a daemon. Raises `OSError` if it has to be there and is not: only a connection may come later."""
    if address.kind != "tcp":
        try:
            return Datagrams(address)
        except OSError as error:
            if address.kind != "unix" or address.datagram or error.errno != errno.EPROTOTYPE:
                raise
    from .syslog_stream import Stream

    return Stream(address)


def syslog_handler(settings: Syslog, way: Way, name: str) -> logging.Handler:
    """A handler for lines of `gunicorn.PREFIX.NAME`."""
    handler = SyslogHandler(way, settings.facility)
    prefix = settings.prefix.replace("%", "%%")
    handler.setFormatter(logging.Formatter(f"gunicorn.{prefix}.{name}: [%(process)d] %(message)s"))
    return handler
