"""Workers that share connections in a ring of the event loops' own servers."""

from __future__ import annotations

import importlib.metadata
import os
import select
import signal
import socket
from pathlib import Path

import pytest
from fake_master import Client, FakeMaster, Worker

UVICORN = tuple(int(part) for part in importlib.metadata.version("uvicorn").split(".")[:2])
CONNECTIONS = 2
ACCEPTED = 6


def exclusive(worker: Worker) -> int:
    """How many sockets the worker's event loop watches of which the kernel tells one worker only."""
    # A set, because each copy of the epoll set's descriptor shows all of it.
    found = set()
    for file in Path(f"/proc/{worker.process.pid}/fdinfo").iterdir():
        watched = [line.split() for line in file.read_text().splitlines() if line.startswith("tfd:")]
        found |= {fields[1] for fields in watched if int(fields[3], 16) & select.EPOLLEXCLUSIVE}
    return len(found)


def ring(master: FakeMaster, count: int = 2) -> list[Worker]:
    """So many workers that share a listening socket."""
    workers = [master.spawn(workers=count) for _ in range(count)]
    for worker in workers:
        worker.serve()
        assert exclusive(worker) == 1 + len(master.more_listeners)
    return workers


def counts(workers: list[Worker], word: int = CONNECTIONS) -> list[int]:
    return [worker.word(word) for worker in workers]


def on_path(path: str) -> Client:
    """A client of a unix socket."""
    client = Client.__new__(Client)
    client.socket = socket.socket(socket.AF_UNIX)
    client.socket.settimeout(60)
    client.socket.connect(path)
    client._buffer = b""
    return client


def test_one_worker_alone_needs_no_ring(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn().serve()
    assert exclusive(worker) == 0
    assert loop_master.connect().get().status == 200


def test_kept_connections_come_to_all_by_turns(master: FakeMaster) -> None:
    workers = ring(master)
    clients = []
    for _ in range(20):
        clients.append(master.connect())
        assert clients[-1].get().status == 200
    assert sorted(counts(workers))[0] >= 8, counts(workers)


def test_short_connections_are_all_answered_and_all_forgotten(master: FakeMaster) -> None:
    workers = ring(master, 3)
    for _ in range(20):
        clients = [master.connect() for _ in range(10)]
        for client in clients:
            assert client.get("/", "Connection: close").status == 200
            client.close()
    assert sum(counts(workers, ACCEPTED)) == 200
    master.wait_for(lambda: counts(workers) == [0, 0, 0])
    assert all("Traceback" not in worker.log() for worker in workers)


def test_a_connection_of_which_only_a_stopped_worker_has_heard_is_taken_by_its_sibling(loop_master: FakeMaster) -> None:
    workers = ring(loop_master)
    stopped, other = workers
    os.kill(stopped.process.pid, signal.SIGSTOP)
    for _ in range(10):
        assert loop_master.connect().get().body == str(other.process.pid).encode()
    os.kill(stopped.process.pid, signal.SIGCONT)


def test_a_worker_that_is_killed_leaves_what_it_has_not_accepted(loop_master: FakeMaster) -> None:
    workers = ring(loop_master)
    os.kill(workers[0].process.pid, signal.SIGSTOP)
    clients = [loop_master.connect() for _ in range(10)]
    for client in clients:
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    workers[0].process.kill()
    assert [client.response().status for client in clients] == [200] * 10


def test_several_sockets_of_both_kinds_are_shared(loop_master: FakeMaster) -> None:
    path = str(loop_master.folder / "web.sock")
    local = socket.socket(socket.AF_UNIX)
    local.bind(path)
    local.listen()
    second = socket.create_server(("127.0.0.1", 0))
    loop_master.more_listeners += [local, second]
    workers = ring(loop_master)
    clients: list[Client] = []
    for _ in range(10):
        clients += [on_path(path), Client(second.getsockname()), loop_master.connect()]
        assert [client.get().status for client in clients[-3:]] == [200] * 3
    assert sum(counts(workers)) == 30
    assert min(counts(workers)) >= 10, counts(workers)


@pytest.mark.skipif(UVICORN < (0, 36), reason="a protocol of one's own came with uvicorn 0.36")
def test_a_worker_that_knows_no_ring_has_its_part(loop_master: FakeMaster) -> None:
    # As one that was started before an upgrade, or whose protocol is not known.
    workers = [loop_master.spawn(workers=2, options={"http": "apps:OtherProtocol"}).serve()]
    assert exclusive(workers[0]) == 0
    workers.append(loop_master.spawn(workers=2).serve())
    assert exclusive(workers[1]) == 1
    clients = [loop_master.connect() for _ in range(20)]
    assert [client.get().status for client in clients] == [200] * 20
    assert min(counts(workers)) >= 6, counts(workers)
    workers[1].drain("handoff")
    assert workers[1].receive()["type"] == "drained"
    assert [client.get().body for client in clients] == [str(workers[0].process.pid).encode()] * 20


def test_a_draining_worker_leaves_the_ring(master: FakeMaster) -> None:
    workers = ring(master)
    clients = [master.connect() for _ in range(10)]
    assert [client.get().status for client in clients] == [200] * 10
    workers[0].drain("handoff")
    assert workers[0].receive()["type"] == "drained"
    clients += [master.connect() for _ in range(10)]
    assert [client.get().body for client in clients] == [str(workers[1].process.pid).encode()] * 20


def test_the_limit_holds_in_the_ring(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn(workers=2, worker_connections=3).serve()
    assert exclusive(worker) == 1
    clients = [loop_master.connect() for _ in range(3)]
    assert [client.get().status for client in clients] == [200] * 3
    loop_master.wait_for(lambda: worker.word(0) == 3)
    assert exclusive(worker) == 0, "it hears of nothing"
    waiting = loop_master.connect()
    waiting.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    for _ in range(3):
        beat = worker.word(1)
        loop_master.wait_for(lambda beat=beat: worker.word(1) != beat)
    assert worker.word(CONNECTIONS) == 3
    clients[0].close()
    assert waiting.response().status == 200
