"""The messages between a worker and its master, and the socket that carries them.

Owns: the SEQPACKET socket, encoding and decoding. Does not own: what a message leads to.
Invariants: one message is one packet of at most `MAX_PACKET` bytes; sending never raises and never blocks the event
loop; the end of the file means that the master is dead, and nothing else does.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any

MAX_PACKET = 128 * 1024
"""The largest packet that either side sends, in bytes (`ferricorn_wire::MAX_PACKET`)."""

_CUT = "\n... (cut)\n"


@dataclass(frozen=True)
class AppSettings:
    """The application, and the options that go to `uvicorn.Config` by their own names."""

    target: str
    factory: bool
    app_dir: str
    uvicorn: dict[str, Any]
    uvicorn_defaults: dict[str, Any]


@dataclass(frozen=True)
class AccessLog:
    """Where access lines go (None is standard output), and gunicorn's format for them."""

    file: str | None
    format: str


@dataclass(frozen=True)
class LogSettings:
    """Where log lines go; no file is standard error."""

    level: str
    error_file: str | None
    colors: bool
    access: AccessLog | None


@dataclass(frozen=True)
class Start:
    """Who the worker is and what it runs: the first message on every channel."""

    version: str
    slot: int
    generation: int
    master_pid: int
    listeners: tuple[int, ...]
    backlog: int
    scoreboard: int
    row: int
    black_box: int
    workers: int
    handoff: tuple[int, int]
    worker_connections: int | None
    count_websockets: bool
    app: AppSettings
    log: LogSettings

    @staticmethod
    def from_message(message: dict[str, Any]) -> Start:
        """Reads a `start` message; fields of a newer master are ignored."""
        app = message["app"]
        log = message["log"]
        access = log.get("access")
        return Start(
            version=message["version"],
            slot=message["slot"],
            generation=message["generation"],
            master_pid=message["master_pid"],
            listeners=tuple(message["listeners"]),
            backlog=message["backlog"],
            scoreboard=message["scoreboard"],
            row=message["row"],
            black_box=message["black_box"],
            workers=message["workers"],
            handoff=(message["handoff"][0], message["handoff"][1]),
            worker_connections=message.get("worker_connections"),
            count_websockets=message["count_websockets"],
            app=AppSettings(
                target=app["target"],
                factory=app["factory"],
                app_dir=app["app_dir"],
                uvicorn=dict(app["uvicorn"]),
                uvicorn_defaults=dict(app["uvicorn_defaults"]),
            ),
            log=LogSettings(
                level=log["level"],
                error_file=log.get("error_file"),
                colors=log["colors"],
                access=None if access is None else AccessLog(access.get("file"), access["format"]),
            ),
        )

    def descriptors(self) -> tuple[int, ...]:
        """Every descriptor that the message names."""
        return (*self.listeners, self.scoreboard, self.black_box, *self.handoff)


class MasterGone(Exception):
    """The other end of the channel is closed: the master is dead."""


class MalformedMessage(Exception):
    """A packet that is not a message; the channel goes on."""


def encode(message: dict[str, Any]) -> bytes:
    """The bytes of one packet; a `text` that is too long loses its middle."""
    message = dict(message)
    while True:
        text = message.get("text")
        if isinstance(text, str):
            # A lone surrogate (undecodable bytes of a path) is no JSON that the master could read.
            message["text"] = text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        packet = json.dumps(message, ensure_ascii=False).encode("utf-8")
        if len(packet) <= MAX_PACKET or not isinstance(text, str):
            return packet
        keep = len(text) * 2 // 3
        message["text"] = text[: keep // 4] + _CUT + text[len(text) - keep * 3 // 4 :]


def decode(packet: bytes) -> dict[str, Any]:
    """The message in one packet."""
    try:
        message = json.loads(packet)
    except ValueError as error:
        raise MalformedMessage(f"not JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise MalformedMessage("no message: it has no `type`")
    return message


class Channel:
    """The worker's end of the channel."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)

    def fileno(self) -> int:
        """The descriptor, for an event loop's reader."""
        return self._socket.fileno()

    def wait(self) -> dict[str, Any]:
        """Waits for one message. Raises `MasterGone`, `MalformedMessage`."""
        return self._decode(self._socket.recv(MAX_PACKET))

    def poll(self) -> dict[str, Any] | None:
        """One message if there is one. Raises `MasterGone`, `MalformedMessage`."""
        try:
            packet = self._socket.recv(MAX_PACKET, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            raise MasterGone from None
        return self._decode(packet)

    def send(self, message: dict[str, Any]) -> bool:
        """Sends one message; False when the master is gone or has not read for a very long time."""
        try:
            self._socket.send(encode(message), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            return False
        return True

    @staticmethod
    def _decode(packet: bytes) -> dict[str, Any]:
        if not packet:
            raise MasterGone
        return decode(packet)
