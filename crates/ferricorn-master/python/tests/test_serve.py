"""Ready, serve, answer, drain, exit."""

from __future__ import annotations

import importlib.metadata
import os
import platform

import pytest
from fake_master import FakeMaster

UVICORN = tuple(int(part) for part in importlib.metadata.version("uvicorn").split(".")[:2])


def test_a_worker_serves_and_drains(master: FakeMaster) -> None:
    worker = master.spawn()
    worker.serve()
    client = master.connect()
    for _ in range(3):
        assert client.get().body == str(worker.process.pid).encode()
    master.wait_for(lambda: worker.word(3) == 3)
    assert worker.word(2) == 1
    client.close()
    worker.drain()
    assert worker.receive() == {"type": "drained", "handed_over": 0, "cut": 0}
    assert worker.wait() == 0
    log = worker.log()
    assert f"Booting worker with pid: {worker.process.pid}" in log
    assert f"Worker exiting (pid: {worker.process.pid})" in log
    assert "Application startup complete." in log
    assert "lifespan shutdown" in worker.out()
    assert "Traceback" not in log


def test_a_worker_tells_what_runs_in_it(master: FakeMaster) -> None:
    worker = master.spawn().serve()
    versions = {"python": platform.python_version(), "uvicorn": importlib.metadata.version("uvicorn")}
    assert worker.runs == {"type": "runs", **versions, "loop": master.loop, "http": master.http}


@pytest.mark.skipif(UVICORN < (0, 36), reason="a protocol of one's own came with uvicorn 0.36")
def test_a_protocol_of_the_users_is_told_by_module_and_class(one_master: FakeMaster) -> None:
    worker = one_master.spawn("tells:app", options={"http": "apps:OtherProtocol"}).serve()
    assert worker.runs["http"] == "apps:OtherProtocol"


def test_a_worker_has_no_listening_socket_until_it_is_told_to_serve(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn()
    assert worker.receive() == {"type": "ready"}
    assert not listens(worker.process.pid)
    worker.order_to_serve()
    loop_master.wait_for(lambda: listens(worker.process.pid))
    client = loop_master.connect()
    assert client.get().status == 200
    client.close()
    worker.drain("handoff")
    assert worker.receive()["type"] == "drained"
    loop_master.wait_for(lambda: not listens(worker.process.pid))


def test_a_worker_that_gets_too_few_listening_sockets_says_so_and_ends(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn()
    assert worker.receive() == {"type": "ready"}
    worker.send({"type": "serve", "listeners": 2})
    failure = worker.receive()
    assert (failure["type"], failure["stage"]) == ("boot_failed", "bind")
    assert "only 0 of 2 listening sockets" in failure["text"]
    assert worker.receive()["type"] == "drained"


def listens(pid: int) -> bool:
    """Whether a process has a TCP socket that listens."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table]
    listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    folder = f"/proc/{pid}/fd"
    try:
        return any(os.readlink(f"{folder}/{number}") in listening for number in os.listdir(folder))
    except FileNotFoundError:
        return False


def test_a_slow_startup_can_ask_for_time(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("apps:asks_for_time")
    assert worker.receive() == {"type": "extend", "milliseconds": 2500}
    worker.serve()
