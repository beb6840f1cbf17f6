"""A plugin of pytest: uvicorn's own tests get the native protocol in place of the one on httptools.

Their event loop is a list of tasks. It gets what the native protocol asks a loop for beyond that: a clock, which stands
still but for `run_later`, and `call_soon`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.protocols.http import httptools_impl

from ferricorn_worker.protocol.native.connection import NativeProtocol


def pytest_configure() -> None:
    """Before uvicorn's tests are imported, which name the class in many places."""
    httptools_impl.HttpToolsProtocol = NativeProtocol  # type: ignore[misc, assignment]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Completes the event loop of each module that has one."""
    for module in {getattr(item, "module", None) for item in items}:
        loop = getattr(module, "MockLoop", None)
        if loop is not None:
            _complete(loop)


def _complete(loop: Any) -> None:
    run_later = loop.run_later

    def run_later_by_clock(self: Any, with_delay: float) -> None:
        self.now += with_delay
        run_later(self, with_delay)
        self.now -= with_delay

    def call_soon(self: Any, callback: Callable[..., None], *args: Any, context: Any = None) -> None:
        callback(*args)

    loop.now = 0.0
    loop.time = lambda self: self.now
    loop.run_later = run_later_by_clock
    loop.call_soon = call_soon
    # A factory, so that no task takes its first step before the test says so.
    loop.get_task_factory = lambda self: call_soon
