"""A drain loses no request, and ends in time."""

from __future__ import annotations

import functools
import selectors
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from fake_master import LIMIT, Client, FakeMaster, Worker

from ferricorn_worker.connections.connections import ConnectionSet
from ferricorn_worker.connections.drain import Drain
from ferricorn_worker.protocol.uvicorns import Uvicorns


def test_idle_connections_end_soon_after_a_stop(master: FakeMaster) -> None:
    worker = master.spawn().serve()
    silent, used = master.connect(), master.connect()
    used.get()
    begun = time.monotonic()
    worker.drain()
    assert worker.receive() == {"type": "drained", "handed_over": 0, "cut": 0}
    assert worker.wait() == 0
    assert time.monotonic() - begun < LIMIT
    assert silent.is_closed()
    assert used.is_closed()


def test_a_request_during_the_stop_is_answered_and_told_to_close(master: FakeMaster) -> None:
    worker = master.spawn().serve()
    busy, idle, half = master.connect(), master.connect(), master.connect()
    idle.get()
    busy.send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    half.send(b"POST /body HTTP/1.1\r\nHost: test\r\nContent-Le")
    master.wait_for(lambda: "waiting" in worker.out() and worker.word(2) == 3)
    worker.drain()
    master.wait_for(lambda: worker.word(0) == 4)
    answer = idle.get()
    assert answer.status == 200
    assert answer.headers["connection"] == "close"
    half.send(b"ngth: 5\r\n\r\nhel")
    (master.folder / "go").touch()
    answer = busy.response()
    assert answer.status == 200
    assert answer.headers["connection"] == "close"
    half.send(b"lo")
    answer = half.response()
    assert answer.body == b"hello"
    assert answer.headers["connection"] == "close"
    assert worker.receive()["cut"] == 0
    assert worker.wait() == 0


def test_a_stop_empties_the_accept_queue(master: FakeMaster) -> None:
    worker = master.spawn(worker_connections=1).serve()
    first = master.connect()
    first.get()
    queued = [master.connect() for _ in range(5)]
    for client in queued:
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    worker.drain()
    for client in queued:
        assert client.response().status == 200
    assert worker.wait() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_right_after_the_order_to_serve_answers_who_waits(loop_master: FakeMaster, workers: int) -> None:
    worker = loop_master.spawn(workers=workers)
    assert worker.receive() == {"type": "ready"}
    waiting = [loop_master.connect() for _ in range(5)]
    for client in waiting:
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    # Both are there before it reads either.
    worker.process.send_signal(signal.SIGSTOP)
    worker.order_to_serve()
    worker.drain()
    worker.process.send_signal(signal.SIGCONT)
    for client in waiting:
        assert client.response().status == 200
    assert worker.wait() == 0


