"""uvicorn's server under a master: ready, serve, drain, exit.

Owns: the points at which uvicorn is overridden, the master's orders while the event loop runs.
Does not own: accepting (`accept`), the drain (`drain`), signals (`signals`).
Invariants: only `install_signal_handlers`, `capture_signals`, `handle_exit`, `startup`, `main_loop`, `on_tick` and
`shutdown` are overridden, and the server is run with `sockets=[]`, which holds on every uvicorn from 0.24 to 0.54. No
connection is accepted before the master's `serve`. uvicorn's loop runs during a drain, so the Date header stays
right and the heartbeat alive, although `should_exit` is true from the beginning of the drain.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from ..application.lifespan import LifespanWatch
from ..base.errors import BootFailed
from ..base.lasting import lasting
from ..connections import drain_notice
from ..connections.accept import Intake
from ..connections.connections import ConnectionSet
from ..connections.drain import GRACE_OVER, Drain, Mode
from ..logs.logs import Logs, log
from ..protocol.interface import Protocols
from ..protocol.native.access_lines import AccessLines
from ..protocol.uvicorns import Uvicorns
from ..reports.in_flight import InFlight
from ..reports.stall import describe
from ..talk import scoreboard
from ..talk.channel import Channel, MalformedMessage, MasterGone
from ..talk.scoreboard import Heartbeat, Scoreboard
from ..talk.start import NativeHttp, Who
from ..talk.tally import CUT, Tally
from . import child_end
from .signals import ORPHAN_LIMIT, Signals, limit_exit

if TYPE_CHECKING:
    from ..development.bench import Bench

ORPHAN_GRACE = 0.7
"""Seconds that requests get when the master has died: less than `ORPHAN_LIMIT`, so that the lifespan ends too."""

EXIT_LIMIT = 0.4
"""Seconds that threads and `atexit` functions have after requests had to be cut."""

_CLEAN_LIMIT = 1.0
"""Seconds that uvicorn's own shutdown may wait after a drain that left nothing."""

_CUT_LIMIT = 0.1
"""Seconds that uvicorn's own shutdown may wait after requests were cut: they had their `GOODBYE` before."""


