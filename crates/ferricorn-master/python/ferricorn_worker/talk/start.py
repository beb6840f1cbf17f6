"""The first message on every channel: what is loaded, who serves it, and where its log lines go.

Owns: the types, and reading them. Does not own: the channel (`channel`).
Invariants: a field that an older master does not send has a default; one of a newer master is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class NativeHttp:
    """Limits of the native protocol for HTTP/1.1: bytes, fields and milliseconds; 0 is no limit."""

    request_line: int
    fields: int
    field: int
    head_ms: int
    is_named: bool = False
    """Whether the user has named it, so that a worker class does not name another one."""

    @staticmethod
    def from_message(native: dict[str, Any]) -> NativeHttp:
        """Reads the part `native_http` of a `start` message."""
        limits = (native["request_line"], native["fields"], native["field"], native["head_ms"])
        return NativeHttp(*limits, is_named=native.get("is_named", False))


@dataclass(frozen=True)
class AppSettings:
    """The application, and the options that go to `uvicorn.Config` by their own names."""

    target: str
    factory: bool
    app_dir: str
    worker_class: str | None
    python_path: tuple[str, ...]
    uvicorn: dict[str, Any]
    uvicorn_defaults: dict[str, Any]
    native_http: NativeHttp | None = None

    @staticmethod
    def from_message(app: dict[str, Any]) -> AppSettings:
        """Reads the part `app` of a `start` message."""
        native = app.get("native_http")
        return AppSettings(
            target=app["target"],
            factory=app["factory"],
            app_dir=app["app_dir"],
            worker_class=app.get("worker_class"),
            python_path=tuple(app.get("python_path", ())),
            uvicorn=dict(app["uvicorn"]),
            uvicorn_defaults=dict(app["uvicorn_defaults"]),
            native_http=NativeHttp.from_message(native) if native else None,
        )


@dataclass(frozen=True)
class AccessLog:
    """Where access lines go (None is standard output), and gunicorn's format for them."""

    file: str | None
    format: str


@dataclass(frozen=True)
class LogConfig:
    """A file of Python's logging configuration; `over_gunicorns`: JSON that lies over gunicorn's own."""

    file: str
    over_gunicorns: bool
    no_access: bool


@dataclass(frozen=True)
class DaemonAddress:
    """Where a daemon listens; `kind` is `unix`, `udp` or `tcp`, and decides which of the others count."""

    kind: str
    path: str = ""
    datagram: bool = False
    host: str = ""
    port: int = 0


@dataclass(frozen=True)
class Syslog:
    """Where and how log lines go to syslog; the format is that of access lines."""

    address: DaemonAddress
    prefix: str
    facility: int
    access: bool
    format: str


@dataclass(frozen=True)
class Statsd:
    """Where and how metrics go to statsd."""

    address: DaemonAddress
    prefix: str
    tags: str


@dataclass(frozen=True)
class LogSettings:
    """Where log lines go; no file is standard error."""

    level: str
    """By its name, in small letters."""
    error_file: str | None
    colors: bool
    access: AccessLog | None
    short: bool = False
    json: bool = False
    config: LogConfig | None = None
    dictionary: dict[str, Any] | None = None
    capture_output: bool = False
    syslog: Syslog | None = None
    statsd: Statsd | None = None
    logger_class: str | None = None
    level_asked: bool = False
    """The running service was asked for the level, which is stronger than those of a configuration."""

    @staticmethod
    def from_message(log: dict[str, Any]) -> LogSettings:
        """Reads the part `log` of a `start` message."""
        access, config, syslog, statsd = (log.get(name) for name in ("access", "config", "syslog", "statsd"))
        return LogSettings(
            level=log["level"],
            level_asked=log.get("level_asked", False),
            error_file=log.get("error_file"),
            colors=log["colors"],
            access=access and AccessLog(access.get("file"), access["format"]),
            short=log.get("short", False),
            json=log.get("json", False),
            config=config and LogConfig(config["file"], config["over_gunicorns"], config["no_access"]),
            dictionary=log.get("dictionary"),
            capture_output=log.get("capture_output", False),
            syslog=syslog
            and Syslog(
                DaemonAddress(**syslog["address"]),
                syslog["prefix"],
                syslog["facility"],
                syslog["access"],
                syslog["format"],
            ),
            logger_class=log.get("logger_class"),
            statsd=statsd and Statsd(DaemonAddress(**statsd["address"]), statsd["prefix"], statsd["tags"]),
        )