@pytest.mark.parametrize("mode", ["close", "handoff"])
def test_what_the_event_loops_own_server_has_just_accepted_is_answered(loop_master: FakeMaster, mode: str) -> None:
    if mode == "handoff":
        loop_master.spawn().serve()
    for _ in range(10):
        worker = loop_master.spawn().serve()
        worker.process.send_signal(signal.SIGSTOP)
        clients = [loop_master.connect() for _ in range(5)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        # It finds both at once: clients in the queue, and the order to take no more.
        worker.drain(mode)
        worker.process.send_signal(signal.SIGCONT)
        for client in clients:
            assert client.response().status == 200
            client.close()
        assert worker.wait() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_who_finishes_a_handshake_during_the_stop_of_a_busy_service_is_answered(
    loop_master: FakeMaster, workers: int
) -> None:
    # On a busy machine a client may come too late, and then waits for the master; so a few may try.
    for _ in range(10):
        worker = loop_master.spawn(workers=workers).serve()
        before = loop_master.connect()
        before.get()
        worker.drain(grace=60)
        loop_master.wait_for(functools.partial(is_draining, worker))
        # It comes when the queues were emptied already.
        late = loop_master.connect()
        late.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert worker.wait() == 0
        late.socket.settimeout(0.2)
        try:
            assert late.response().status == 200
        except TimeoutError:
            loop_master.listener.accept()[0].close()
        else:
            return
    pytest.fail("nobody who came late was answered")


def test_who_has_just_connected_is_given_more_time_to_ask_than_who_was_answered(loop_master: FakeMaster) -> None:
    # On a busy machine the pause may become longer than what is granted, so a few may try.
    for _ in range(10):
        worker = loop_master.spawn().serve()
        client, other = loop_master.connect(), loop_master.connect()
        other.get()
        loop_master.wait_for(lambda worker=worker: worker.word(2) == 2)
        worker.drain(grace=60)
        assert other.is_closed()
        # Only now: by then a connection that was answered has had its time.
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        try:
            assert client.response().status == 200
        except ConnectionError:
            continue
        finally:
            assert worker.wait() == 0
        return
    pytest.fail("nobody was given the time")


def is_draining(worker: Worker) -> bool:
    """Whether it has begun to drain."""
    return worker.word(0) == 4


def test_a_stop_without_descriptors_answers_who_waits_as_soon_as_there_are_some(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("apps:few_descriptors", workers=2).serve()
    worker.process.send_signal(signal.SIGSTOP)
    waiting = [loop_master.connect() for _ in range(80)]
    for client in waiting:
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    worker.drain(grace=60)
    worker.process.send_signal(signal.SIGCONT)
    for client in waiting:
        assert client.response().status == 200
    assert worker.wait() == 0
    assert "Accepting is paused" in worker.log()


def test_the_grace_bounds_a_drain(master: FakeMaster) -> None:
    worker = master.spawn().serve()
    client = master.connect()
    client.send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    master.wait_for(lambda: "waiting" in worker.out())
    begun = time.monotonic()
    worker.drain(grace=60.0)
    master.wait_for(lambda: worker.word(0) == 4)
    worker.drain(grace=0.3)
    assert worker.receive() == {"type": "drained", "handed_over": 0, "cut": 1}
    assert worker.wait() == 0
    assert time.monotonic() - begun < 50
    log = worker.log()
    assert "Graceful timeout is over: 1 request cut (`/wait`)" in log
    assert "Traceback" not in log
    assert "lifespan shutdown" in worker.out()


@pytest.mark.parametrize("first", [None, 60.0])
def test_a_quick_stop_is_told_as_what_cut_a_request(one_master: FakeMaster, first: float | None) -> None:
    worker = one_master.spawn().serve()
    client = one_master.connect()
    client.send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    one_master.wait_for(lambda: "waiting" in worker.out())
    if first is not None:
        worker.drain(grace=first)
    worker.drain(grace=0.3, quick=True)
    # Too late to be what cuts it.
    worker.drain(grace=60.0)
    assert worker.receive()["cut"] == 1
    assert worker.wait() == 0
    assert "Quick stop: 1 request cut (`/wait`)" in worker.log()
    assert "Graceful timeout" not in worker.log()


def test_a_client_that_does_not_read_its_cut_answer_holds_nobody(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("apps:flood").serve()
    client = loop_master.connect()
    client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    loop_master.wait_for(lambda: "full" in worker.out())
    worker.drain(grace=0.2)
    assert worker.receive() == {"type": "drained", "handed_over": 0, "cut": 1}
    assert worker.wait() == 0
    assert "lifespan shutdown" in worker.out()
    log = worker.log()
    assert "1 request cut (`/`)" in log
    assert "Waiting for connections to close" not in log
    assert "ERROR" not in log


@pytest.mark.parametrize("app", ["in_thread", "in_own_thread"])
def test_a_thread_that_hangs_does_not_hold_the_worker(loop_master: FakeMaster, app: str) -> None:
    worker = loop_master.spawn(f"apps:{app}").serve()
    client = loop_master.connect()
    client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    loop_master.wait_for(lambda: "sleeping" in worker.out())
    begun = time.monotonic()
    worker.drain(grace=0.2)
    assert worker.receive()["cut"] == 1
    assert worker.wait() == 0
    assert time.monotonic() - begun < 50
    assert "lifespan shutdown" in worker.out()
    assert worker.log().count("Worker exiting") == 1


def test_an_interpreter_that_takes_its_time_to_go_is_no_death(one_master: FakeMaster) -> None:
    worker = one_master.spawn("slow_to_go:app").serve()
    one_master.connect().send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    one_master.wait_for(lambda: "waiting" in worker.out())
    worker.drain(grace=0.2)
    assert worker.receive()["cut"] == 1
    assert worker.wait() == 0


def test_tls_connections_are_told_to_close(master: FakeMaster) -> None:
    make_certificate(master.folder)
    options = {"ssl_keyfile": "key.pem", "ssl_certfile": "cert.pem"}
    old = master.spawn(workers=2, options=options).serve()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client = master.connect()
    client.socket = context.wrap_socket(client.socket)
    assert "connection" not in client.get().headers
    master.spawn(workers=2, options=options).serve()
    old.drain("handoff")
    master.wait_for(lambda: old.word(0) == 4)
    answer = client.get()
    assert answer.body == str(old.process.pid).encode()
    assert answer.headers["connection"] == "close"
    assert old.receive() == {"type": "drained", "handed_over": 0, "cut": 0}
    assert old.wait() == 0


def make_certificate(folder: Path) -> None:
    """A self-signed certificate, if the machine can make one."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl to make a certificate with")
    arguments = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=test"
    subprocess.run([program, *arguments.split()], cwd=folder, check=True, capture_output=True)


def test_websockets_get_1012(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn(count_websockets=True).serve()
    client = loop_master.connect()
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    answer = client.get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key)
    assert answer.status == 101
    loop_master.wait_for(lambda: worker.word(3) == 1)
    worker.drain()
    frame = client.socket.recv(64)
    assert frame[0] == 0x88
    assert int.from_bytes(frame[2:4], "big") == 1012
    assert worker.receive()["cut"] == 0
    assert worker.wait() == 0
    assert "websocket code 1012" in worker.out()


class FakeWebSocket:
    """A WebSocket as the drain sees it."""

    def __init__(self) -> None:
        self.ended = False
        self.handshake_complete = True

    def shutdown(self) -> None:
        """The end, once."""
        assert not self.ended
        self.ended = True


@pytest.mark.parametrize(
    ("count", "grace", "window"), [(1, 10.0, 0.01), (20, 10.0, 0.2), (500, 10.0, 1.0), (20, 0.4, 0.1)]
)
def test_the_ends_of_websockets_are_spread(count: int, grace: float, window: float) -> None:
    nothing: Any = SimpleNamespace(is_over=lambda: True)
    protocols = Uvicorns(nothing, nothing)
    connections = ConnectionSet(protocols)
    sockets = [FakeWebSocket() for _ in range(count)]
    slow = FakeWebSocket()
    slow.handshake_complete = False
    for it in (*sockets, slow):
        connections.add(it)
    drain = Drain(protocols, connections, set(), 5.0, nothing, nothing, nothing)
    drain._grace = grace
    drain._begun = 100.0

    def ended(now: float) -> int:
        drain._pass(now)
        return sum(socket.ended for socket in sockets)

    assert ended(100.0) == 1
    half = ended(100.0 + window / 2)
    assert 1 + count // 2 - half in (0, 1)
    assert ended(100.0 + window) == count
    assert not slow.ended
    slow.handshake_complete = True
    assert ended(100.0 + window) == count
    assert slow.ended


def pipelined(*paths: str) -> bytes:
    """Requests that are sent at once."""
    return "".join(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n" for path in paths).encode()


@pytest.mark.parametrize("mode", ["close", "handoff"])
def test_pipelined_requests_are_all_answered(master: FakeMaster, mode: str) -> None:
    worker = master.spawn(workers=2).serve()
    client = master.connect()
    client.send(pipelined("/wait", "/a", "/b"))
    master.wait_for(lambda: "waiting" in worker.out())
    worker.drain(mode)
    master.wait_for(lambda: worker.word(0) == 4)
    (master.folder / "go").touch()
    answers = [client.response() for _ in range(3)]
    pid = str(worker.process.pid).encode()
    assert [answer.body for answer in answers] == [pid] * 3
    last = "close" if mode == "close" else None
    assert [answer.headers.get("connection") for answer in answers] == [None, None, last]
    message = worker.receive()
    assert (message["cut"], message["handed_over"]) == (0, int(mode == "handoff"))
    assert worker.wait() == 0


def test_requests_pipelined_on_a_new_connection_are_all_answered_before_an_announced_stop(master: FakeMaster) -> None:
    worker = master.spawn().serve()
    worker.send({"type": "announce_close"})
    worker.send({"type": "from_the_future"})
    master.wait_for(lambda: "from_the_future" in worker.log())
    client = master.connect()
    client.send(pipelined("/a", "/b", "/c"))
    answers = [client.response() for _ in range(3)]
    assert [answer.headers.get("connection") for answer in answers] == [None, None, "close"]
    assert client.is_closed()


def test_a_hundred_idle_connections_move_at_once(master: FakeMaster) -> None:
    old = master.spawn(workers=2).serve()
    clients = [master.connect() for _ in range(100)]
    for client in clients:
        client.get()
    new = master.spawn(workers=2).serve()
    old.drain("handoff")
    assert old.receive() == {"type": "drained", "handed_over": 100, "cut": 0}
    pid = str(new.process.pid).encode()
    assert all(client.get().body == pid for client in clients)


def test_what_the_queue_does_not_hold_moves_when_a_sibling_has_made_room(master: FakeMaster) -> None:
    master.queue[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    old = master.spawn(workers=2).serve()
    clients = [master.connect() for _ in range(30)]
    for client in clients:
        client.get()
    old.drain("handoff")
    master.wait_for(lambda: old.word(7) > 0)
    new = master.spawn(workers=2)
    assert old.word(7) < 30, "the test needs a smaller queue"
    new.serve()
    assert old.receive() == {"type": "drained", "handed_over": 30, "cut": 0}
    pid = str(new.process.pid).encode()
    assert all(client.get().body == pid for client in clients)


def test_what_is_handed_over_does_not_pass_the_limit_of_a_sibling(master: FakeMaster) -> None:
    old = master.spawn(workers=2, worker_connections=50).serve()
    clients = [master.connect() for _ in range(48)]
    for client in clients:
        client.get()
    new = master.spawn(workers=2, worker_connections=5).serve()
    old.drain("handoff")
    assert old.receive() == {"type": "drained", "handed_over": 48, "cut": 0}
    # While one is opened it counts twice, for a moment.
    master.wait_for(lambda: (new.word(0), new.word(2)) == (3, 5))
    answer_and_close(clients, new)
    assert new.word(8) == 48


def test_what_a_sibling_has_no_descriptors_for_waits_in_the_queue(loop_master: FakeMaster) -> None:
    old = loop_master.spawn(workers=2).serve()
    clients = [loop_master.connect() for _ in range(140)]
    for client in clients:
        client.get()
    new = loop_master.spawn("apps:few_descriptors", workers=2).serve()
    old.drain("handoff")
    assert old.receive() == {"type": "drained", "handed_over": 140, "cut": 0}
    loop_master.wait_for(lambda: "Accepting is paused" in new.log())
    assert new.word(2) < 140
    answer_and_close(clients, new)


def answer_and_close(clients: list[Client], worker: Worker) -> None:
    """Asks on all at once; each gets this worker's answer, in what order ever, and makes room for another."""
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            selector.register(client.socket, selectors.EVENT_READ, client)
        left = len(clients)
        while left > 0:
            ready = selector.select(LIMIT)
            assert ready, f"{left} clients wait for ever"
            for key, _ in ready:
                assert key.data.response().body == str(worker.process.pid).encode()
                selector.unregister(key.fileobj)
                key.data.close()
                left -= 1


class Sender:
    """Sends requests on one connection without a pause, and keeps what came back."""

    def __init__(self, client: Client) -> None:
        self.pids: list[bytes] = []
        self.error: Exception | None = None
        self.told_to_close = False
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                answer = self._client.get()
                self.pids.append(answer.body)
                if answer.headers.get("connection") == "close":
                    self.told_to_close = True
                    return
        except Exception as error:
            self.error = error

    def stop(self) -> None:
        """Stops after the present request."""
        self._stop.set()
        self.join()

    def join(self) -> None:
        """Waits until it has ended."""
        self._thread.join()


def test_handoff_under_load_is_not_noticed(master: FakeMaster) -> None:
    old = master.spawn(workers=2).serve()
    senders = [Sender(master.connect()) for _ in range(4)]
    idle = [master.connect() for _ in range(10)]
    for client in idle:
        client.get()
    for _ in range(3):
        new = master.spawn(workers=2).serve()
        pid = str(new.process.pid).encode()
        old.drain("handoff")
        message = old.receive()
        assert message["cut"] == 0
        assert message["handed_over"] >= 14
        assert old.wait() == 0
        master.wait_for(lambda expected=pid: all(sender.pids[-1] == expected or sender.error for sender in senders))
        for client in idle:
            assert client.get().body == pid
        assert new.word(8) >= 14
        old = new
    for sender in senders:
        sender.stop()
        assert sender.error is None
        assert not sender.told_to_close
        assert len(sender.pids) > 10


def test_a_stop_under_load_answers_every_request(master: FakeMaster) -> None:
    worker = master.spawn(workers=2).serve()
    senders = [Sender(master.connect()) for _ in range(6)]
    master.wait_for(lambda: all(sender.pids for sender in senders))
    worker.drain()
    for sender in senders:
        sender.join()
        assert sender.error is None
        assert sender.told_to_close
    assert worker.receive() == {"type": "drained", "handed_over": 0, "cut": 0}
    assert worker.wait() == 0


def test_a_stop_that_is_near_is_announced(master: FakeMaster) -> None:
    worker = master.spawn().serve()
    client = master.connect()
    assert "connection" not in client.get().headers
    worker.send({"type": "announce_close"})
    worker.send({"type": "from_the_future"})
    master.wait_for(lambda: "from_the_future" in worker.log())
    assert client.get().headers["connection"] == "close"
    assert client.is_closed()
    assert master.connect().get().headers["connection"] == "close"
    assert worker.word(0) == 2


def test_a_busy_connection_moves_when_it_is_idle(master: FakeMaster) -> None:
    old = master.spawn(workers=2).serve()
    client = master.connect()
    client.send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    master.wait_for(lambda: "waiting" in old.out())
    new = master.spawn(workers=2).serve()
    old.drain("handoff")
    master.wait_for(lambda: old.word(0) == 4)
    (master.folder / "go").touch()
    answer = client.response()
    assert answer.body == str(old.process.pid).encode()
    assert "connection" not in answer.headers
    master.wait_for(lambda: old.word(7) == 1)
    assert client.get().body == str(new.process.pid).encode()
    assert old.receive() == {"type": "drained", "handed_over": 1, "cut": 0}


def idle_and_busy(master: FakeMaster, worker: Worker) -> tuple[Client, Client]:
    """Two connections: one that waits for a request, and one whose request waits for `go`."""
    idle, busy = master.connect(), master.connect()
    idle.get()
    busy.send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    master.wait_for(lambda: "waiting" in worker.out())
    return idle, busy


def test_a_connection_that_has_moved_ends_while_the_worker_that_gave_it_still_drains(master: FakeMaster) -> None:
    old = master.spawn(workers=2).serve()
    idle, busy = idle_and_busy(master, old)
    new = master.spawn(workers=2).serve()
    old.drain("handoff")
    master.wait_for(lambda: old.word(7) == 1)
    assert idle.get("/", "Connection: close").body == str(new.process.pid).encode()
    # It is open to its client for as long as any process holds it.
    assert idle.is_closed()
    master.wait_for(lambda: old.word(2) == 1)
    (master.folder / "go").touch()
    assert busy.response().body == str(old.process.pid).encode()
    assert old.receive()["handed_over"] == 2


def test_a_stop_takes_back_what_no_sibling_has_taken_over(master: FakeMaster) -> None:
    worker = master.spawn(workers=2).serve()
    idle, busy = idle_and_busy(master, worker)
    worker.drain("handoff")
    master.wait_for(lambda: worker.word(7) == 1)
    idle.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    worker.drain("close")
    answer = idle.response()
    assert answer.body == str(worker.process.pid).encode()
    assert answer.headers["connection"] == "close"
    (master.folder / "go").touch()
    assert busy.response().body == str(worker.process.pid).encode()
    assert worker.wait() == 0


def test_an_adopted_connection_keeps_its_idle_time(loop_master: FakeMaster) -> None:
    old = loop_master.spawn(workers=2, defaults={"timeout_keep_alive": 2}).serve()
    new = loop_master.spawn(workers=2, defaults={"timeout_keep_alive": 60})
    assert new.receive() == {"type": "ready"}
    client = loop_master.connect()
    client.get()
    new.order_to_serve()
    old.drain("handoff")
    assert old.receive()["handed_over"] == 1
    # Long before the time that the new worker itself would give it.
    assert client.is_closed()


@pytest.mark.parametrize("half", [b"GET", b"GET / HTTP/1.1\r\nHo"])
def test_a_half_received_request_does_not_move(master: FakeMaster, half: bytes) -> None:
    old = master.spawn(workers=2).serve()
    client = master.connect()
    client.get()
    client.send(half)
    other = master.connect()
    other.get()
    master.spawn(workers=2).serve()
    old.drain("handoff")
    master.wait_for(lambda: old.word(7) == 1)
    client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"[len(half) :])
    assert client.response().body == str(old.process.pid).encode()
    assert old.receive()["handed_over"] == 2
