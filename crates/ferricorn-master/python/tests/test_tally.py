"""What a worker counts about requests, on every protocol, read as the master reads it."""

from __future__ import annotations

import os
import signal
import time

import pytest
from fake_master import FakeMaster, Worker

from ferricorn_worker.talk import tally

PLAIN = tally.HISTOGRAMS + tally.HISTOGRAM_WORDS
STREAMED = tally.HISTOGRAMS + 6 * tally.HISTOGRAM_WORDS
FIRST_BYTES = tally.HISTOGRAMS + tally.FIRST_BYTE * tally.HISTOGRAM_WORDS

TICK = 0.001
"""Seconds that a sleep may end early: uvloop's timers count whole milliseconds."""


def cells(worker: Worker, histogram: int) -> int:
    """How many requests a histogram has."""
    return sum(worker.counted(histogram + 1 + cell) for cell in range(tally.CELLS))


def wait_for_codes(master: FakeMaster, worker: Worker, expected: dict[int, int]) -> None:
    """Waits until exactly this was counted."""
    try:
        master.wait_for(lambda: worker.codes() == expected, 20)
    except AssertionError:
        raise AssertionError(f"counted {worker.codes()} instead of {expected}\n{worker.log()}") from None


def head(path: str, *headers: str, method: str = "GET") -> bytes:
    """A request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: h", *headers, "", ""]).encode()


def test_every_kind_of_answer_is_counted_once_by_its_code(master: FakeMaster) -> None:
    worker = master.spawn("counted:app").serve()
    client = master.connect()
    for path, times in [("/", 3), ("/status/404", 2), ("/status/204", 1), ("/status/304", 1), ("/status/418", 1)]:
        for _ in range(times):
            client.get(path)
    client.send(head("/", method="HEAD"))
    assert client.socket.recv(4096).startswith(b"HTTP/1.1 200")
    assert client.get("/fail").status == 500
    closing = master.connect()
    assert closing.get("/close").status == 200
    broken = master.connect()
    broken.send(b"no request at all\r\n\r\n")
    assert b" 400 " in broken.socket.recv(4096)
    expected = {200: 5, 404: 2, 204: 1, 304: 1, 418: 1, 500: 1, 400: 1}
    wait_for_codes(master, worker, expected)
    assert cells(worker, PLAIN) == 6
    assert worker.counted(tally.ABORTED_BY_CLIENT) == worker.counted(tally.ABORTED_BY_WORKER) == 0
    for connection in (client, closing, broken):
        connection.close()
    worker.drain()
    assert worker.receive()["type"] == "drained"
    assert worker.wait() == 0
    # The end of connections and of the worker adds nothing.
    assert worker.codes() == expected


def test_pipelined_requests_are_counted_one_by_one(master: FakeMaster) -> None:
    worker = master.spawn("counted:app").serve()
    client = master.connect()
    client.send(head("/status/201") + head("/status/404") + head("/stream/0.01") + head("/status/202"))
    wait_for_codes(master, worker, {201: 1, 404: 1, 200: 1, 202: 1})
    client.close()


def test_an_answer_is_counted_after_100_continue_by_its_own_code(master: FakeMaster) -> None:
    worker = master.spawn("counted:app").serve()
    client = master.connect()
    client.send(head("/body", "expect: 100-continue", "content-length: 2", method="POST"))
    assert client.socket.recv(4096).startswith(b"HTTP/1.1 100")
    client.send(b"ab")
    wait_for_codes(master, worker, {200: 1})
    client.close()


def test_an_answer_at_the_limit_of_concurrency_is_counted(master: FakeMaster) -> None:
    worker = master.spawn("counted:app", options={"limit_concurrency": 2}).serve()
    first = master.connect()
    assert first.get("/").status == 200
    second = master.connect()
    assert second.get("/status/404").status == 503
    wait_for_codes(master, worker, {200: 1, 503: 1})
    first.close()
    second.close()


@pytest.mark.parametrize("how", ["exit", "fail", "answer"])
def test_a_forked_child_counts_nothing(master: FakeMaster, how: str) -> None:
    worker = master.spawn("counted:app").serve()
    client = master.connect()
    assert client.get(f"/fork/{how}").status == 200
    assert client.get("/status/201").status == 201
    wait_for_codes(master, worker, {200: 1, 201: 1})
    assert cells(worker, PLAIN) == 2
    assert worker.counted(tally.ABORTED_BY_CLIENT) == worker.counted(tally.ABORTED_BY_WORKER) == 0
    client.close()


def test_times_are_those_of_the_client(master: FakeMaster) -> None:
    worker = master.spawn("counted:app").serve()
    client = master.connect()
    took = 0.0
    for _ in range(4):
        begun = time.monotonic()
        client.get("/sleep/0.1")
        took += time.monotonic() - begun
    wait_for_codes(master, worker, {200: 4})
    counted = worker.seconds(PLAIN)
    # What the client waits for more is the way, and the machine.
    assert 0.4 - 4 * TICK <= counted <= took * 1.1
    client.close()


def test_a_streamed_answer_has_a_first_byte_before_its_end(master: FakeMaster) -> None:
    worker = master.spawn("counted:app").serve()
    client = master.connect()
    client.get("/stream/0.2")
    wait_for_codes(master, worker, {200: 1})
    assert (cells(worker, PLAIN), cells(worker, STREAMED), cells(worker, FIRST_BYTES)) == (0, 1, 1)
    whole, first = worker.seconds(STREAMED), worker.seconds(FIRST_BYTES)
    assert whole >= 0.8 - 4 * TICK
    assert first <= whole - 0.75
    client.get("/")
    master.wait_for(lambda: cells(worker, PLAIN) == 1)
    client.close()


def test_a_lost_connection_is_counted_with_who_closed_it(master: FakeMaster) -> None:
    worker = master.spawn("counted:app").serve()
    for path in ("/sleep/30", "/half/30"):
        client = master.connect()
        client.send(head(path))
        master.wait_for(lambda: worker.word(4) == 1)
        if "half" in path:
            assert client.socket.recv(4096).startswith(b"HTTP/1.1 200")
        client.close()
        master.wait_for(lambda: worker.word(4) == 0 or worker.counted(tally.ABORTED_BY_CLIENT) > 0)
    master.wait_for(lambda: worker.counted(tally.ABORTED_BY_CLIENT) == 2)
    wait_for_codes(master, worker, {499: 1, 200: 1})
    client = master.connect()
    client.send(head("/half"))
    master.wait_for(lambda: worker.counted(tally.ABORTED_BY_WORKER) == 1)
    wait_for_codes(master, worker, {499: 1, 200: 2})
    client.close()


def test_half_a_request_and_silence_are_no_requests(master: FakeMaster) -> None:
    worker = master.spawn("counted:app").serve()
    client = master.connect()
    client.get("/")
    client.send(b"GET / HTTP/1.1\r\nhost:")
    silent = master.connect()
    master.wait_for(lambda: worker.word(2) == 2)
    client.close()
    silent.close()
    master.wait_for(lambda: worker.word(2) == 0)
    wait_for_codes(master, worker, {200: 1})
    assert worker.counted(tally.ABORTED_BY_CLIENT) == 0


def test_what_was_answered_is_counted_when_the_worker_is_killed(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("counted:app").serve()
    client = loop_master.connect()
    for _ in range(50):
        client.get("/status/201")
    time_to_store = time.monotonic() + 0.05
    loop_master.wait_for(lambda: time.monotonic() > time_to_store)
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.wait()
    assert worker.codes() == {201: 50}
    client.close()


@pytest.mark.parametrize("library", ["websockets", "wsproto"])
def test_websockets_are_counted_by_the_answer_to_their_handshake(loop_master: FakeMaster, library: str) -> None:
    pytest.importorskip(library)
    worker = loop_master.spawn("counted:app", options={"ws": library}).serve()
    offer = ("connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13")
    key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
    clients = []
    for path in ("/accept", "/refuse", "/nothing"):
        clients.append(loop_master.connect())
        clients[-1].get("/") if path == "/accept" else None
        clients[-1].send(head(path, *offer, key))
        assert clients[-1].socket.recv(4096).startswith(b"HTTP/1.1 ")

    def handshakes() -> dict[int, int]:
        counts = [worker.counted(tally.HANDSHAKES + place) for place in range(len(tally.HANDSHAKE_CODES))]
        return {code: count for code, count in zip(tally.HANDSHAKE_CODES, counts, strict=True) if count}

    loop_master.wait_for(lambda: handshakes() == {101: 1, 403: 1, 500: 1})
    assert worker.counted(tally.WEBSOCKETS_OPEN) == 1
    for client in clients:
        client.close()
    loop_master.wait_for(lambda: worker.counted(tally.WEBSOCKETS_OPEN) == 0)
    wait_for_codes(loop_master, worker, {200: 1})


def test_the_lag_of_the_event_loop_and_the_processor_are_noted(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("counted:app").serve()
    ticks = range(tally.LAG_CELLS, tally.LAG_CELLS + len(tally.LAG_BOUNDS) + 1)
    loop_master.wait_for(lambda: sum(worker.counted(word) for word in ticks) > 5)
    assert worker.seconds(tally.CPU_USER) > 0
    assert worker.counted(tally.ACCEPTED) == worker.word(6)