@dataclass(frozen=True)
class HookSettings:
    """Where the hooks are, which of them there are, and what `server` and `worker` say."""

    kind: str
    target: str
    directory: str
    names: tuple[str, ...]
    cfg: dict[str, Any]
    address: tuple[Any, ...]

    @staticmethod
    def from_message(hooks: dict[str, Any]) -> HookSettings:
        """Reads the part `hooks` of a message."""
        return HookSettings(
            kind=hooks["kind"],
            target=hooks["target"],
            directory=hooks["directory"],
            names=tuple(hooks["names"]),
            cfg=dict(hooks["cfg"]),
            address=tuple(hooks["address"]),
        )


@dataclass(frozen=True)
class Load:
    """What is loaded before a worker serves: the same for every worker of a generation."""

    app: AppSettings
    backlog: int
    hooks: HookSettings | None

    @staticmethod
    def from_message(load: dict[str, Any]) -> Load:
        """Reads the part `load` of a `start` message."""
        return Load(
            app=AppSettings.from_message(load["app"]),
            backlog=load["backlog"],
            hooks=HookSettings.from_message(load["hooks"]) if load.get("hooks") else None,
        )


@dataclass(frozen=True)
class Development:
    """What is different if the code is being worked on: the watched folders, and why the boot before has failed."""

    watched: tuple[str, ...]
    page: str | None

    @staticmethod
    def from_message(development: dict[str, Any]) -> Development:
        """Reads the part `development` of a `start` message."""
        return Development(watched=tuple(development["watched"]), page=development.get("page"))


@dataclass(frozen=True)
class Who:
    """Who the worker is, and what is its own."""

    slot: int
    generation: int
    age: int
    master_pid: int
    scoreboard: int
    row: int
    tally: int | None
    black_box: int
    workers: int
    handoff: tuple[int, int]
    worker_connections: int | None
    count_websockets: bool
    log: LogSettings
    development: Development | None = None

    @staticmethod
    def from_message(worker: dict[str, Any]) -> Who:
        """Reads the part `worker` of a `start` message."""
        return Who(
            slot=worker["slot"],
            generation=worker["generation"],
            age=worker["age"],
            master_pid=worker["master_pid"],
            scoreboard=worker["scoreboard"],
            row=worker["row"],
            tally=worker.get("tally"),
            black_box=worker["black_box"],
            workers=worker["workers"],
            handoff=(worker["handoff"][0], worker["handoff"][1]),
            worker_connections=worker.get("worker_connections"),
            count_websockets=worker["count_websockets"],
            log=LogSettings.from_message(worker["log"]),
            development=Development.from_message(worker["development"]) if worker.get("development") else None,
        )

    def with_numbers(self, numbers: dict[int, int]) -> Who:
        """The same where its descriptors have other numbers: what the master calls them, and what they are here."""
        return replace(
            self,
            scoreboard=numbers[self.scoreboard],
            black_box=numbers[self.black_box],
            handoff=(numbers[self.handoff[0]], numbers[self.handoff[1]]),
            tally=None if self.tally is None else numbers[self.tally],
        )

    def descriptors(self) -> tuple[int, ...]:
        """Every descriptor that the message names."""
        optional = () if self.tally is None else (self.tally,)
        return (self.scoreboard, self.black_box, *self.handoff, *optional)


@dataclass(frozen=True)
class Warm:
    """What a template imports in place of the application: modules from outside of the watched folders."""

    watched: tuple[str, ...]
    modules: tuple[str, ...]

    @staticmethod
    def from_message(warm: dict[str, Any]) -> Warm:
        """Reads the part `warm` of a `load` message."""
        return Warm(watched=tuple(warm["watched"]), modules=tuple(warm["modules"]))


@dataclass(frozen=True)
class LoadTemplate:
    """The first message to a template."""

    load: Load
    log: LogSettings
    generation: int
    master_pid: int
    black_box: int
    look: bool
    warm: Warm | None = None

    @staticmethod
    def from_message(message: dict[str, Any]) -> LoadTemplate:
        """Reads a `load` message; fields of a newer master are ignored."""
        return LoadTemplate(
            load=Load.from_message(message["load"]),
            log=LogSettings.from_message(message["log"]),
            generation=message["generation"],
            master_pid=message["master_pid"],
            black_box=message["black_box"],
            look=message["look"],
            warm=Warm.from_message(message["warm"]) if message.get("warm") else None,
        )


@dataclass(frozen=True)
class Start:
    """The first message: one process may load, and another one, which it has forked, may serve."""

    load: Load
    worker: Who

    @staticmethod
    def from_message(message: dict[str, Any]) -> Start:
        """Reads a `start` message; fields of a newer master are ignored."""
        return Start(load=Load.from_message(message["load"]), worker=Who.from_message(message["worker"]))
