"""The worker's tally: what it counts about requests, in memory that outlives it.

Owns: the map of this worker's part of the tally board, and the stores. Does not own: the layout
(`ferricorn_wire::tally`, held together by `golden/tally.json`), what a request is (`protocol`), totals (the master).
Invariants: only this worker writes here, one aligned word per store, so that the counts are exact however it ends; a
request is counted once, by the code that takes the status from its exchange.

To read a word through a memoryview costs three times what it costs to read it from a list, so the counts are in a list
as well, and the memory is only written.
"""

from __future__ import annotations

import mmap
import os
import time
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Protocol

from ..base import forked

MAGIC = 0x4645_5252_5400_0001
WORDS = 2560
FIRST = 3 * WORDS
ROWS = 4096

ABORTED_BY_CLIENT = 0
ABORTED_BY_WORKER = 1
CUT = 2
ACCEPTED = 3
HANDED_OVER = 4
WEBSOCKETS_OPEN = 5
LAG_SUM = 6
LAG_CELLS = 8
CPU_USER = 24
CPU_SYSTEM = 25
CODES = 32
LOWEST_CODE = 100
HIGHEST_CODE = 599
HANDSHAKES = 540
HANDSHAKE_CODES = [101, 400, 401, 403, 404, 500, 503, 0]
HISTOGRAMS = 576
HISTOGRAM_WORDS = 176
CELLS = 168
FIRST_BYTE = 10

LAG_BOUNDS = [round(1e6 * ms) for ms in (1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)]
"""Upper bounds in nanoseconds."""

_SHOWN = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0)

BOUNDS = sorted({int(2.0 ** (eighth / 8) * 1e9) for eighth in range(-104, 49)} | {round(it * 1e9) for it in _SHOWN})
"""Upper bounds in nanoseconds."""

_SECONDS = [bound / 1e9 for bound in BOUNDS]

CLOSED_BY_CLIENT = b"499"
"""What a request counts as whose client has gone before there was a response, as nginx has it."""

_STREAMED = 5 * HISTOGRAM_WORDS


class Exchange(Protocol):
    """A request and its response, as far as they are counted. Times are those of `time.perf_counter`; 0: not yet."""

    status: bytes | None
    """Three digits once the head of the response was written; taken away by the code that counts."""
    started: float
    first: float
    """When the first byte of the response was written; of one that is not streamed, the last as well."""
    streamed: bool


class Tally:
    """The memory, seen from one row. Takes the descriptor over."""

    def __init__(self, descriptor: int, row: int) -> None:
        magic = int.from_bytes(os.pread(descriptor, 8, 0), "little")
        if magic != MAGIC:
            raise ValueError(f"the tally board has the layout {magic:#x}, expected {MAGIC:#x}")
        memory = memoryview(mmap.mmap(descriptor, WORDS * 8, offset=(FIRST + row * WORDS) * 8))
        os.close(descriptor)
        self._words = memory.cast("B").cast("Q")
        self._floats = memory.cast("B").cast("d")
        self._own: list[int] = [0] * WORDS
        self._sums: list[float] = [0.0] * WORDS
        self._places: dict[bytes | None, tuple[int, int]] = {
            str(code).encode(): (
                CODES + code - LOWEST_CODE,
                HISTOGRAMS + (code // 100 - 1) * HISTOGRAM_WORDS,
            )
            for code in range(LOWEST_CODE, HIGHEST_CODE + 1)
        }
        # A forked child has the same memory, and finds no place in it from now on.
        forked.then(self._places.clear)
        self._is_child = False
        forked.then(self._let_go)
        self.count = self._counter()
        """Counts a request whose response was written, and makes the exchange ready for the next one."""

    def leave_requests_to(self, extension: Any) -> Any:
        """Lets the extension `_ferricorn_http` count requests, also those of `count`: a word has one writer."""
        native = extension.Tally(
            self._words,
            self._floats,
            codes=CODES,
            histograms=HISTOGRAMS,
            histogram_words=HISTOGRAM_WORDS,
            first_byte=FIRST_BYTE,
            bounds=_SECONDS,
        )
        forked.then(native.let_go)
        clock = time.perf_counter

        def count(exchange: Exchange) -> None:
            if exchange.status is not None:
                first = exchange.first or clock()
                started = exchange.started or first
                if exchange.streamed:
                    native.count(int(exchange.status), clock() - started, first - started)
                else:
                    native.count(int(exchange.status), first - started)
            exchange.status = None
            exchange.streamed = False
            exchange.started = exchange.first = 0.0

        self.count = count
        return native

    def _let_go(self) -> None:
        self._is_child = True

    def _counter(self) -> Callable[[Exchange], None]:
        """A function whose every name is a local one: it runs for each request, and an attribute costs 15 ns."""
        places, own, words = self._places, self._own, self._words
        sums, floats, note = self._sums, self._floats, self._note
        clock, bounds, bisect = time.perf_counter, _SECONDS, bisect_left

        def count(exchange: Exchange) -> None:
            place = places.get(exchange.status)
            exchange.status = None
            if place is not None:
                code, histogram = place
                first = exchange.first or clock()
                started = exchange.started or first
                took = first - started
                if exchange.streamed:
                    note(HISTOGRAMS + FIRST_BYTE * HISTOGRAM_WORDS, took)
                    took = clock() - started
                    histogram += _STREAMED
                    exchange.streamed = False
                own[code] = words[code] = own[code] + 1
                cell = histogram + 1 + bisect(bounds, took)
                own[cell] = words[cell] = own[cell] + 1
                sums[histogram] = floats[histogram] = sums[histogram] + took
            else:
                exchange.streamed = False
            exchange.started = exchange.first = 0.0

        return count

    def abort(self, exchange: Exchange, by: int) -> None:
        """Counts a request whose connection was lost early; `by` is the word of who closed it."""
        self.add(by)
        if exchange.status is None:
            exchange.status = CLOSED_BY_CLIENT
            exchange.first = 0.0
        self.count(exchange)

    def _note(self, histogram: int, seconds: float) -> None:
        cell = histogram + 1 + bisect_left(_SECONDS, seconds)
        self.add(cell)
        self._add_seconds(histogram, seconds)

    def add(self, word: int, value: int = 1) -> None:
        """Adds to one word."""
        self.set(word, self._own[word] + value)

    def set(self, word: int, value: int) -> None:
        """Stores one word."""
        if not self._is_child:
            self._own[word] = self._words[word] = value

    def _add_seconds(self, word: int, seconds: float) -> None:
        if not self._is_child:
            self._sums[word] = self._floats[word] = self._sums[word] + seconds

    def handshake(self, code: int) -> None:
        """Counts the answer to a handshake of a WebSocket."""
        self.add(HANDSHAKES + HANDSHAKE_CODES.index(code if code in HANDSHAKE_CODES else 0))

    def beat(self, lag: int, accepted: int, handed_over: int) -> None:
        """Notes what is known at each tick of the event loop, and how late that was in nanoseconds."""
        self.add(LAG_CELLS + bisect_left(LAG_BOUNDS, lag))
        self._add_seconds(LAG_SUM, lag / 1e9)
        self.set(ACCEPTED, accepted)
        self.set(HANDED_OVER, handed_over)
        if not self._is_child:
            times = os.times()
            self._floats[CPU_USER], self._floats[CPU_SYSTEM] = times.user, times.system
