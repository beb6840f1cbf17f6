"""The spread over workers, and the connection limit."""

from __future__ import annotations

import os
import time

from fake_master import HEADER_WORDS, ROW_WORDS, FakeMaster

from ferricorn_worker.talk import scoreboard
from ferricorn_worker.talk.scoreboard import Scoreboard


def test_connections_spread_evenly(loop_master: FakeMaster) -> None:
    workers = [loop_master.spawn(workers=2) for _ in range(2)]
    for worker in workers:
        worker.serve()
    most = []
    for _ in range(10):
        clients = [loop_master.connect() for _ in range(20)]
        for client in clients:
            client.get()
        counts = [worker.word(2) for worker in workers]
        assert sum(counts) == 20
        most.append(max(counts))
        for client in clients:
            client.close()
        loop_master.wait_for(lambda: sum(worker.word(2) for worker in workers) == 0)
    # On a busy machine a worker may get no processor in a whole try, and its sibling rightly takes every connection.
    assert sorted(most)[2] <= 14, most


def test_a_blocked_sibling_costs_nothing(loop_master: FakeMaster) -> None:
    workers = [loop_master.spawn(workers=2).serve() for _ in range(2)]
    loop_master.connect().send(b"GET /block HTTP/1.1\r\nHost: test\r\n\r\n")
    loop_master.wait_for(lambda: any("blocking" in worker.out() for worker in workers))
    begun = time.monotonic()
    for _ in range(20):
        assert loop_master.connect().get().status == 200
    assert time.monotonic() - begun < 50


def test_a_sibling_may_be_as_late_as_the_machine_makes_this_worker(one_master: FakeMaster) -> None:
    one_master.board[1] = 2
    board = Scoreboard(os.dup(one_master.scoreboard), 0)
    sibling = HEADER_WORDS + ROW_WORDS
    one_master.board[sibling] = scoreboard.ACCEPTING

    def lead_of_one(silence: float) -> int:
        one_master.board[sibling + scoreboard.HEARTBEAT] = time.monotonic_ns() - int(silence * 1e9)
        return board.lead(1)

    board.was_late(0)
    assert lead_of_one(0.0) == 1
    assert lead_of_one(0.3) == 0, "it is blocked"
    board.was_late(60_000_000)
    assert lead_of_one(0.3) == 1, "the machine is late"
    board.was_late(3_000_000_000)
    assert lead_of_one(1.2) == 0, "it is blocked, however late this worker was"
    for _ in range(200):
        board.was_late(0)
    assert lead_of_one(0.3) == 0, "what is long ago is forgotten"


def test_the_connection_limit_is_back_pressure(master: FakeMaster) -> None:
    worker = master.spawn(worker_connections=2).serve()
    first, second, third = (master.connect() for _ in range(3))
    first.get()
    second.get()
    third.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    master.wait_for(lambda: worker.word(0) == 3)
    assert worker.word(2) == 2
    first.close()
    assert third.response().status == 200
    assert worker.word(2) == 2


def test_a_shortage_of_descriptors_is_survived(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("apps:few_descriptors", workers=2).serve()
    clients = [loop_master.connect() for _ in range(60)]
    loop_master.wait_for(lambda: "Accepting is paused" in worker.log())
    assert worker.log().count("Accepting is paused") == 1
    for client in clients[:55]:
        client.close()
    assert loop_master.connect().get().status == 200


def test_keep_alive_is_not_slow(master: FakeMaster) -> None:
    master.spawn(workers=2).serve()
    client = master.connect()
    times = []
    for _ in range(20):
        begun = time.monotonic()
        client.get()
        times.append(time.monotonic() - begun)
    # With Nagle's algorithm each of them waits for a delayed acknowledgement, 40 ms.
    assert sorted(times)[4] < 0.02, times
