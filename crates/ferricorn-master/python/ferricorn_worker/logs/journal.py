"""Log lines for the journal of systemd, when standard error is its stream.

Owns: whether it is, and the handler. The journal's own protocol has a priority, and a traceback stays one entry;
where its socket is not to be had, each line on standard error begins with its priority in brackets (`sd-daemon(3)`).
Does not own: which records there are (`logs`), standard error (`log_files`).
Invariants: no line says the time, which the journal does; a record is one entry; sending never waits longer than
writing to standard error.
"""

from __future__ import annotations

import array
import errno
import fcntl
import logging
import os
import select
import socket
import struct
from typing import Any

from .log_files import PATIENCE, LogFile

SOCKET = "/run/systemd/journal/socket"
_TOO_LARGE = (errno.EMSGSIZE, errno.ENOBUFS)
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def is_stream(descriptor: int) -> bool:
    """Whether this descriptor leads to the journal, by the variable that systemd sets."""
    named = os.environ.get("JOURNAL_STREAM")
    if not named:
        return False
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


def priority(level: int) -> int:
    """Syslog's number of a level."""
    limits = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return next((number for limit, number in limits if level >= limit), 7)


def entry(fields: dict[str, Any]) -> bytes:
    """An entry in the journal's own protocol."""
    parts = []
    for name, value in fields.items():
        text = str(value).encode("utf-8", "backslashreplace")
        if b"\n" in text:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(text)) + text + b"\n")
        else:
            parts.append(name.encode() + b"=" + text + b"\n")
    return b"".join(parts)


def lines(text: str, pid: int | None, number: int) -> bytes:
    """The same for standard error: an entry for each line. The pid is told, since the stream is the master's."""
    who = "" if pid is None else f"[{pid}] "
    return "".join(f"<{number}>{'' if index else who}{line}\n" for index, line in enumerate(text.split("\n"))).encode(
        "utf-8", "backslashreplace"
    )


class JournalHandler(logging.Handler):
    """Sends each record as one entry. `who` identifies this worker."""

    def __init__(self, stream: LogFile, formatter: logging.Formatter, who: dict[str, Any], shows_pid: bool) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._stream = stream
        self._who = who
        self._shows_pid = shows_pid
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Formats and sends; an error in the format goes the way of the standard library."""
        try:
            text = self.format(record).rstrip("\n")
        except Exception:
            self.handleError(record)
            return
        fields = {
            "MESSAGE": text,
            "PRIORITY": priority(record.levelno),
            "SYSLOG_IDENTIFIER": "ferricorn",
            "CODE_FILE": record.pathname,
            "CODE_LINE": record.lineno,
            "CODE_FUNC": record.funcName,
            "FERRICORN_LOGGER": record.name,
            **{f"FERRICORN_{name.upper()}": value for name, value in self._who.items()},
        }
        try:
            self._send(entry(fields))
        except BlockingIOError:
            self._lost += 1
        except OSError:
            self._stream.write(lines(text, record.process if self._shows_pid else None, priority(record.levelno)))

    def _send(self, packet: bytes) -> None:
        try:
            self._try_send(packet)
        except BlockingIOError:
            # The journal is behind. It is waited for once: an event loop that waits answers no request.
            if self._lost:
                raise
            poll = select.poll()
            poll.register(self._socket, select.POLLOUT)
            poll.poll(PATIENCE)
            self._try_send(packet)
        if self._lost:
            lost, self._lost = self._lost, 0
            text = f"{lost} log lines were dropped: they could not be written in time"
            self._try_send(entry({"MESSAGE": text, "PRIORITY": 4, "SYSLOG_IDENTIFIER": "ferricorn"}))

    def _try_send(self, packet: bytes) -> None:
        try:
            self._socket.sendto(packet, SOCKET)
        except OSError as error:
            if error.errno not in _TOO_LARGE:
                raise
            self._send_in_memory(packet)

    def _send_in_memory(self, packet: bytes) -> None:
        """An entry that is too large for a packet is sent as a sealed file in memory."""
        file = os.memfd_create("ferricorn-entry", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with open(file, "wb", closefd=False) as opened:
                opened.write(packet)
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
            rights = array.array("i", [file])
            self._socket.sendmsg([b""], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)], 0, SOCKET)
        finally:
            os.close(file)
