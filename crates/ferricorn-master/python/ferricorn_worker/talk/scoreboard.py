"""The worker's row of the scoreboard, the heartbeat that fills it, and a look at the siblings' rows.

Owns: the map of the shared memory, the 10 Hz tick. Does not own: the layout (`ferricorn_wire::scoreboard`, held
together by `golden/scoreboard.json`), what the master makes of it.
Invariants: only this worker's row is written, one aligned word per store; the tick runs from before the lifespan
startup until after the lifespan shutdown.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import time
from collections.abc import Callable

from ..base import forked
from .tally import Tally

HEADER_WORDS = 16
ROW_WORDS = 16
ROWS = 4096
PAGES_WORD = 66_048
SEEN_PLACES = 24
NEWEST_PLACES = 8
PLACE_BYTES = 128
METHOD_BYTES = 10
PAGE_BYTES = (SEEN_PLACES + NEWEST_PLACES) * PLACE_BYTES
BYTES = PAGES_WORD * 8 + ROWS * PAGE_BYTES
MAGIC = 0x4645_5252_4900_0002
ROWS_USED_WORD = 1

STATE = 0
HEARTBEAT = 1
CONNECTIONS = 2
REQUESTS = 3
IN_FLIGHT = 4
LOOP_LAG = 5
ACCEPTED = 6
HANDED_OVER = 7
TAKEN_OVER = 8
BEGUN = 9

FREE = 0
BOOTING = 1
ACCEPTING = 2
FULL = 3
DRAINING = 4

TICK = 0.1
"""Seconds between two heartbeats."""

FRESH = 150_000_000
"""Nanoseconds after which a sibling without a heartbeat is taken for blocked, on a machine that is never late: one and
a half ticks."""

ALLOWANCE = 8
"""How many times as late as this worker has been of late a sibling may be: what keeps both waiting is the machine."""

LONGEST_FRESH = 1_000_000_000
"""The most that `FRESH` grows to: an application may hold up its own event loop again and again."""


class Scoreboard:
    """The shared memory, seen from one row. Takes the descriptor over."""

    def __init__(self, descriptor: int, row: int) -> None:
        self._map = mmap.mmap(descriptor, BYTES)
        os.close(descriptor)
        self._words = memoryview(self._map).cast("Q")
        if self._words[0] != MAGIC:
            raise ValueError(f"the scoreboard has the layout {self._words[0]:#x}, expected {MAGIC:#x}")
        self._row = HEADER_WORDS + row * ROW_WORDS
        self._lateness = 0
        self._fresh = FRESH
        page = PAGES_WORD * 8 + row * PAGE_BYTES
        self.page = memoryview(self._map)[page : page + PAGE_BYTES]
        """The worker's page of the requests in flight (`in_flight`)."""
        forked.then(self._let_go)

    def _let_go(self) -> None:
        """In a forked child: its stores are never seen. To unmap the memory would make a store a crash."""
        self._words = memoryview(bytearray(PAGES_WORD * 8)).cast("Q")
        self.page = memoryview(bytearray(PAGE_BYTES))

    def set(self, word: int, value: int) -> None:
        """Stores one word of the own row."""
        self._words[self._row + word] = value

    def get(self, word: int) -> int:
        """Reads one word of the own row."""
        return self._words[self._row + word]

    def add(self, word: int, value: int = 1) -> None:
        """Adds to one word of the own row."""
        self._words[self._row + word] += value

    def was_late(self, nanoseconds: int) -> None:
        """Notes, in each tick, how late that is. The worst is forgotten within seconds."""
        self._lateness = max(nanoseconds, self._lateness - self._lateness // 16)
        self._fresh = min(FRESH + ALLOWANCE * self._lateness, LONGEST_FRESH)

    def lead(self, connections: int) -> int:
        """By how many connections this worker is ahead of the sibling that has fewest; 0 if it is not.

        Only siblings count that accept, and whose event loop runs: it has shown so within `FRESH`, and a while later
        on a machine that lets this worker wait as well.
        """
        words = self._words
        own = self._row
        oldest = time.monotonic_ns() - self._fresh
        fewest = connections
        end = HEADER_WORDS + words[ROWS_USED_WORD] * ROW_WORDS
        for row in range(HEADER_WORDS, min(end, len(words)), ROW_WORDS):
            if words[row] == ACCEPTING and row != own and words[row + HEARTBEAT] >= oldest:
                fewest = min(fewest, words[row + CONNECTIONS])
        return connections - fewest


class Heartbeat:
    """Stores the time, the counts and the event loop's lag ten times a second."""

    def __init__(self, board: Scoreboard, publish: Callable[[], None], tally: Tally | None = None) -> None:
        self._board = board
        self._publish = publish
        self._tally = tally
        self._due = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Beats now, and from now on until the loop ends."""
        self._due = time.monotonic_ns()
        self._beat(loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.monotonic_ns()
        self._board.set(HEARTBEAT, now)
        lag = max(0, now - self._due)
        self._board.set(LOOP_LAG, lag)
        self._board.was_late(lag)
        self._publish()
        if self._tally is not None:
            self._tally.beat(lag, self._board.get(ACCEPTED), self._board.get(HANDED_OVER))
        self._due = now + int(TICK * 1e9)
        loop.call_later(TICK, self._beat, loop)
