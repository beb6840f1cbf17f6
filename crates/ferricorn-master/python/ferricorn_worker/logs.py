"""The worker's log lines: gunicorn's format, on standard error or in a file that can be opened anew.

Owns: the loggers `ferricorn`, `uvicorn`, `uvicorn.error`, `gunicorn.error`, `gunicorn.access`, and the log files.
Does not own: the root logger and the application's loggers; the text of access lines (`access`).
Invariants: one line is one `write(2)` to a descriptor in append mode, so that lines of several workers never mix;
a write that fails never raises into the application; a log file keeps its descriptor number when it is opened anew,
so that a thread that writes at that moment writes to the old or the new file, and to nothing else.
"""

from __future__ import annotations

import logging
import os

from .channel import LogSettings

log = logging.getLogger("ferricorn")
"""The worker's own messages."""

ERROR_FORMAT = "%(asctime)s [%(process)d] [%(levelname)s] %(message)s"
DATE_FORMAT = "[%Y-%m-%d %H:%M:%S %z]"

_COLORS = {
    logging.DEBUG: "\033[36m",
    logging.INFO: "\033[32m",
    logging.WARNING: "\033[33m",
    logging.ERROR: "\033[31m",
    logging.CRITICAL: "\033[91m",
}
_PLAIN = "\033[0m"


class LogFile:
    """A file that lines are appended to, or a standard stream. Raises `OSError` if it cannot be opened."""

    def __init__(self, path: str | None, stream: int) -> None:
        self._path = path
        self._descriptor = stream if path is None else self._open(path)

    def write(self, line: bytes) -> None:
        """Appends; loses the line if that fails."""
        try:
            os.write(self._descriptor, line)
        except OSError:
            pass

    def reopen(self) -> None:
        """Opens the file anew, after something has renamed it. Raises `OSError`; the old file then stays open."""
        if self._path is None:
            return
        fresh = self._open(self._path)
        try:
            os.dup2(fresh, self._descriptor, inheritable=False)
        finally:
            os.close(fresh)

    @staticmethod
    def _open(path: str) -> int:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)


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


class _ColorFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        name = record.levelname
        record.levelname = f"{_COLORS.get(record.levelno, '')}{name}{_PLAIN}"
        try:
            return super().format(record)
        finally:
            record.levelname = name


class Logs:
    """Sets the loggers up, and holds the files behind them."""

    def __init__(self, settings: LogSettings) -> None:
        self._error = LogFile(settings.error_file, 2)
        self.access = None if settings.access is None else LogFile(settings.access.file, 1)
        level = logging.getLevelName(settings.level.upper())
        colored = settings.colors and settings.error_file is None
        formatter = (_ColorFormatter if colored else logging.Formatter)(ERROR_FORMAT, DATE_FORMAT)
        handler = LineHandler(self._error, formatter)
        for name in ("ferricorn", "uvicorn", "gunicorn.error"):
            self._equip(name, handler, level)
        logging.getLogger("uvicorn.error").setLevel(level)
        if self.access is not None:
            # Not `uvicorn.access`: a handler there would make uvicorn write its own line for each request as well.
            self._equip("gunicorn.access", LineHandler(self.access, logging.Formatter("%(message)s")), level)

    def reopen(self) -> None:
        """Opens the log files anew."""
        for file in (self._error, self.access):
            if file is not None:
                try:
                    file.reopen()
                except OSError as error:
                    log.error("Log file cannot be opened anew: %s", error)

    @staticmethod
    def _equip(name: str, handler: logging.Handler, level: int) -> None:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level)
