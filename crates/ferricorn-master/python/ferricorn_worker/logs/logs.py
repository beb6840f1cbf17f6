"""The worker's log lines: gunicorn's format or JSON, on standard error or in a file, or what the user configures.

Owns: the loggers `ferricorn`, `uvicorn`, `uvicorn.error`, `gunicorn.error`; who records a request.
Does not own: the root logger and the application's loggers; the files (`log_files`); the text of access lines
(`access_format`); the access loggers once the application has them (`access_touch`); Python's logging configuration
(`log_config`).
Invariants: nothing is put around the application unless something wants to know of requests; without syslog, statsd,
JSON and configuration, and while the application leaves the access loggers alone, lines go straight to the file.
"""

from __future__ import annotations

import functools
import logging
import os
from typing import TYPE_CHECKING, Any

from ..protocol.native.access_lines import AccessLines
from ..talk.start import LogSettings
from . import log_config
from .access import access
from .access.access import Application, Record, all_of
from .json_lines import JsonFormatter
from .log_files import LineHandler, LogFile, put_handlers_away, reopen_handlers

if TYPE_CHECKING:
    from .access.access_touch import AccessHandler, AccessLoggers
    from .daemons.statsd import Statsd

log = logging.getLogger("ferricorn")
"""The worker's own messages."""

TRACE = 5
"""uvicorn's level below that of DEBUG."""

ERROR_FORMAT = "%(asctime)s [%(process)d] [%(levelname)s] %(message)s"
SHORT_FORMAT = "%(asctime)s %(levelname)s %(message)s"
SHORT_DATE_FORMAT = "%H:%M:%S"
DATE_FORMAT = "[%Y-%m-%d %H:%M:%S %z]"
DEFAULT_ACCESS_FORMAT = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'

_COLORS = {
    logging.DEBUG: "\033[36m",
    logging.INFO: "\033[32m",
    logging.WARNING: "\033[33m",
    logging.ERROR: "\033[31m",
    logging.CRITICAL: "\033[91m",
}
_PLAIN = "\033[0m"


class _ColorFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        name = record.levelname
        record.levelname = f"{_COLORS.get(record.levelno, '')}{name}{_PLAIN}"
        try:
            return super().format(record)
        finally:
            record.levelname = name


