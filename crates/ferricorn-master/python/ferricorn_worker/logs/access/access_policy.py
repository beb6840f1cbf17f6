"""What the application's settings of the access loggers mean for the line of a request.

Owns: whose the line is, and the records that filters and handlers of the application see. Does not own: when the
loggers are asked (`access_touch`), the worker's own lines (`access_format`, `access_records`).
Invariants: a request has one line at most; where the application has put handlers, it is theirs alone; otherwise
filters, level and `disabled` of both loggers count, each filter once per request. A record of `uvicorn.access` has the
five arguments of uvicorn's, one of `gunicorn.access` the mapping of gunicorn's.

Under uvicorn, and under gunicorn with uvicorn's worker class, lines are records of `uvicorn.access`, under gunicorn's
own worker of `gunicorn.access`. Applications address whichever they were written for, so that both are asked here.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable
from enum import Enum
from typing import Any
from urllib.parse import quote, unquote

from ...base.errors import user_traceback
from .access import Headers
from .access_records import atoms
from .access_touch import GUNICORNS, UVICORNS, AccessHandler, AccessLoggers

log = logging.getLogger("ferricorn")

_MESSAGE = '%s - "%s %s HTTP/%s" %d'
"""Of uvicorn's records."""


class Whose(Enum):
    """Whose the lines of a logger are."""

    OURS = "the worker's"
    THEIRS = "of handlers that the application has given to the logger"
    INHERITED = "of handlers of the loggers above it"
    NOBODYS = "nobody's"


class Taken:
    """A logger with the handlers that a line goes to, or None for the worker's own line."""

    def __init__(self, whose: Whose, logger: logging.Logger | None, handlers: list[logging.Handler]) -> None:
        self.whose = whose
        self.logger = logger
        self._handlers = handlers

    def hand(self, record: logging.LogRecord) -> None:
        """Gives a record to the application's handlers, and only to them."""
        assert self.logger is not None
        passed = _filtered(self.logger, record)
        if passed is None:
            return
        for handler in self._handlers:
            if passed.levelno >= handler.level:
                handler.handle(passed)


