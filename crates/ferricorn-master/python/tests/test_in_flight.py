"""What the page of the scoreboard tells of the requests in flight."""

from __future__ import annotations

import asyncio
import os
import struct
from typing import Any

import pytest

from ferricorn_worker.protocol.uvicorns import Uvicorns
from ferricorn_worker.reports.in_flight import InFlight
from ferricorn_worker.talk import scoreboard
from ferricorn_worker.talk.scoreboard import NEWEST_PLACES, PLACE_BYTES, SEEN_PLACES, Scoreboard

PROTOCOLS = Uvicorns(None, None)

ROW = 3


@pytest.fixture
def board() -> Scoreboard:
    descriptor = os.memfd_create("board")
    os.truncate(descriptor, scoreboard.BYTES)
    os.pwrite(descriptor, struct.pack("=Q", scoreboard.MAGIC), 0)
    return Scoreboard(descriptor, ROW)


def places(board: Scoreboard) -> list[tuple[int, bytes]]:
    """The word and the text of every place, without the NULs at its end."""
    pairs = struct.iter_unpack(f"=Q{PLACE_BYTES - 8}s", board.page)
    return [(word, text.rstrip(b"\0")) for word, text in pairs]


def newest(board: Scoreboard) -> list[tuple[int, bytes]]:
    """Number and text of the newest requests, newest first."""
    return sorted((place for place in places(board)[SEEN_PLACES:] if place[0]), reverse=True)


async def call(app: Any, **scope: object) -> None:
    await app({"type": "http", "method": "GET", **scope}, None, None)


class Cycle:
    """As uvicorn's: holds the scope while the application runs."""

    def __init__(self, **scope: object) -> None:
        self.scope = scope

    async def run_asgi(self) -> None:
        await asyncio.sleep(3600)


def test_a_request_is_in_the_page_before_the_application_runs(board: Scoreboard) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        assert newest(board)[0] == (1, b"GET\0\0\0\0\0\0\0/secret")

    asyncio.run(call(InFlight(board, PROTOCOLS, set()).wrap(app), raw_path=b"/secret", query_string=b"key=7"))


def test_the_newest_requests_are_kept_and_long_paths_are_cut(board: Scoreboard) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None: ...

    async def run() -> None:
        noted = InFlight(board, PROTOCOLS, set()).wrap(app)
        for number in range(20):
            await call(noted, method="BREW", raw_path=f"/{number}".encode())
        await call(noted, raw_path=b"/" + b"x" * 500)
        await noted({"type": "lifespan"}, None, None)

    asyncio.run(run())
    found = newest(board)
    assert len(found) == NEWEST_PLACES
    assert found[0] == (21, b"GET\0\0\0\0\0\0\0/" + b"x" * (PLACE_BYTES - 8 - 10 - 1))
    assert found[1] == (20, b"\0" * 10 + b"/19")


def test_what_is_in_flight_is_renewed_with_each_heartbeat(board: Scoreboard) -> None:
    async def run() -> None:
        tasks: set[asyncio.Task[None]] = set()
        in_flight = InFlight(board, PROTOCOLS, tasks)
        for number in range(SEEN_PLACES + 5):
            cycle = Cycle(method="GET", path=f"/{number}")
            tasks.add(asyncio.create_task(cycle.run_asgi()))
            in_flight.look()
        seen = places(board)[:SEEN_PLACES]
        assert [text for _since, text in seen] == [f"GET /{number}".encode() for number in range(SEEN_PLACES)]
        assert [since for since, _text in seen] == sorted(since for since, _text in seen)
        tasks.clear()
        in_flight.look()
        assert places(board)[:SEEN_PLACES] == [(0, b"")] * SEEN_PLACES

    asyncio.run(run())


def test_how_many_have_begun_is_told_with_the_heartbeat(board: Scoreboard) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None: ...

    in_flight = InFlight(board, PROTOCOLS, set())
    noted = in_flight.wrap(app)
    in_flight.look()
    for _ in range(3):
        asyncio.run(call(noted, raw_path=b"/"))
    assert board.get(scoreboard.BEGUN) == 0
    in_flight.look()
    assert board.get(scoreboard.BEGUN) == 3
