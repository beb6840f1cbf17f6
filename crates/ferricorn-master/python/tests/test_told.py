"""The application hears that a drain has begun, and nothing that it does then loses requests."""

from __future__ import annotations

import select
import time

import pytest
from fake_master import Client, FakeMaster, Worker

WAIT = b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n"
LOOK = b"GET /look HTTP/1.1\r\nHost: test\r\n\r\n"
MODES = ["close", "handoff"]


def waiting(master: FakeMaster, worker: Worker, request: bytes = WAIT) -> Client:
    """A request that is answered when the application is told."""
    before = worker.out().count("waiting")
    client = master.connect()
    client.send(request)
    master.wait_for(lambda: worker.out().count("waiting") > before)
    return client


def is_drained(worker: Worker) -> None:
    """All requests are answered, in far less than the grace, and the end is in order."""
    message = worker.receive()
    assert message["type"] == "drained", message
    assert message["cut"] == 0
    assert worker.wait() == 0
    assert "lifespan shutdown" in worker.out()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", ["plain", "chained", "patched", "fails", "leaves", "interrupts", "waits", "of_loop"])
def test_a_handler_that_is_set_while_it_serves_is_called_once(loop_master: FakeMaster, way: str, mode: str) -> None:
    worker = loop_master.spawn("told:app").serve()
    setter = loop_master.connect()
    assert setter.get(f"/set/{way}").body == b"set"
    client = waiting(loop_master, worker)
    worker.drain(mode, grace=60)
    assert client.response().status == 200
    is_drained(worker)
    assert worker.out().count("told") == 1
    assert ("a mistake of the handler's" in worker.log()) == (way == "fails")


@pytest.mark.parametrize("way", ["plain", "chained", "patched", "of_loop"])
@pytest.mark.parametrize("when", ["AT_IMPORT", "AT_STARTUP"])
def test_a_handler_that_is_set_before_is_called(loop_master: FakeMaster, way: str, when: str) -> None:
    if (way, when) == ("of_loop", "AT_IMPORT"):
        pytest.skip("there is no event loop yet")
    target = "told:at_import()" if when == "AT_IMPORT" else "told:app"
    worker = loop_master.spawn(target, environment={when: way}).serve()
    client = waiting(loop_master, worker)
    worker.drain(grace=60)
    assert client.response().status == 200
    is_drained(worker)
    assert worker.out().count("told") == 1


def test_both_are_called_where_the_import_and_the_startup_set_one(one_master: FakeMaster) -> None:
    environment = {"AT_IMPORT": "plain", "AT_STARTUP": "of_loop"}
    worker = one_master.spawn("told:at_import()", environment=environment).serve()
    worker.drain()
    is_drained(worker)
    assert sorted(line for line in worker.out().splitlines() if "told" in line) == ["told of_loop", "told plain"]


@pytest.mark.parametrize("mode", MODES)
def test_the_server_behind_the_handler_says_that_it_will_exit(loop_master: FakeMaster, mode: str) -> None:
    worker = loop_master.spawn("told:app").serve()
    client = waiting(loop_master, worker, LOOK)
    assert select.select([client.socket], [], [], 0.3)[0] == []
    worker.drain(mode, grace=60)
    assert client.response().status == 200
    is_drained(worker)


def test_uvicorn_does_not_leave_before_the_drain_is_over(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("told:app").serve()
    loop_master.connect().get("/set/chained")
    client, late = waiting(loop_master, worker), waiting(loop_master, worker, b"POST /wait HTTP/1.1\r\nHost: t\r\n\r\n")
    half = loop_master.connect()
    half.send(b"GET / HTTP/1.1\r\nHost: te")
    loop_master.wait_for(lambda: worker.word(2) >= 3)
    worker.drain(grace=60)
    assert client.response().status == late.response().status == 200
    # A request that comes to its end long after uvicorn would have looked at `should_exit`.
    begun = time.monotonic()
    loop_master.wait_for(lambda: time.monotonic() - begun > 0.5)
    assert worker.process.poll() is None
    half.send(b"st\r\n\r\n")
    assert half.response().status == 200
    is_drained(worker)


def test_it_is_told_once_though_the_drain_is_hastened(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("told:app").serve()
    loop_master.connect().get("/set/plain")
    half = loop_master.connect()
    half.send(b"GET / HTTP/1.1\r\nHost: te")
    loop_master.wait_for(lambda: worker.word(2) >= 1)
    worker.drain("handoff", grace=60)
    loop_master.wait_for(lambda: "told plain" in worker.out())
    worker.drain("close", grace=0.3, quick=True)
    assert worker.receive()["type"] == "drained"
    assert worker.wait() == 0
    assert worker.out().count("told") == 1


def test_a_stop_during_the_startup_is_told_after_it(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("told:app", environment={"AT_STARTUP": "plain"})
    worker.drain()
    is_drained(worker)
    assert worker.out().count("told") == 1


def test_an_application_that_sets_should_exit_is_replaced(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("told:app").serve()
    client = loop_master.connect()
    assert client.get("/exit").status == 200
    assert worker.receive() == {"type": "asked_to_stop", "signal": "term"}
    assert client.get().status == 200
    worker.drain()
    is_drained(worker)


@pytest.mark.parametrize("mode", MODES)
def test_endless_events_of_sse_starlette_end(loop_master: FakeMaster, mode: str) -> None:
    pytest.importorskip("sse_starlette")
    worker = loop_master.spawn("told:streams()").serve()
    client = loop_master.connect()
    client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    assert b"200 OK" in client.socket.recv(1000)
    begun = time.monotonic()
    worker.drain(mode, grace=60)
    is_drained(worker)
    assert time.monotonic() - begun < 50