class Policy:
    """Asks the two loggers at each request."""

    def __init__(self, loggers: AccessLoggers) -> None:
        self._line = loggers.line
        # Only atoms are meant by `%`, as in the worker's own line.
        self._format = re.sub(r"%(?![%(])", "%%", loggers.format)
        self._uvicorns = logging.getLogger(UVICORNS)
        self._gunicorns = logging.getLogger(GUNICORNS)
        self._of_uvicorns = loggers.uvicorns
        self._of_gunicorns = loggers.gunicorns
        self._of_errors = loggers.of_errors
        self._told: set[str] = set()

    def at_start(self, scope: Any, status: int) -> None:
        """At the beginning of an answer: uvicorn makes its record then, while the application's context still holds."""
        taken = self._taken()
        if taken and taken.logger is self._uvicorns and scope["type"] == "http":
            self._guard(lambda: taken.hand(self._record_like_uvicorns(scope, status)))

    def at_end(self, scope: Any, status: int, size: int, headers: Headers, seconds: float) -> None:
        """At the end of a request."""
        taken = self._taken()
        if taken is None:
            return
        if taken.logger is self._gunicorns:
            record = self._record_like_gunicorns(scope, status, size, headers, seconds)
            self._guard(lambda: taken.hand(record))
        elif taken.logger is None and not self._guard(lambda: self._write(scope, status, size, headers, seconds)):
            self._line(scope, status, size, headers, seconds)

    def _taken(self) -> Taken | None:
        """Which logger writes the line; None if none does."""
        uvicorns = self._look(self._uvicorns, self._of_uvicorns)
        if uvicorns.whose in (Whose.THEIRS, Whose.INHERITED):
            return uvicorns
        of_worker = Taken(Whose.OURS, None, [])
        if self._of_gunicorns is None:
            return of_worker if uvicorns.whose is Whose.OURS else None
        gunicorns = self._look(self._gunicorns, self._of_gunicorns)
        if gunicorns.whose is Whose.THEIRS:
            return gunicorns
        if Whose.NOBODYS in (uvicorns.whose, gunicorns.whose):
            return None
        # Handlers above it count last: who redirects every logger has not thought of this one.
        return gunicorns if gunicorns.whose is Whose.INHERITED else of_worker

    def _look(self, logger: logging.Logger, own: AccessHandler) -> Taken:
        if not logger.isEnabledFor(logging.INFO):
            return Taken(Whose.NOBODYS, logger, [])
        lent = (self._of_uvicorns, self._of_gunicorns)
        given = [handler for handler in logger.handlers if handler not in lent]
        above = self._above(logger)
        others = [handler for handler in above if handler not in self._of_errors]
        if any(not isinstance(handler, logging.NullHandler) for handler in given):
            return Taken(Whose.THEIRS, logger, given + others)
        if len(given) == len(logger.handlers):
            # Without any of its own, it has what is above it, as in uvicorn.
            found = others or above
            return Taken(Whose.INHERITED if found else Whose.NOBODYS, logger, found)
        return Taken(Whose.INHERITED if others else Whose.OURS, logger, others)

    def _above(self, logger: logging.Logger) -> list[logging.Handler]:
        """The handlers that a logger passes its records on to.

        A logger that has the worker's handlers only is no end, though it is made one lest the lines of errors come
        twice: under gunicorn it has none, and records reach the root.
        """
        found: list[logging.Handler] = []
        passes_on = logger.propagate
        while passes_on and logger.parent is not None:
            logger = logger.parent
            found += logger.handlers
            passes_on = logger.propagate or all(handler in self._of_errors for handler in logger.handlers)
        return found

    def _write(self, scope: Any, status: int, size: int, headers: Headers, seconds: float) -> None:
        """Writes the worker's own line, if the filters let it pass, and with what they have changed."""
        logger, own = self._uvicorns, self._of_uvicorns
        if logger.filters or own.is_touched():
            made = self._record_like_uvicorns(scope, status)
            asked = made.args
            record = _passed(logger, own, made)
            if record is None:
                return
            changed = record.msg != _MESSAGE or not isinstance(record.args, tuple) or len(record.args) != 5
            if changed or own.formatter is not own.original:
                own.write(record)
                return
            if record.args != asked:
                scope, status = _as_told(scope, status, asked, record.args)
        logger, of_gunicorns = self._gunicorns, self._of_gunicorns
        if of_gunicorns is not None and (logger.filters or of_gunicorns.is_touched()):
            made = self._record_like_gunicorns(scope, status, size, headers, seconds)
            before = dict(made.args) if isinstance(made.args, dict) else {}
            record = _passed(logger, of_gunicorns, made)
            if record is None:
                return
            changed = record.msg != self._format or record.args != before
            if changed or of_gunicorns.formatter is not of_gunicorns.original:
                of_gunicorns.write(record)
                return
        self._line(scope, status, size, headers, seconds)

    def _record_like_uvicorns(self, scope: Any, status: int) -> logging.LogRecord:
        client = scope.get("client")
        args = (
            f"{client[0]}:{client[1]}" if client else "",
            scope.get("method", "GET"),
            _target(scope),
            scope.get("http_version", "1.1"),
            status,
        )
        return self._uvicorns.makeRecord(UVICORNS, logging.INFO, _source(), 0, _MESSAGE, args, None, "send")

    def _record_like_gunicorns(
        self, scope: Any, status: int, size: int, headers: Headers, seconds: float
    ) -> logging.LogRecord:
        values = (atoms(scope, status, size, headers, seconds),)
        return self._gunicorns.makeRecord(
            GUNICORNS, logging.INFO, "glogging.py", 0, self._format, values, None, "access"
        )

    def _guard(self, step: Callable[[], None]) -> bool:
        """Takes the step. What a filter or a handler raises is logged once, and never reaches the request."""
        try:
            step()
        except Exception as error:
            text = user_traceback(error)
            if text not in self._told:
                self._told.add(text)
                log.error("A filter or handler of the access log failed\n%s", text)
            return False
        return True


def _passed(logger: logging.Logger, own: AccessHandler, record: logging.LogRecord) -> logging.LogRecord | None:
    """The record after the filters of the logger and of the worker's handler; None if one of them refuses it."""
    if own.level > logging.INFO:
        return None
    passed = _filtered(logger, record)
    return None if passed is None else _filtered(own, passed)


def _filtered(filters: logging.Filterer, record: logging.LogRecord) -> logging.LogRecord | None:
    verdict: Any = filters.filter(record)
    # Python 3.12 and later: a filter may give another record.
    return (verdict if isinstance(verdict, logging.LogRecord) else record) if verdict else None


def _target(scope: Any) -> str:
    """Path and query, as in uvicorn's records."""
    path = quote(scope.get("path", ""))
    query = scope.get("query_string")
    return f"{path}?{query.decode('latin-1')}" if query else path


def _as_told(scope: Any, status: int, asked: Any, told: Any) -> tuple[Any, int]:
    """Scope and status with what a filter has changed: one that hides a token hides it in the worker's line, too."""
    changed = dict(scope)
    if told[0] != asked[0]:
        host, _, port = str(told[0]).rpartition(":")
        changed["client"] = (host or port, port)
    if told[2] != asked[2]:
        path, _, query = str(told[2]).partition("?")
        encoded = path.encode("utf-8"), query.encode("utf-8")
        changed.update(path=unquote(path), raw_path=encoded[0], query_string=encoded[1])
    changed.update(method=str(told[1]), http_version=str(told[3]))
    return changed, int(told[4])


def _source() -> str:
    """The file that uvicorn's records name."""
    folder = os.path.dirname(getattr(sys.modules.get("uvicorn"), "__file__", None) or "uvicorn/__init__.py")
    return os.path.join(folder, "protocols", "http", "httptools_impl.py")
