"""ferricorn's own HTTP/1.1 protocol, whose bytes are read and written by native code.

Owns: what is rare about a connection (its beginning and end, timers, refusals, upgrades), and how a request's task
begins. Does not own: the coroutines of a request (`request`), reading and writing (the extension).
Invariants: it is an `asyncio.Protocol` that uvicorn takes by its option `http`, on any event loop; what it says and
logs is what uvicorn's protocols say and log, but for what `docs/reference/native-protocol.md` lists.
"""

from __future__ import annotations

import asyncio
import contextvars
import http
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.utils import get_remote_addr, is_ssl

import _ferricorn_http

from ...talk.tally import ABORTED_BY_CLIENT, ABORTED_BY_WORKER, Tally
from ..addresses import ends
from .access_lines import AccessLines
from .request import LoggedRequest, Request

log = logging.getLogger("ferricorn")

_IS_EAGER = sys.version_info >= (3, 12)
"""Whether a task can take its first step at once, inside of which most responses are complete. To do the same by hand
before 3.12 crashes the interpreter when the application asks for its task."""

_NO_LIBRARY = (
    "No supported WebSocket library detected. Please use \"pip install 'uvicorn[standard]'\", or install 'websockets' "
    "or 'wsproto' manually."
)
_INVALID = "Invalid HTTP request received."


class Limits:
    """What a head may measure, in bytes, and how long it may take, in seconds; 0 is no limit."""

    def __init__(
        self, head: int = 0, request_line: int = 0, fields: int = 128, field: int = 0, timeout: float = 0.0
    ) -> None:
        self.head = head
        self.request_line = request_line
        self.fields = fields
        self.field = field
        self.timeout = timeout


DEFAULT_HEAD = 128 * 1024
"""Of a whole head, in bytes: twice what uvicorn allows with h11. With httptools it allows any."""


class _Shared:
    """What the connections of one server share."""

    def __init__(self, config: Any, state: Any, kind: type[NativeProtocol]) -> None:
        root_path, limits = config.root_path, kind.limits
        self.server = _ferricorn_http.Server(
            prefix=root_path if _has_root_in_path() else "",
            keep_alive=float(config.timeout_keep_alive),
            head_timeout=limits.timeout,
            head=limits.head or config.h11_max_incomplete_event_size or DEFAULT_HEAD,
            request_line=limits.request_line,
            fields=limits.fields,
            field=limits.field,
            access=kind.access,
            tally=kind.counts,
            newest=kind.newest,
        )
        self.app = config.loaded_app if kind.app is None else kind.app
        self.limit = config.limit_concurrency
        self.tasks: set[asyncio.Task[None]] = state.tasks
        self.resets_context: bool = getattr(config, "reset_contextvars", False)
        self.logger = logging.getLogger("uvicorn.error")
        # As in uvicorn, a logger that leads nowhere is not asked for each request.
        self.logs_access = logging.getLogger("uvicorn.access").hasHandlers()


def _has_root_in_path() -> bool:
    """Whether `path` begins with the root path: since uvicorn 0.26."""
    import uvicorn

    major, minor = uvicorn.__version__.split(".")[:2]
    return (int(major), int(minor)) >= (0, 26)


