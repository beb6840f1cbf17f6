"""Files that log lines are appended to, and that can be reopened.

Owns: descriptors and the handler that writes to them. Does not own: loggers (`logs`).
Invariants: one line is one `write(2)` to a descriptor in append mode, so that lines of several workers never mix; a
write that fails never raises into the application, and one to a pipe without a reader does not wait but is counted as
dropped; a log file keeps its descriptor number when it is reopened, so
that a thread that writes at that moment writes to the old or the new file, and to nothing else.
"""

from __future__ import annotations

import fcntl
import logging
import os
import select
import stat
import sys

_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2, "/proc/self/fd/1": 1, "/proc/self/fd/2": 2}
"""Files that are a standard stream of this process."""

PATIENCE = 100
"""Milliseconds that the first line waits for a reader that does not read. Those that follow do not wait."""


class LogFile:
    """A file that lines are appended to, or a standard stream. Raises `OSError` if it cannot be opened."""

    def __init__(self, path: str | None, stream: int) -> None:
        self._path = path
        self._captures = False
        self._dropped = 0
        self._descriptor = self._own_end(stream) if path is None else self._open(path)

    def write(self, line: bytes) -> None:
        """Appends; loses the line if that fails."""
        try:
            os.write(self._descriptor, line)
        except BlockingIOError:
            self._write_late(line)
        except OSError:
            self._dropped += 1
        else:
            if self._dropped:
                self._tell_of_dropped()

    def _write_late(self, line: bytes) -> None:
        """The reader is behind. It is waited for once: an event loop that waits answers no request."""
        if not self._dropped:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            poll.poll(PATIENCE)
            try:
                os.write(self._descriptor, line)
                return
            except OSError:
                pass
        self._dropped += 1

    def _tell_of_dropped(self) -> None:
        dropped, self._dropped = self._dropped, 0
        logging.getLogger("ferricorn").warning("%d log lines were dropped: they could not be written in time", dropped)

    def reopen(self) -> None:
        """Reopens the file, after something has renamed it. Raises `OSError`; the old file then stays open."""
        if self._path is None:
            return
        fresh = self._open(self._path)
        try:
            os.dup2(fresh, self._descriptor, inheritable=False)
        finally:
            os.close(fresh)
        if self._captures:
            self.capture()

    def put_away(self) -> None:
        """Lets go of the file until it is reopened, so that a file that was deleted meanwhile takes no room."""
        if self._path is None:
            return
        nothing = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        for number in (self._descriptor, *((1, 2) if self._captures else ())):
            os.dup2(nothing, number, inheritable=number < 3)
        os.close(nothing)

    def capture(self) -> None:
        """Makes standard output and standard error this file, now and whenever it is reopened."""
        if self._path is None:
            return
        self._captures = True
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number in (1, 2):
            os.dup2(self._descriptor, number)

    @staticmethod
    def _own_end(stream: int) -> int:
        """The stream; of a pipe a description of its own, since the mode of the inherited one is everybody's."""
        try:
            if stat.S_ISFIFO(os.fstat(stream).st_mode):
                return os.open(f"/proc/self/fd/{stream}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            pass
        return stream

    @staticmethod
    def _open(path: str) -> int:
        try:
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            stream = _STREAMS.get(path)
            if stream is None:
                raise
            # A socket cannot be opened, nor can the terminal or the pipe of another user.
            return fcntl.fcntl(stream, fcntl.F_DUPFD_CLOEXEC, 3)


class LineHandler(logging.Handler):
    """Writes each record as one line."""

    def __init__(self, file: LogFile, formatter: logging.Formatter) -> None:
        super().__init__()
        self._file = file
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Formats and writes; an error in the format goes the way of the standard library."""
        try:
            line = self.format(record) + "\n"
        except Exception:
            self.handleError(record)
            return
        self._file.write(line.encode("utf-8", "backslashreplace"))


def reopen_handlers() -> None:
    """Reopens the files of every handler of `logging`. Raises `OSError`; the old file then stays open."""
    for handler in _file_handlers():
        handler.acquire()
        try:
            old = handler.stream
            if old is not None:
                handler.stream = handler._open()
                old.close()
        finally:
            handler.release()


def put_handlers_away() -> None:
    """Closes the files of every handler of `logging`. Each is opened again by the first record that comes."""
    for handler in _file_handlers():
        handler.acquire()
        try:
            old = handler.stream
            if old is not None:
                handler.stream = None
                old.close()
        finally:
            handler.release()


def _file_handlers() -> list[logging.FileHandler]:
    loggers = [logging.root, *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    handlers = {id(handler): handler for logger in loggers for handler in logger.handlers}
    return [handler for handler in handlers.values() if isinstance(handler, logging.FileHandler)]
