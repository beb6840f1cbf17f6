"""Notices when the application touches the loggers of the access log, at no cost for requests.

Owns: the worker's handlers on `uvicorn.access` and `gunicorn.access`; whether they were touched.
Does not own: what the application's settings mean for a line (`access_policy`), the lines (`access_format`).
Invariants: while the loggers are untouched, lines are written past `logging`; from the first touch on, at whatever
time and in whatever thread, each request asks them. A logger and a list stay what they are to everybody else.

Lines are written past `logging` because its way costs as much as a small request. That the loggers are asked before
each line would cost a tenth of the line, so they report instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import log_config
from .access import Change, Record, all_of

if TYPE_CHECKING:
    from .access_policy import Policy

UVICORNS = "uvicorn.access"
GUNICORNS = "gunicorn.access"

_CHANGES = ("append", "extend", "insert", "remove", "pop", "clear", "__setitem__", "__delitem__", "__iadd__")


class AccessHandler(logging.Handler):
    """The worker's own handler of an access logger: it writes what the application logs there itself.

    The lines of requests do not pass here, unless the application has given it a formatter. Without it, an application
    that changes or removes uvicorn's handler, or lends gunicorn's to other loggers, would find none.
    """

    _notice: Callable[[], None] | None = None

    def __init__(self, write: Callable[[logging.LogRecord], None], formatter: logging.Formatter) -> None:
        super().__init__()
        self.write = write
        self.original = formatter
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Writes, unless it is the line of a request: that is written already."""
        # A protocol that is not known to `lean` makes a record for each request if its logger has a handler.
        if "/uvicorn/protocols/" not in record.pathname:
            self.write(record)

    def is_touched(self) -> bool:
        """Whether the application has changed it."""
        return bool(self.filters) or self.level > logging.INFO or self.formatter is not self.original

    def report_to(self, notice: Callable[[], None]) -> None:
        """Calls this at each change from now on."""
        self._notice = notice
        self.filters = _List(self.filters, notice)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if self._notice is not None and name in ("filters", "level", "formatter"):
            self._notice()


class AccessLoggers:
    """The two loggers, and what is called for each request while they are as they are.

    `line` writes the worker's own line. `gunicorns` is None if `line` goes through `gunicorn.access`, which then asks
    that logger by itself.
    """

    def __init__(self, line: Record, uvicorns: AccessHandler, gunicorns: AccessHandler | None, format_: str) -> None:
        self.line = line
        self.format = format_
        self.uvicorns = uvicorns
        self.gunicorns = gunicorns
        self.of_errors = [handler for name in log_config.OURS for handler in logging.getLogger(name).handlers]
        """The worker's handlers of the loggers above and beside these."""
        self._rest: tuple[Record, ...] = ()
        self._change: Change | None = None
        self._policy: Policy | None = None
        self._is_touched = False
        for logger, handler in self._pairs():
            handler.report_to(self.notice)
            _report(logger, self.notice)
        self.look()

    def attach(self, change: Change, rest: Record | None) -> None:
        """Gives the function by which what is called for requests is changed, and what else wants to know of them."""
        self._rest = () if rest is None else (rest,)
        self._change = change
        self._apply()

    def notice(self) -> None:
        """A logger or a handler was touched. Called in any thread."""
        if not self._is_touched:
            self._is_touched = True
            self._apply()

    def look(self) -> None:
        """Looks whether the loggers are as the worker has made them. What was touched and put right does not count."""
        was_touched = self._is_touched
        own = [self.uvicorns, self.gunicorns]
        self._is_touched = not all(_is_as_made(logger, own) and not it.is_touched() for logger, it in self._pairs())
        if was_touched and not self._is_touched:
            for logger, _handler in self._pairs():
                _report(logger, self.notice)
            self._is_touched = False
        self._apply()

    def _apply(self) -> None:
        if self._change is None:
            return
        if not self._is_touched:
            self._change(all_of(self.line, *self._rest), None)
            return
        if self._policy is None:
            # Most applications leave these loggers alone.
            from .access_policy import Policy

            self._policy = Policy(self)
        self._change(all_of(self._policy.at_end, *self._rest), self._policy.at_start)

    def _pairs(self) -> list[tuple[logging.Logger, AccessHandler]]:
        pairs = [(logging.getLogger(UVICORNS), self.uvicorns)]
        if self.gunicorns is not None:
            pairs.append((logging.getLogger(GUNICORNS), self.gunicorns))
        return pairs


def to_file(file: Any, formatter: logging.Formatter) -> AccessHandler:
    """A handler that writes into an access log."""
    handler: AccessHandler

    def write(record: logging.LogRecord) -> None:
        try:
            line = handler.format(record) + "\n"
        except Exception:
            handler.handleError(record)
            return
        file.write(line.encode("utf-8", "backslashreplace"))

    handler = AccessHandler(write, formatter)
    return handler


def to_gunicorns() -> AccessHandler:
    """A handler for `uvicorn.access` where the lines are records of `gunicorn.access`."""
    return AccessHandler(logging.getLogger(GUNICORNS).callHandlers, logging.Formatter("%(message)s"))


def _is_as_made(logger: logging.Logger, own: list[AccessHandler | None]) -> bool:
    is_plain = not logger.filters and not logger.propagate and logger.isEnabledFor(logging.INFO)
    # Programs for gunicorn give `uvicorn.access` the handlers of `gunicorn.access`, which changes nothing here.
    return is_plain and len(logger.handlers) == 1 and logger.handlers[0] in own


def _report(logger: logging.Logger, notice: Callable[[], None]) -> None:
    """Makes a logger call this at each change of it."""
    if not isinstance(logger.handlers, _List):
        logger.handlers = _List(logger.handlers, notice)
    if not isinstance(logger.filters, _List):
        logger.filters = _List(logger.filters, notice)
    kind = type(logger)
    if getattr(kind, "reports", False):
        return

    class Reporting(kind):  # type: ignore[misc,valid-type]
        reports = True

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            notice()

    # The name of its class still identifies the logger.
    Reporting.__name__, Reporting.__qualname__, Reporting.__module__ = kind.__name__, kind.__qualname__, kind.__module__
    logger.__class__ = Reporting


class _List(list[Any]):
    """A list that reports its changes."""

    def __init__(self, items: Any, notice: Callable[[], None]) -> None:
        super().__init__(items)
        self.notice = notice


def _reporting(change: Callable[..., Any]) -> Callable[..., Any]:
    def changed(self: _List, *arguments: Any) -> Any:
        try:
            return change(self, *arguments)
        finally:
            self.notice()

    return changed


for _name in _CHANGES:
    setattr(_List, _name, _reporting(getattr(list, _name)))