class Server(uvicorn.Server):
    """The server of one worker."""

    def __init__(
        self,
        config: Any,
        served: Any,
        who: Who,
        channel: Channel,
        board: Scoreboard,
        signals: Signals,
        logs: Logs,
        native: NativeHttp | None,
        bench: Bench | None = None,
    ) -> None:
        super().__init__(config)
        self._channel = channel
        self._board = board
        self._signals = signals
        self._logs = logs
        self._tally = None if who.tally is None else Tally(who.tally, who.row)
        self._protocols = _protocols(config, self.server_state, self._tally, native, logs.access_lines)
        self._bench = bench
        self._connections = ConnectionSet(self._protocols)
        self.server_state.connections = self._connections
        tasks = self.server_state.tasks
        self._requests = InFlight(board, self._protocols, tasks)
        config.loaded_app = self._requests.wrap(served, self._tally)
        self._websockets = 0
        if who.count_websockets:
            self._connections.on_add = self._count_websocket
        self._queue_in = lasting(socket.socket(fileno=who.handoff[0]))
        self._intake = Intake(
            (self._queue_in, lasting(socket.socket(fileno=who.handoff[1]))),
            board,
            self._connections,
            self._protocols,
            who.worker_connections,
            balanced=who.workers != 1,
        )
        pause = float(config.timeout_keep_alive)
        self._drain = Drain(self._protocols, self._connections, tasks, pause, self._intake, board, self._queue_in)
        self._heartbeat = Heartbeat(board, self._publish, self._tally)
        self._tasks: set[asyncio.Task[None]] = set()
        self._drain_task: asyncio.Task[None] | None = None
        self._ticks: asyncio.Task[None] | None = None
        self._asked = False
        self._drained = False
        self._orphaned = False
        self._early_order: tuple[Mode, float, str] | None = None

    def install_signal_handlers(self) -> None:
        """Leaves the signals alone (uvicorn before 0.29)."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals alone (uvicorn 0.29 and later, which would raise them again at the end)."""
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal from outside: whether the worker exits is for the master to say."""
        self._signals.handle(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Runs the lifespan startup and reports. Raises `BootFailed` if the application refuses to start."""
        loop = asyncio.get_running_loop()
        self._loop = loop
        child_end.prepare(loop)
        self._heartbeat.start(loop)
        loop.add_reader(self._channel.fileno(), self._on_channel)
        if self._bench is not None and not await self._bench.may_start():
            self._signals.stop_noted = True
            raise SystemExit(0)
        watch = LifespanWatch()
        self._observe_lifespan(watch)
        with watch.watching():
            try:
                await super().startup(sockets=[])
            except SystemExit:
                # uvicorn 0.50 and later leave this way; earlier ones return with `started` unset.
                self.started = False
        if not self.started:
            raise BootFailed("lifespan", watch.failure())
        watch.warn_if_hidden()
        self._logs.look()
        self._signals.describe = lambda: describe(self._requests, asyncio.all_tasks(loop), asyncio.current_task(loop))
        self._signals.on_orphan = self._on_orphan
        self._signals.on_asked = self._on_asked
        # Set by the application: uvicorn would not even begin its loop, nor run the lifespan shutdown before 0.41.
        stop_noted, self.should_exit = self._signals.stop_noted or self.should_exit, False
        if self._bench is not None:
            self._bench.look()
        if self._early_order is not None:
            self._begin_drain(*self._early_order)
        elif stop_noted:
            self._begin_drain("close", 0.0)
        else:
            self._channel.send({"type": "runs", **self._runs()})
            self._channel.send({"type": "ready"})

    def _runs(self) -> dict[str, str]:
        return {
            "python": sys.version.split()[0],
            "uvicorn": uvicorn.__version__,
            "loop": type(self._loop).__module__.partition(".")[0],
            "http": self._protocols.name,
        }

    def _observe_lifespan(self, watch: LifespanWatch) -> None:
        config = getattr(self.lifespan, "config", None)
        if config is not None:
            # A copy, so that only the lifespan goes this way.
            self.lifespan.config = copy.copy(config)
            self.lifespan.config.loaded_app = watch.observed(config.loaded_app)

    async def main_loop(self) -> None:
        """Goes on as uvicorn does until the drain is over. uvicorn looks for its end ten times a second only."""
        self._ticks = self._loop.create_task(super().main_loop())
        try:
            await self._ticks
        except asyncio.CancelledError:
            if not self._drained:
                raise

    async def on_tick(self, counter: int) -> bool:
        """Does what uvicorn does ten times a second. Returns whether its loop is to end: when the drain is over."""
        if await super().on_tick(counter) and self._drain_task is None:
            # The application has set `should_exit`, which is as good as a signal.
            self._on_asked("term")
        return self._drained

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finishes the drain, then lets uvicorn close what is left and run the lifespan shutdown."""
        if self._drain_task is not None:
            await self._drain_task
        # Typed as whole seconds, and handed to `asyncio.wait_for` as it is.
        self.config.timeout_graceful_shutdown = _CUT_LIMIT if self._drain.cut else _CLEAN_LIMIT  # type: ignore[assignment]
        await super().shutdown(sockets=[])
        if self._drain.cut:
            # What ignored its cancellation may ignore everything: a thread that sleeps, a task that continues.
            limit_exit(EXIT_LIMIT)

    def answered(self) -> int:
        """How many requests were answered so far."""
        return self.server_state.total_requests

    def _publish(self) -> None:
        board = self._board
        self._intake.look()
        board.set(scoreboard.REQUESTS, self.server_state.total_requests + self._websockets)
        board.set(scoreboard.IN_FLIGHT, len(self.server_state.tasks))
        self._requests.look()
        if self._bench is not None and self.started:
            self._bench.look()

    def _count_websocket(self, connection: Any) -> None:
        if self._protocols.is_websocket(connection):
            self._websockets += 1

    def _on_channel(self) -> None:
        while True:
            try:
                received = self._channel.poll()
            except MasterGone:
                self._loop.remove_reader(self._channel.fileno())
                self._signals.arm_orphan_limit()
                self._on_orphan()
                return
            except MalformedMessage as error:
                log.error("Message of the master cannot be read: %s", error)
                continue
            if received is None:
                return
            message, descriptors = received
            try:
                self._obey(message, descriptors)
            except (KeyError, TypeError, ValueError) as error:
                log.error("Message `%s` of the master cannot be read: %r", message["type"], error)

    def _obey(self, message: dict[str, Any], descriptors: list[int]) -> None:
        kind = message["type"]
        if kind == "serve":
            # Not in the task: a drain that is ordered next has to find them, since clients may wait already.
            self._take_listeners(descriptors, int(message["listeners"]))
            task = self._loop.create_task(self._begin_serving())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif kind == "drain":
            mode: Mode = message["mode"] if message["mode"] in ("handoff", "replace") else "close"
            if message.get("interrupted") and self._signals.on_interrupt is not None:
                self._signals.on_interrupt()
            cause = "Quick stop" if message.get("quick") else GRACE_OVER
            if message.get("stop"):
                from . import stop_lines

                stop_lines.tell_less()
            self._begin_drain(mode, int(message["grace_ms"]) / 1000, cause)
        elif kind == "proceed" and self._bench is not None:
            self._bench.proceed()
        elif kind == "announce_close":
            self._drain.announce_close()
        elif kind == "reopen_logs":
            self._logs.reopen()
        elif kind == "log_level":
            self._logs.set_level(message["level"])
        else:
            log.error("Message `%s` of the master is unknown", kind)

    def _take_listeners(self, descriptors: list[int], sent: int) -> None:
        # Family, kind and protocol are read from the descriptor: asyncio sets TCP_NODELAY on accepted sockets only if
        # the listener's protocol is known, and costs 44 ms a request without it.
        listeners = [lasting(socket.socket(fileno=descriptor)) for descriptor in descriptors]
        if len(listeners) != sent:
            # The kernel drops those for which the process has no descriptors left.
            self._cannot_accept(f"only {len(listeners)} of {sent} listening sockets have arrived, see `ulimit -n`")
        create = self._protocols.factory(self._loop, self.lifespan.state, is_quiet=self._logs.writes_access)
        self._intake.open(listeners, create, self.config.ssl)

    async def _begin_serving(self) -> None:
        try:
            await self._intake.start(self.config.backlog)
        except OSError as error:
            self._cannot_accept(str(error))

    def _cannot_accept(self, why: str) -> None:
        self._channel.send({"type": "boot_failed", "stage": "bind", "text": f"cannot accept: {why}"})
        self._begin_drain("close", 0.0)

    def _begin_drain(self, mode: Mode, grace: float, cause: str = GRACE_OVER) -> None:
        if self._bench is not None:
            self._bench.leave()
        if not self.started:
            # The lifespan startup still runs; it is not interrupted half-way.
            self._early_order = (mode, grace, cause)
            return
        self._drain.order(mode, grace, cause)
        if self._drain_task is None:
            # Not at once: if the startup is just over, uvicorn does not begin its loop when `should_exit` is set.
            self._loop.call_soon(self._tell_application)
            self._drain_task = self._loop.create_task(self._drain.run(self._on_drained))

    def _tell_application(self) -> None:
        signals = self._signals
        # Its handler may call the one that it has replaced, which is ours.
        self._asked = True
        signals.should_exit = self.should_exit = True
        drain_notice.tell(super().handle_exit, signals.replaced, signals.is_ours)

    def _on_drained(self) -> None:
        drain = self._drain
        self._publish()
        if self._tally is not None:
            self._tally.add(CUT, drain.cut)
        self._channel.send({"type": "drained", "handed_over": drain.handed_over, "cut": drain.cut})
        self._drained = True
        if self._ticks is not None:
            self._ticks.cancel()

    def _on_orphan(self) -> None:
        """The end of the channel calls this and the signal of the master's death, whichever comes first."""
        if self._orphaned:
            return
        self._orphaned = True
        log.info("Master is gone, worker stops within %.1f s", ORPHAN_LIMIT)
        # A signal handler may call this: the event loop must wake up for it.
        self._loop.call_soon_threadsafe(self._begin_drain, "close", ORPHAN_GRACE, "Master is gone")

    def _on_asked(self, name: str) -> None:
        """Once is enough: the master knows."""
        if not self._asked:
            self._asked = True
            self._channel.send({"type": "asked_to_stop", "signal": name})


def _protocols(
    config: Any, state: Any, tally: Tally | None, native: NativeHttp | None, lines: AccessLines | None
) -> Protocols:
    """What speaks on the connections: the native protocol if it was asked for and could be loaded."""
    if native is None:
        return Uvicorns(config, state, tally)
    from ..protocol.native.connection import Limits
    from ..protocol.native.natives import Natives

    limits = Limits(
        request_line=native.request_line,
        fields=native.fields,
        field=native.field,
        timeout=native.head_ms / 1000,
    )
    return Natives(config, state, tally, limits, lines)
