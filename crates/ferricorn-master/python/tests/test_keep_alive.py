"""The one timer of a kept connection, on a clock that jumps; and the real one in a worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from fake_master import FakeMaster

from ferricorn_worker.protocol.keep_alive import KeepAlive


class Timer:
    def __init__(self, at: float, callback: Callable[[], object]) -> None:
        self.at = at
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Loop:
    """An event loop that knows the time and timers."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def create_task(self, _coroutine: Any) -> None:
        raise AssertionError("no task here")

    def is_running(self) -> bool:
        return True

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        timer = Timer(self.now + delay, callback)
        self.timers.append(timer)
        return timer

    def waiting(self) -> int:
        return sum(timer.callback is not None for timer in self.timers)

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while due := [it for it in self.timers if it.callback is not None and it.at <= until]:
            timer = min(due, key=lambda it: it.at)
            self.now = max(self.now, timer.at)
            callback, timer.callback = timer.callback, None
            assert callback is not None
            callback()
        self.now = until


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def ends(loop: Loop) -> list[float]:
    return []


def test_a_pause_ends_at_its_time(loop: Loop, ends: list[float]) -> None:
    keep_alive = KeepAlive(loop)  # type: ignore[arg-type]
    pause = keep_alive.call_later(5, lambda: ends.append(loop.now))
    assert pause.when() == 105
    loop.advance(60)
    assert ends == [105]
    assert loop.waiting() == 0


def test_a_busy_connection_has_one_timer_and_its_last_pause_is_whole(loop: Loop, ends: list[float]) -> None:
    keep_alive = KeepAlive(loop)  # type: ignore[arg-type]
    for _ in range(1000):
        keep_alive.call_later(5, lambda: ends.append(loop.now)).cancel()
        loop.advance(0.01)
        assert loop.waiting() <= 1
    assert len(loop.timers) <= 4
    keep_alive.call_later(5, lambda: ends.append(loop.now))
    begun = loop.now
    loop.advance(60)
    assert ends == [pytest.approx(begun + 5)]


def test_a_shorter_pause_is_not_kept_waiting_by_a_longer_one(loop: Loop, ends: list[float]) -> None:
    keep_alive = KeepAlive(loop)  # type: ignore[arg-type]
    keep_alive.call_later(75, lambda: ends.append(loop.now)).cancel()
    keep_alive.call_later(2, lambda: ends.append(loop.now))
    loop.advance(60)
    assert ends == [102]


def test_nothing_is_left_when_the_connection_is_gone(loop: Loop, ends: list[float]) -> None:
    keep_alive = KeepAlive(loop)  # type: ignore[arg-type]
    keep_alive.call_later(5, lambda: ends.append(loop.now))
    keep_alive.stop()
    assert loop.waiting() == 0
    loop.advance(60)
    assert ends == []


def test_everything_else_is_the_event_loop_s(loop: Loop) -> None:
    assert KeepAlive(loop).is_running()  # type: ignore[arg-type]


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(loop_master: FakeMaster) -> None:
    loop_master.spawn(defaults={"timeout_keep_alive": 1}).serve()
    client = loop_master.connect()
    for _ in range(8):
        assert client.get().status == 200
        time.sleep(0.25)
    idle_since = time.monotonic()
    assert client.get().status == 200
    assert client.is_closed()
    assert time.monotonic() - idle_since >= 0.9
