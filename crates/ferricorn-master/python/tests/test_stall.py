"""What a worker tells of its requests and tasks when its event loop stands still."""

from __future__ import annotations

import asyncio
import os
import struct
from typing import Any

from ferricorn_worker.protocol.uvicorns import Uvicorns
from ferricorn_worker.reports.in_flight import InFlight
from ferricorn_worker.reports.stall import describe
from ferricorn_worker.talk import scoreboard
from ferricorn_worker.talk.scoreboard import Scoreboard

PROTOCOLS = Uvicorns(None, None)


class Cycle:
    """As uvicorn's: holds the scope while the application runs."""

    def __init__(self, path: str) -> None:
        self.scope = {"type": "http", "method": "GET", "path": path}

    async def run_asgi(self, app: Any) -> None:
        await app()


async def waits() -> None:
    await asyncio.sleep(3600)


def test_the_place_of_a_task_that_waits_is_told_and_of_the_one_that_runs_that_it_does() -> None:
    descriptor = os.memfd_create("board")
    os.truncate(descriptor, scoreboard.BYTES)
    os.pwrite(descriptor, struct.pack("=Q", scoreboard.MAGIC), 0)

    async def run() -> str:
        tasks: set[asyncio.Task[None]] = set()
        in_flight = InFlight(Scoreboard(descriptor, 0), PROTOCOLS, tasks)
        loop = asyncio.get_running_loop()
        told = loop.create_future()

        async def blocks() -> None:
            told.set_result(describe(in_flight, asyncio.all_tasks(), asyncio.current_task(loop)))

        tasks.add(loop.create_task(Cycle("/waits").run_asgi(waits)))
        tasks.add(loop.create_task(waits(), name="a task"))
        await asyncio.sleep(0)
        tasks.add(loop.create_task(Cycle("/blocks").run_asgi(blocks)))
        text: str = await told
        return text

    lines = asyncio.run(run()).splitlines()
    (waiting,) = (line for line in lines if "GET /waits" in line)
    assert waiting.endswith(" in sleep")
    (running,) = (line for line in lines if "GET /blocks" in line)
    assert running.endswith(" s, running now")