class Logs:
    """Sets the loggers up, and holds the files behind them. Raises `OSError`, `BootFailed`."""

    def __init__(self, settings: LogSettings, who: dict[str, Any]) -> None:
        log_config.protect()
        self._settings = settings
        self._who = who
        self._error = LogFile(settings.error_file, 2)
        if settings.capture_output:
            self._error.capture()
        self._access = None if settings.access is None else LogFile(settings.access.file, 1)
        self._level = _number(settings.level)
        self._handler = self._make_handler()
        for name in log_config.OURS:
            self._equip(name, self._handler, self._level)
        logging.getLogger("uvicorn.error").setLevel(self._level)
        self._handlers: dict[str, AccessHandler] = {}
        """The worker's own, of `gunicorn.access` and `uvicorn.access`."""
        if self._access is not None:
            from .access.access_touch import GUNICORNS, UVICORNS, to_file

            for name in (GUNICORNS, UVICORNS):
                formatter = JsonFormatter(who) if settings.json else logging.Formatter("%(message)s")
                self._handlers[name] = to_file(self._access, formatter)
            self._equip(GUNICORNS, self._handlers[GUNICORNS], logging.INFO)
        self.configured = False
        self._logger: Any = None
        """The user's own, an instance of `--logger-class`."""
        self._line: Record | None = None
        """What writes the line of a request, if it is the worker."""
        self.access_lines: AccessLines | None = None
        """What a protocol needs that writes the lines of requests by itself, if it may."""
        self._rest: Record | None = None
        """What else wants to know of requests."""
        self._uses_logger = False
        """Whether the worker's lines are records of `gunicorn.access`."""
        self._format = DEFAULT_ACCESS_FORMAT
        self._access_level = logging.INFO
        self._access_loggers: AccessLoggers | None = None
        self.uvicorn_writes_access = False
        """Whether uvicorn writes access lines itself, since the user's configuration names its logger."""

    @property
    def dictionary(self) -> dict[str, Any] | None:
        """The configuration that was given as a dictionary."""
        return self._settings.dictionary

    def configure(self, of_class: Any = None, dictionary: dict[str, Any] | None = None, serves: bool = False) -> None:
        """Applies the user's configuration, and decides who records a request. Raises `BootFailed`.

        Apart from the constructor, because the configuration may name classes of the application's modules; and once
        for all processes that are forked afterwards, since a second time would switch the application's loggers off.
        `of_class` is the `log_config` of a worker class, `dictionary` gunicorn's `logconfig_dict`; only a process that
        serves makes an instance of the user's logger class.
        """
        settings = self._settings
        if serves and settings.logger_class is not None and self._make_logger(settings.logger_class, dictionary):
            self.configured = True
        elif of_class or dictionary or settings.config is not None:
            kept = {name: logging.getLogger(name).handlers for name in (*log_config.OURS, "gunicorn.access")}
            log_config.clear()
            if of_class:
                log_config.apply_any(of_class)
                self.configured = True
            elif dictionary:
                log_config.apply_dict(dictionary)
                self.configured = True
            elif settings.config is not None:
                self.configured = log_config.apply_file(settings.config)
            log_config.settle(self._handler, self._level)
            access = logging.getLogger("gunicorn.access")
            if not self.configured and settings.config is not None:
                log.warning("`%s` of `--log-config-json` does not exist", settings.config.file)
            if not access.handlers and kept["gunicorn.access"]:
                access.handlers = kept["gunicorn.access"]
                access.propagate = False
        self._line = self._line_of_requests()
        if settings.level_asked:
            self.set_level(settings.level)
        # uvicorn gives it the level of errors, which is gunicorn's for that log alone.
        self._access_level = logging.getLogger("uvicorn.access").level or logging.INFO

    def connect(self) -> None:
        """Begins to speak to the daemons, for the process whose lines they get, before the application's code runs."""
        statsd = self._statsd()
        self._add_syslog()
        if statsd is not None:
            from .access.access_records import to_statsd

            self._rest = to_statsd(statsd)

    def _make_logger(self, name: str, dictionary: dict[str, Any] | None) -> bool:
        from . import logger_class

        self._logger = logger_class.make(name, self._settings, dictionary)
        if self._logger is None:
            return False
        log_config.settle(self._handler, self._level)
        return True

    def uvicorn_options(self) -> dict[str, Any]:
        """The options of `uvicorn.Config` that follow."""
        level: str | None = self._settings.level.lower()
        if self.configured and level == "info" and not self._settings.level_asked:
            # The default is no wish: the configuration's levels stay.
            level = None
        return {"log_level": level, "access_log": self.uvicorn_writes_access}

    @property
    def writes_access(self) -> bool:
        """Whether the worker makes the lines of requests, and uvicorn none."""
        return self._line is not None

    def lend_access(self) -> None:
        """Shows the access loggers to the application, as gunicorn and uvicorn do, and watches them from now on.

        After `uvicorn.Config` is made, which empties its logger.
        """
        if self._line is None:
            return
        from .access.access_touch import GUNICORNS, UVICORNS, AccessLoggers, to_gunicorns

        own = None if self._uses_logger else self._handlers
        uvicorns = own[UVICORNS] if own else to_gunicorns()
        self._equip(UVICORNS, uvicorns, self._access_level)
        gunicorns = own[GUNICORNS] if own else None
        self._access_loggers = AccessLoggers(self._line, uvicorns, gunicorns, self._format)

    def wrap(self, app: Application, native: bool = False) -> Application:
        """The application with what is recorded of its requests. A `native` protocol may write their lines itself."""
        records = [each for each in (self._line, self._rest) if each is not None]
        if not records:
            return app
        loggers = self._access_loggers
        attach = None if loggers is None else functools.partial(loggers.attach, rest=self._rest)
        return access.wrap(app, all_of(*records), attach, self.access_lines if native else None)

    def look(self) -> None:
        """Looks what the application has made of the access loggers; it should be called when that may have done so."""
        if self._access_loggers is not None:
            self._access_loggers.look()

    def put_away(self) -> None:
        """Lets go of every log file, which others will reopen: this process writes nothing from here on."""
        for file in self._files():
            file.put_away()
        put_handlers_away()

    def belong_to(self, who: dict[str, Any]) -> None:
        """Reopens every log file, after a fork, for this worker. Raises `OSError`."""
        # The formatters hold this very dictionary.
        self._who.update(who)
        for file in self._files():
            file.reopen()

    def _files(self) -> list[LogFile]:
        return [self._error] if self._access is None else [self._error, self._access]

    def set_level(self, name: str) -> None:
        """Changes the least severe level, whatever a configuration says; access lines of the worker's own have none."""
        self._level = _number(name)
        access = ("uvicorn.access",) if self.uvicorn_writes_access else ()
        for each in (*log_config.OURS, "uvicorn.error", "uvicorn.asgi", *access):
            logging.getLogger(each).setLevel(self._level)

    def reopen(self) -> None:
        """Reopens the log files."""
        for file in self._files():
            self._try_to_reopen(file.reopen)
        self._try_to_reopen(reopen_handlers)

    @staticmethod
    def _try_to_reopen(reopen: Any) -> None:
        try:
            reopen()
        except OSError as error:
            log.error("Log file cannot be opened anew: %s", error)

    def _line_of_requests(self) -> Record | None:
        settings = self._settings
        if settings.access is None and settings.syslog is None and not self.configured:
            return None
        # What most workers do not need is not loaded: the sources are compiled at every boot.
        from .access import access_records
        from .access.access_format import compile_writer

        if settings.access is not None:
            self._format = settings.access.format
        elif settings.syslog is not None:
            self._format = settings.syslog.format
        configured = self.configured and not (settings.config is not None and settings.config.no_access)
        self._uses_logger = True
        if self._logger is not None:
            from . import logger_class

            return logger_class.to_access(self._logger)
        to_syslog = settings.syslog is not None and settings.syslog.access
        if to_syslog or (configured and _is_named("gunicorn.access")):
            return access_records.to_logger(self._format)
        if configured and _is_named("uvicorn.access"):
            self.uvicorn_writes_access = True
            return None
        if self._access is None:
            return None
        self._uses_logger = False
        if settings.short and self._format == DEFAULT_ACCESS_FORMAT:
            from .access.short_lines import compile_short

            return compile_short(self._access.write, settings.colors)
        who = self._who if settings.json else None
        write = self._access.write
        line = compile_writer(self._format, write) if who is None else access_records.to_json(self._format, write, who)
        self.access_lines = AccessLines(self._format, line, write, who)
        return line

    def _statsd(self) -> Statsd | None:
        if self._settings.statsd is None:
            return None
        from .daemons.statsd import CountHandler, Statsd

        try:
            statsd = Statsd(self._settings.statsd)
        except OSError as error:
            log.error("statsd cannot be reached: %s", error)
            return None
        self._also(CountHandler(statsd))
        return statsd

    def _add_syslog(self) -> None:
        settings = self._settings.syslog
        if settings is None:
            return
        from .daemons.syslog import syslog_handler, way_to

        try:
            way = way_to(settings.address)
        except OSError as error:
            log.error("syslog cannot be reached: %s", error)
            return
        self._also(syslog_handler(settings, way, "error"))
        if settings.access:
            access = logging.getLogger("gunicorn.access")
            access.addHandler(syslog_handler(settings, way, "access"))
            access.propagate = False
            access.setLevel(logging.INFO)

    def _also(self, handler: logging.Handler) -> None:
        for name in log_config.OURS:
            logging.getLogger(name).addHandler(handler)
        if self._access_loggers is not None:
            self._access_loggers.of_errors.append(handler)

    def _make_handler(self) -> logging.Handler:
        settings = self._settings
        if settings.error_file is None and "JOURNAL_STREAM" in os.environ:
            from . import journal

            if journal.is_stream(2):
                formatter = JsonFormatter(self._who) if settings.json else logging.Formatter("%(message)s")
                return journal.JournalHandler(self._error, formatter, self._who, shows_pid=not settings.json)
        return LineHandler(self._error, self._formatter())

    def _formatter(self) -> logging.Formatter:
        settings = self._settings
        if settings.json:
            return JsonFormatter(self._who)
        colored = settings.colors and settings.error_file is None
        formatter = _ColorFormatter if colored else logging.Formatter
        if settings.short:
            return formatter(SHORT_FORMAT, SHORT_DATE_FORMAT)
        return formatter(ERROR_FORMAT, DATE_FORMAT)

    @staticmethod
    def _equip(name: str, handler: logging.Handler, level: int) -> None:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level)


def _number(name: str) -> int:
    """The number of a level; uvicorn's own has a name only once uvicorn is configured."""
    return TRACE if name == "trace" else int(logging.getLevelName(name.upper()))


def _is_named(name: str) -> bool:
    return bool(logging.getLogger(name).handlers)