class NativeProtocol(_ferricorn_http.Connection, asyncio.Protocol):
    """One connection. The base class has `data_received`, `pause_writing`, and the requests."""

    limits = Limits()
    """Of subclasses, which `configured` makes."""
    is_quiet = False
    """Whether access lines are left to others."""
    app: Any = None
    """What is called for a request; None for the application of uvicorn's configuration."""
    tally: Tally | None = None
    """What counts lost connections, if anything does."""
    counts: _ferricorn_http.Tally | None = None
    """What counts requests, if anything does."""
    newest: _ferricorn_http.Newest | None = None
    """Where requests are noted as they begin, if anywhere."""
    access: _ferricorn_http.AccessLog | None = None
    """What writes access lines, if the extension does."""
    request_class: type[Request] = Request
    was_closed = False
    """Whether this side has closed it."""
    unread: Callable[[Any], bool] = staticmethod(lambda connection: False)
    """Whether the kernel holds bytes of a connection that the event loop has not read yet."""

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        shared: _Shared | None = getattr(server_state, "native", None)
        if shared is None:
            if not config.loaded:
                config.load()
            shared = server_state.native = _Shared(config, server_state, type(self))
        self._shared = shared
        self.config = config
        self.server_state = server_state
        self.app_state = app_state
        self.connections: set[Any] = server_state.connections
        self.ws_protocol_class = config.ws_protocol_class
        self.loop = _loop or asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._writable: asyncio.Event | None = None
        logs = shared.logs_access and not self.is_quiet
        self.prepare(shared.server, LoggedRequest if logs else self.request_class, app_state, self.loop)

    # The connection's beginning and end

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for requests."""
        self.connections.add(self)
        self.transport = transport
        # Of what begins later for this connection; a request's own must not reach the next one.
        self._context = contextvars.copy_context()
        config = self.config
        server, client = ends(transport)
        scope = {
            "type": "http",
            "asgi": {"version": config.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": server,
            "client": client,
            "scheme": "https" if is_ssl(transport) else "http",
            "root_path": config.root_path,
        }
        self.attach(transport, scope)
        self._trace("HTTP connection made")

    def eof_received(self) -> None:
        """The event loop closes its transport by itself when a client says that it will send no more."""
        request = self.cycle
        if request is not None:
            request.let_go()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the request that its client has gone."""
        self.connections.discard(self)
        self._trace("HTTP connection lost")
        self._count_lost()
        self.lost()
        self.detach()
        self.resume_writing()
        if exc is None and not self.transport.is_closing():
            self.transport.close()

    def _trace(self, what: str) -> None:
        logger = self._shared.logger
        if logger.level <= TRACE_LOG_LEVEL:
            peer = get_remote_addr(self.transport)
            logger.log(TRACE_LOG_LEVEL, "%s%s", f"{peer[0]}:{peer[1]} - " if peer else "", what)

    def _count_lost(self) -> None:
        request = self.cycle
        if self.tally is None or self.counts is None or request is None or request.response_complete:
            return
        self.tally.add(ABORTED_BY_WORKER if self.was_closed else ABORTED_BY_CLIENT)
        request.count_lost(self.counts)

    def close(self) -> None:
        """Closes when everything is sent that was written."""
        self.was_closed = True
        self.transport.close()

    def shutdown(self) -> None:
        """Ends the connection, after its response if one is under way (uvicorn's server asks for it)."""
        request = self.cycle
        if request is None or request.response_complete:
            self.transport.close()
        else:
            request.end_after()

    # What the base class asks for

    def start(self, request: Request) -> None:
        """Runs the application for a request."""
        shared = self._shared
        app, limit = shared.app, shared.limit
        if limit is not None and (len(self.connections) >= limit or len(shared.tasks) >= limit):
            app = service_unavailable
            shared.logger.warning("Exceeded concurrency limit.")
        coroutine = request.run(self, app)
        # Who has set a factory wants to see every task.
        if _IS_EAGER and self.loop.get_task_factory() is None:
            task = _eager_task(coroutine, self.loop, shared.resets_context)
            if task.done():
                return
        else:
            task = _task(coroutine, self.loop, shared.resets_context)
        shared.tasks.add(task)
        task.add_done_callback(shared.tasks.discard)

    def go_on_soon(self) -> None:
        """Reads on in what is here in the event loop's next pass."""
        self.loop.call_soon(self.go_on, context=self._context)

    def has_bytes(self) -> bool:
        """Whether the kernel holds bytes that the event loop has not read yet."""
        return type(self).unread(self)

    def refuse(self, status: int, why: str, may_answer: bool) -> None:
        """Answers a request that cannot be read, and ends the connection: the start of the next one is unknown."""
        log.debug("Request refused with %d: %s", status, why)
        if status == 400:
            self._shared.logger.warning(_INVALID)
        self.detach()
        if self.transport.is_closing():
            return
        if may_answer:
            self.transport.write(self._answer(status))
            if self.counts is not None:
                self.counts.count(status, 0.0)
        self.close()

    def _answer(self, status: int) -> bytes:
        phrase = http.HTTPStatus(status).phrase
        text = (_INVALID if status == 400 else phrase).encode()
        fields = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(text)),
            (b"connection", b"close"),
        ]
        lines = [b"HTTP/1.1 %d %s" % (status, phrase.encode()), *(b": ".join(field) for field in fields), b"", text]
        return b"\r\n".join(lines)

    def upgrade(self, scope: dict[str, Any], target: bytes, protocol: bytes, rest: bytes) -> bool:
        """Hands the connection over to uvicorn's protocol for WebSockets, if that is what a request offers.

        Any other offer is not taken up: the request is served as if it had not been made (RFC 9110, 7.8).
        """
        if protocol.lower() != b"websocket":
            # Java's HttpClient and Ktor's clients offer h2c with each first request: that is nothing to warn of.
            return False
        kind = self.ws_protocol_class
        if kind is None:
            self._shared.logger.warning("Unsupported upgrade request.")
            self._shared.logger.warning(_NO_LIBRARY)
            return False
        self._trace("Upgrading to WebSocket")
        self.detach()
        self.connections.discard(self)
        head = [f"{scope['method']} ".encode(), target, b" HTTP/1.1\r\n"]
        for name, value in scope["headers"]:
            head += [name, b": ", value, b"\r\n"]
        taken = kind(config=self.config, server_state=self.server_state, app_state=self.app_state)
        taken.connection_made(self.transport)
        taken.data_received(b"".join([*head, b"\r\n", rest]))
        self.transport.set_protocol(taken)
        return True

    # Time

    def arm(self, until: float) -> None:
        """Lets the timer fire then, on the event loop's clock."""
        if self._timer is not None:
            self._timer.cancel()
        self.fires_at = until
        self._timer = self.loop.call_later(until - self.loop.time(), self._fire)

    def pause_for(self, seconds: float) -> None:
        """Ends the connection after so many seconds, if nothing comes: the rest of a pause that began elsewhere."""
        self.idle_until = until = self.loop.time() + seconds
        if until < self.fires_at:
            self.arm(until)

    def detach(self) -> None:
        """Ends the timer, which holds everything about the connection for as long as it runs."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.fires_at = math.inf

    def _fire(self) -> None:
        self._timer = None
        self.fires_at = math.inf
        of_head, of_pause = self.head_until, self.idle_until
        until = min(math.inf if at is None else at for at in (of_head, of_pause))
        if until == math.inf or self.transport.is_closing():
            return
        if until > self.loop.time():
            self.arm(until)
        elif of_head == until and self.has_begun:
            self.stop_reading()
            self.refuse(408, "the head has not come in time", may_answer=True)
        else:
            self.close()

    # Writing

    def resume_writing(self) -> None:
        """Lets the application send again."""
        self.writing_resumed()
        if self._writable is not None:
            self._writable.set()

    async def drained(self) -> None:
        """Waits until the client has read what was sent, or has gone."""
        if self._writable is None:
            self._writable = asyncio.Event()
        self._writable.clear()
        await self._writable.wait()

    # What uvicorn's protocols have

    @property
    def scope(self) -> dict[str, Any] | None:
        """The scope of the latest request."""
        request = self.cycle
        return None if request is None else request.scope

    @property
    def timeout_keep_alive_task(self) -> asyncio.TimerHandle | None:
        """The timer, while the connection waits for the next request."""
        return None if self.idle_until is None else self._timer


def _eager_task(
    coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, resets_context: bool
) -> asyncio.Task[None]:
    """A task that has taken its first step."""
    how: dict[str, Any] = {"eager_start": True}
    if resets_context:
        how["context"] = contextvars.Context()
    return asyncio.Task(coroutine, loop=loop, **how)


def _task(
    coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, resets_context: bool
) -> asyncio.Task[None]:
    """A task as the event loop makes it."""
    if not resets_context:
        return loop.create_task(coroutine)
    create: Callable[..., asyncio.Task[None]] = loop.create_task
    if sys.version_info >= (3, 11):
        return create(coroutine, context=contextvars.Context())
    return contextvars.Context().run(create, coroutine)


def access_log(lines: AccessLines | None) -> _ferricorn_http.AccessLog | None:
    """What writes these lines, if the extension can: there are formats that only Python can write."""
    if lines is None:
        return None
    try:
        return _ferricorn_http.AccessLog(lines, lines.format, lines.who(), os.getpid(), time.time, time.perf_counter)
    except ValueError:
        return None


def configured(
    *,
    limits: Limits,
    is_quiet: bool,
    unread: Callable[[Any], bool],
    access: _ferricorn_http.AccessLog | None,
    app: Any,
    tally: Tally | None,
    counts: _ferricorn_http.Tally | None,
    newest: _ferricorn_http.Newest | None,
) -> type[NativeProtocol]:
    """The protocol with these settings of the class."""
    request_class: Any = Request
    if access is not None:
        request_class = type("Request", (Request,), {"is_logged": True})
    settings: dict[str, Any] = {
        "limits": limits,
        "is_quiet": is_quiet,
        "unread": staticmethod(unread),
        "access": access,
        "app": app,
        "tally": tally,
        "counts": counts,
        "newest": newest,
        "request_class": request_class,
    }
    return type("NativeProtocol", (NativeProtocol,), settings)
