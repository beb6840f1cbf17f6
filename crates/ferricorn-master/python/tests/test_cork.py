"""Head and body of a response go out by one write, and nothing waits for that."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable

import pytest
from fake_master import FakeMaster

from ferricorn_worker.protocol.cork import JOINED, Cork

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Loop:
    """An event loop that has passes and nothing else."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], object]] = []

    def call_soon(self, callback: Callable[[], object]) -> None:
        self.soon.append(callback)

    def next_pass(self) -> None:
        soon, self.soon = self.soon, []
        for callback in soon:
            callback()


class Transport(asyncio.Transport):
    """Notes what is written, and by how many calls."""

    def __init__(self) -> None:
        super().__init__({"peername": "somebody"})
        self.calls: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append(bytes(data))

    def writelines(self, parts: Iterable[bytes | bytearray | memoryview]) -> None:
        raise AssertionError("one write for all of them")

    def write_eof(self) -> None:
        self.calls.append("eof")

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")

    def is_closing(self) -> bool:
        return bool(self.calls) and self.calls[-1] == "close"

    def get_write_buffer_size(self) -> int:
        return 1000


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
def cork(transport: Transport, loop: Loop) -> Cork:
    return Cork(transport, loop)  # type: ignore[arg-type]


def test_a_head_waits_for_its_body(cork: Cork, transport: Transport, loop: Loop) -> None:
    cork.write(HEAD)
    assert transport.calls == []
    cork.write(b"body")
    assert transport.calls == [HEAD + b"body"]
    loop.next_pass()
    cork.write(b"more")
    assert transport.calls == [HEAD + b"body", b"more"]


def test_a_head_waits_no_longer_than_a_pass(cork: Cork, transport: Transport, loop: Loop) -> None:
    cork.write(HEAD)
    loop.next_pass()
    assert transport.calls == [HEAD]
    cork.write(b"body")
    assert transport.calls == [HEAD, b"body"]


def test_a_large_body_is_not_copied(cork: Cork, transport: Transport) -> None:
    cork.write(HEAD)
    cork.write(bytes(JOINED + 1))
    assert transport.calls == [HEAD, bytes(JOINED + 1)]


def test_two_heads_keep_their_order(cork: Cork, transport: Transport, loop: Loop) -> None:
    cork.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    cork.write(HEAD)
    cork.write(b"body")
    loop.next_pass()
    # The client waits for the first.
    assert transport.calls == [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"body"]


def test_several_parts_are_one_write(cork: Cork, transport: Transport) -> None:
    cork.writelines([HEAD, b"bo", b"dy"])
    cork.writelines([b"more"])
    assert transport.calls == [HEAD + b"body" + b"more"]


@pytest.mark.parametrize("end", ["close", "eof"])
def test_an_end_comes_after_what_was_written(cork: Cork, transport: Transport, loop: Loop, end: str) -> None:
    cork.write(HEAD)
    if end == "close":
        cork.close()
    else:
        cork.write_eof()
    loop.next_pass()
    assert transport.calls == [HEAD, end]
    assert cork.is_closing() == (end == "close")


def test_nothing_is_written_after_an_abort(cork: Cork, transport: Transport, loop: Loop) -> None:
    cork.write(HEAD)
    cork.abort()
    loop.next_pass()
    assert transport.calls == ["abort"]


def test_nothing_is_written_to_a_lost_connection(cork: Cork, transport: Transport, loop: Loop) -> None:
    cork.write(HEAD)
    transport.close()
    loop.next_pass()
    assert transport.calls == ["close"]


def test_what_is_held_is_not_sent_yet(cork: Cork, loop: Loop) -> None:
    assert cork.get_write_buffer_size() == 1000
    cork.write(HEAD)
    assert cork.get_write_buffer_size() == 1000 + len(HEAD)
    loop.next_pass()
    assert cork.get_write_buffer_size() == 1000


def test_everything_else_is_the_transport_s(cork: Cork) -> None:
    assert cork.get_extra_info("peername") == "somebody"


def test_a_response_comes_in_one_piece(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    for _ in range(20):
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        head, _, body = client.socket.recv(65536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert body.isdigit()


def test_a_head_without_a_body_does_not_wait(master: FakeMaster) -> None:
    master.spawn("apps:slow_body").serve()
    client = master.connect()
    client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    assert client.socket.recv(65536).endswith(b"\r\n\r\n")
    (master.folder / "go").touch()
    assert client.socket.recv(65536) == b"body"
    client.send(b"HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")
    assert client.socket.recv(65536).endswith(b"\r\n\r\n")


def test_who_sends_no_more_gets_a_response_without_a_body(master: FakeMaster) -> None:
    master.spawn().serve()
    for _ in range(20):
        client = master.connect()
        client.send(b"HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.socket.recv(65536).startswith(b"HTTP/1.1 200")


def test_who_waits_for_a_continue_gets_it(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    client.send(b"POST /body HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert client.socket.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(b"hello")
    assert client.response().body == b"hello"
