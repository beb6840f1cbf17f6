"""The worker's log lines: gunicorn's format or JSON, on standard error or in a file, or what the user configures.

Owns: the loggers `ferricorn`, `uvicorn`, `uvicorn.error`, `gunicorn.error`, `gunicorn.access`; who records a request.
Does not own: the root logger and the application's loggers; the files (`log_files`); the text of access lines
(`access_format`); Python's logging configuration (`log_config`).
Invariants: `record` is None unless something wants to know of requests; without syslog, statsd, JSON and configuration
it writes straight to the file.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from . import log_config
from .access import Record, all_of
from .json_lines import JsonFormatter
from .log_files import LineHandler, LogFile, reopen_handlers
from .start import LogSettings

if TYPE_CHECKING:
    from .statsd import Statsd

log = logging.getLogger("ferricorn")
"""The worker's own messages."""

ERROR_FORMAT = "%(asctime)s [%(process)d] [%(levelname)s] %(message)s"
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
        self._settings = settings
        self._who = who
        self._error = LogFile(settings.error_file, 2)
        if settings.capture_output:
            self._error.capture()
        self._access = None if settings.access is None else LogFile(settings.access.file, 1)
        self._level: int = logging.getLevelName(settings.level.upper())
        self._handler = LineHandler(self._error, self._formatter())
        for name in log_config.OURS:
            self._equip(name, self._handler, self._level)
        logging.getLogger("uvicorn.error").setLevel(self._level)
        if self._access is not None:
            # Not `uvicorn.access`: a handler there would make uvicorn write its own line for each request as well.
            formatter = JsonFormatter(who) if settings.json else logging.Formatter("%(message)s")
            self._equip("gunicorn.access", LineHandler(self._access, formatter), logging.INFO)
        self.configured = False
        self._logger: Any = None
        """The user's own, an instance of `--logger-class`."""
        self.record: Record | None = None
        """What is called at the end of each request."""
        self.uvicorn_writes_access = False
        """Whether uvicorn writes access lines itself, since the user's configuration names its logger."""

    def configure(self, of_class: Any = None, dictionary: dict[str, Any] | None = None, serves: bool = False) -> None:
        """Applies the user's configuration, and decides who records a request. Raises `BootFailed`.

        Apart from the constructor, because the configuration may name classes of the application's modules.
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
        statsd = self._statsd()
        self._add_syslog()
        self.record = all_of(self._records(statsd))

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
        if self.configured and level == "info":
            # The default is no wish: the configuration's levels stay.
            level = None
        return {"log_level": level, "access_log": self.uvicorn_writes_access}

    def reopen(self) -> None:
        """Opens the log files anew."""
        for file in (self._error, self._access):
            if file is not None:
                self._try_to_reopen(file.reopen)
        self._try_to_reopen(reopen_handlers)

    @staticmethod
    def _try_to_reopen(reopen: Any) -> None:
        try:
            reopen()
        except OSError as error:
            log.error("Log file cannot be opened anew: %s", error)

    def _records(self, statsd: Statsd | None) -> list[Record]:
        settings = self._settings
        if statsd is None and settings.access is None and settings.syslog is None and not self.configured:
            return []
        # What most workers do not need is not loaded: the sources are compiled at every boot.
        from . import access_records
        from .access_format import compile_writer

        records: list[Record] = []
        format_ = DEFAULT_ACCESS_FORMAT if settings.access is None else settings.access.format
        if settings.syslog is not None and settings.access is None:
            format_ = settings.syslog.format
        configured = self.configured and not (settings.config is not None and settings.config.no_access)
        to_syslog = settings.syslog is not None and settings.syslog.access
        if self._logger is not None:
            from . import logger_class

            records.append(logger_class.to_access(self._logger))
        elif configured and _is_named("gunicorn.access"):
            records.append(access_records.to_logger(format_))
        elif configured and _is_named("uvicorn.access"):
            self.uvicorn_writes_access = True
        elif to_syslog:
            records.append(access_records.to_logger(format_))
        elif settings.access is not None and self._access is not None:
            if settings.json:
                records.append(access_records.to_json(format_, self._access.write, self._who))
            else:
                records.append(compile_writer(format_, self._access.write))
        if statsd is not None:
            records.append(access_records.to_statsd(statsd))
        return records

    def _statsd(self) -> Statsd | None:
        if self._settings.statsd is None:
            return None
        from .statsd import CountHandler, Statsd

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
        from .syslog import syslog_handler, way_to

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

    @staticmethod
    def _also(handler: logging.Handler) -> None:
        for name in log_config.OURS:
            logging.getLogger(name).addHandler(handler)

    def _formatter(self) -> logging.Formatter:
        settings = self._settings
        if settings.json:
            return JsonFormatter(self._who)
        colored = settings.colors and settings.error_file is None
        return (_ColorFormatter if colored else logging.Formatter)(ERROR_FORMAT, DATE_FORMAT)

    @staticmethod
    def _equip(name: str, handler: logging.Handler, level: int) -> None:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level)


def _is_named(name: str) -> bool:
    return bool(logging.getLogger(name).handlers)
