"""The service's metrics as an ASGI application, for platforms that give a service one port only.

Mount it where your own authentication is; it shows what `--metrics-bind` would show at `/metrics`::

    from ferricorn.metrics import metrics
    app.mount("/internal/metrics", metrics)

The worker that is asked asks the master, so that the figures are those of all workers. The master answers its own user
and root alone: with `--user`, where workers have other rights, there are no metrics this way.
"""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

PATIENCE = 5.0
"""Seconds that the master may take to answer."""

_LARGEST = 16 << 20
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


async def metrics(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """The application: GET and HEAD give the metrics, in OpenMetrics if `Accept` asks for it."""
    if scope["type"] != "http":
        raise RuntimeError("ferricorn.metrics answers HTTP requests only")
    if scope["method"] not in ("GET", "HEAD"):
        await _answer(send, 405, "text/plain; charset=utf-8", "only GET and HEAD\n", (b"allow", b"GET, HEAD"))
        return
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    openmetrics = b"application/openmetrics-text" in accepted
    try:
        text = await ask({"type": "metrics", "openmetrics": openmetrics})
    except NoMaster as error:
        await _answer(send, 503, "text/plain; charset=utf-8", f"{error}\n")
        return
    await _answer(send, 200, _OPENMETRICS if openmetrics else _PROMETHEUS, text)


class NoMaster(Exception):
    """No master has answered; the text says why."""


async def ask(request: dict[str, Any]) -> str:
    """Asks the master of this worker for a text. Raises `NoMaster` if it does not give one."""
    for address in _addresses():
        try:
            answer = await asyncio.wait_for(_converse(address, request), PATIENCE)
        except (ConnectionRefusedError, FileNotFoundError):
            continue
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            raise NoMaster(f"the master does not answer: {error!r}") from None
        if answer.get("type") != "text":
            raise NoMaster(str(answer.get("text") or "the master is of a version without metrics"))
        return str(answer["text"])
    raise NoMaster("no ferricorn runs this process")


async def _converse(address: str, request: dict[str, Any]) -> dict[str, Any]:
    # Connected here: uvloop takes no abstract address. On a unix socket this never waits.
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.connect(address)
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=_LARGEST)
    except BaseException:
        connection.close()
        raise
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer
    finally:
        writer.close()


def _addresses() -> Iterator[str]:
    """Where the master may be asked: it is this process's parent, or a parent of that."""
    namespace = "".join(letter for letter in os.readlink("/proc/self/ns/pid") if letter.isdigit())
    pid = os.getppid()
    while pid > 0:
        yield f"\0ferricorn.{namespace}.{pid}"
        pid = _parent(pid)


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            # The name may contain blanks and brackets; the last bracket ends it.
            return int(stat.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


async def _answer(
    send: Callable[[dict[str, Any]], Awaitable[None]],
    status: int,
    kind: str,
    text: str,
    *more: tuple[bytes, bytes],
) -> None:
    body = text.encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
