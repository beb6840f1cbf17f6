"""A connection to a syslog daemon, in a thread of its own.

Owns: the queue, the connection, reconnecting. Does not own: what is sent (`syslog`).
Invariants: a sender never waits: neither for a name to be resolved, nor for a daemon that is away, nor for one
that accepts and does not read. The queue has a limit; what does not fit is lost and counted. A process that was forked
has a queue and a thread of its own.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections import deque

from ...base.lasting import lasting
from ...talk.start import DaemonAddress

MOST = 1 << 18
"""The most bytes that wait."""

CONNECT = 2.0
"""Seconds that a connection may take."""

WRITE = 5.0
"""Seconds to wait for a daemon that does not read before the connection is made again."""

PAUSES = (0.2, 10.0)
"""Seconds from one try to connect to the next: the first pause, and the longest."""

LAST_LINES = 1.0
"""Seconds that the end waits for lines that are on their way."""

log = logging.getLogger("ferricorn")


class Stream:
    """The sending side. The daemon need not be there yet."""

    def __init__(self, address: DaemonAddress) -> None:
        self._address = address
        self._connection: socket.socket | None = None
        self._begin()
        # A thread does not survive a fork, and its lock may have been held.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._lost = 0
        self._away = False
        self._thread: threading.Thread | None = None
        # Two processes must not write into one connection: their lines would mix. The other one's stays open.
        self._disconnect()

    def send(self, packet: bytes) -> None:
        """Queues, or loses."""
        with self._changed:
            if self._bytes + len(packet) > MOST:
                self._lost += 1
                return
            self._bytes += len(packet)
            self._waiting.append(packet)
            if self._thread is None:
                self._start()
            self._changed.notify_all()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # No process may have more threads, or the interpreter is about to end. The next line tries again.
            return
        self._thread = thread

    def flush(self) -> None:
        """Waits a moment until all is sent, but not for a daemon that is away."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting or self._away, LAST_LINES)

    def _run(self) -> None:
        pause = PAUSES[0]
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                count = len(self._waiting)
                batch = b"".join(self._waiting)
            try:
                self._write(batch)
            except OSError as error:
                self._disconnect()
                self._is_away(error)
                time.sleep(pause)
                pause = min(pause * 2, PAUSES[1])
            else:
                pause = PAUSES[0]
                self._sent(count, len(batch))

    def _write(self, batch: bytes) -> None:
        # What is written into a connection that the daemon has closed is gone without an error.
        if self._connection is not None and _is_closed(self._connection):
            self._disconnect()
        if self._connection is None:
            self._connection = self._connect()
        self._connection.sendall(batch)

    def _connect(self) -> socket.socket:
        address = self._address
        if address.kind == "tcp":
            connection = socket.create_connection((address.host, address.port), CONNECT)
        else:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(CONNECT)
                connection.connect(address.path)
            except OSError:
                connection.close()
                raise
        connection.settimeout(WRITE)
        return lasting(connection)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _sent(self, count: int, length: int) -> None:
        with self._changed:
            for _ in range(count):
                self._waiting.popleft()
            self._bytes -= length
            self._away = False
            lost, self._lost = self._lost, 0
            self._changed.notify_all()
        # Not under the lock: this is a line like any other, and is queued as well.
        if lost:
            log.warning("%d log lines were not sent to syslog: it was away, or did not read", lost)

    def _is_away(self, error: OSError) -> None:
        with self._changed:
            was_away, self._away = self._away, True
            self._changed.notify_all()
        if not was_away:
            log.warning("syslog cannot be reached, its lines wait: %s", error)


def _is_closed(connection: socket.socket) -> bool:
    """Whether the other side has ended it. What a daemon says is read and forgotten."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    while poll.poll(0):
        if not connection.recv(512):
            return True
    return False
