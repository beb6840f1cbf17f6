"""The hooks that run in a worker: post_fork, post_worker_init, pre_request, post_request, worker_int, worker_abort,
worker_exit.

Owns: when each is called, and with what. Does not own: the calling itself (`hooks`).
Invariants: nothing of this is imported, and requests are not wrapped, unless the configuration file has such a hook.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..logs.access.access import Application
from ..logs.access.gunicorns import Request, Response, environ
from .hooks import Hooks, Server, own_worker

EXIT_LIMIT = 5.0
"""Seconds that `worker_exit`, `worker_int` and `worker_abort` have."""


class WorkerHooks:
    """The hooks of this worker, of a file that may have been executed in another process."""

    def __init__(self, hooks: Hooks, master_pid: int, age: int) -> None:
        self._hooks = hooks
        self._server = Server(hooks.settings, master_pid, hooks.cfg, age)
        self._worker = own_worker(self._server, age)
        self._interrupted = False

    def forked(self) -> None:
        """The process has begun."""
        self._hooks.call("post_fork", self._server, self._worker)

    def loaded(self, app: Any) -> None:
        """The application is loaded."""
        self._worker.app = self._worker.wsgi = app
        self._worker.booted = True
        self._hooks.call("post_worker_init", self._worker)

    def serves(self, requests: Callable[[], int]) -> None:
        """There is a server now, which counts requests."""
        self._worker.requests = requests

    def interrupted(self) -> None:
        """SIGINT or SIGQUIT, to the worker or to the master, ends the worker."""
        if not self._interrupted:
            self._interrupted = True
            self._hooks.call("worker_int", self._worker, limit=EXIT_LIMIT)

    def abort_hook(self) -> Callable[[], None] | None:
        """What is called before the worker is killed for its silence, if there is a hook for that."""
        if "worker_abort" not in self._hooks:
            return None

        def aborted() -> None:
            self._worker.aborted = True
            self._hooks.call("worker_abort", self._worker, limit=EXIT_LIMIT)

        return aborted

    def exits(self) -> None:
        """The process is about to end."""
        self._worker.alive = False
        self._hooks.call("worker_exit", self._server, self._worker, limit=EXIT_LIMIT)

    def wrap(self, app: Application) -> Application:
        """The application with the hooks around each request, if there are such hooks."""
        before = self._hooks.get("pre_request")
        after = self._hooks.get("post_request")
        if before is None and after is None:
            return app
        # gunicorn passes as many arguments as the function takes.
        count = 0 if after is None else positional(after)
        call, worker = self._hooks.call, self._worker

        async def hooked(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            request = Request(scope)
            response = Response()

            def observed(message: Any) -> Any:
                kind = message["type"]
                if kind == "http.response.start":
                    response.start(message["status"], message.get("headers", ()))
                elif kind == "http.response.body":
                    response.sent += len(message.get("body", b""))
                return send(message)

            call("pre_request", worker, request)
            try:
                await app(scope, receive, observed)
            finally:
                call("post_request", *(worker, request, environ(request), response)[:count])

        return hooked


def positional(function: Any) -> int:
    """How many arguments a function takes by position."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 4
    if any(it.kind is it.VAR_POSITIONAL for it in parameters):
        return 4
    return min(4, sum(it.kind in (it.POSITIONAL_ONLY, it.POSITIONAL_OR_KEYWORD) for it in parameters))
