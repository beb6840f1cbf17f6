"""gunicorn's metrics to a statsd daemon.

Owns: the socket, names and form of the metrics. Does not own: when there is one.
Invariants: sending never waits and never raises: what cannot be sent at once is lost. The metrics of one request go in
one datagram, with line feeds between them.
"""

from __future__ import annotations

import logging
import socket

from ...base.lasting import lasting
from ...talk.start import DaemonAddress
from ...talk.start import Statsd as Settings

_LEVELS = {logging.CRITICAL: "critical", logging.ERROR: "error", logging.WARNING: "warning"}


class Statsd:
    """A socket to the daemon. Raises `OSError` if it cannot be opened."""

    def __init__(self, settings: Settings) -> None:
        self._socket = open_datagrams(settings.address)
        tags = f"|#{settings.tags}" if settings.tags else ""
        prefix = f"{settings.prefix}gunicorn."
        self._prefix = prefix
        self._tags = tags
        self._request = (
            f"{prefix}request.duration:%s|ms{tags}\n"
            f"{prefix}requests:1|c|@1.0{tags}\n"
            f"{prefix}request.status.%d:1|c|@1.0{tags}"
        )

    def request(self, status: int, seconds: float) -> None:
        """A request that is over."""
        self._send(self._request % (round(seconds * 1000, 3), status))

    def count(self, name: str) -> None:
        """One more of something, by its name after `gunicorn.`."""
        self._send(f"{self._prefix}{name}:1|c|@1.0{self._tags}")

    def _send(self, text: str) -> None:
        try:
            self._socket.send(text.encode("utf-8", "replace"))
        except OSError:
            pass


class CountHandler(logging.Handler):
    """Counts records from WARNING on, by gunicorn's names."""

    def __init__(self, statsd: Statsd) -> None:
        super().__init__(logging.WARNING)
        self._statsd = statsd

    def emit(self, record: logging.LogRecord) -> None:
        """Counts."""
        level = "exception" if record.exc_info else _LEVELS.get(record.levelno)
        if level is not None:
            self._statsd.count(f"log.{level}")


def open_datagrams(address: DaemonAddress) -> socket.socket:
    """A socket that never waits, connected to the daemon. Raises `OSError`."""
    if address.kind == "unix":
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        target: str | tuple[object, ...] = address.path
    else:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
        family, _, _, _, target = found[0]
        opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        opened.connect(target)
    except OSError:
        opened.close()
        raise
    return lasting(opened)
