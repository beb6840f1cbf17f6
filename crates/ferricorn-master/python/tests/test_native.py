"""The native protocol: what it alone promises. What it shares with uvicorn's is tested on all of them."""

from __future__ import annotations

import os
import select
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from fake_master import EXTENSION, Client, FakeMaster, Worker

needs_extension = pytest.mark.skipif(EXTENSION is None, reason="`cargo dev test` builds the extension")


@pytest.fixture(params=["asyncio", "uvloop"])
def native(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A master whose workers speak the native protocol."""
    fake = FakeMaster(tmp_path, request.param, "native")
    yield fake
    fake.close()


def serve(master: FakeMaster, **more: Any) -> Worker:
    """A worker that serves and tells what it does at DEBUG."""
    return master.spawn("native_apps:app", level="debug", **more).serve()


def answer(master: FakeMaster, request: bytes) -> bytes:
    """Everything that comes until the server closes."""
    with socket.create_connection(master.address, timeout=60) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


@needs_extension
@pytest.mark.parametrize(
    ("limit", "request_", "status", "why"),
    [
        (
            {"request_line": 30},
            b"GET /" + b"a" * 40 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"414",
            "the request line is",
        ),
        ({"request_line": 30}, b"GET /" + b"a" * 40, b"414", "the request line is"),
        ({"fields": 3}, b"GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\nF: g\r\n\r\n", b"431", "more header fields"),
        (
            {"field": 20},
            b"GET / HTTP/1.1\r\nHost: a\r\nB: " + b"c" * 20 + b"\r\n\r\n",
            b"431",
            "a header field is",
        ),
        # A byte more than is read: what is not read would end the connection before the client has the answer.
        ({}, (b"GET / HTTP/1.1\r\nHost: a\r\nB: " + b"c" * 131_072)[:131_073], b"431", "head is larger"),
        ({}, b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n", b"413", "body is too large"),
        ({}, b"GET / HTTP/1.1\r\n\r\n", b"400", "`Host` is not one"),
        ({}, b"NOTHING\r\n\r\n", b"400", "method is not known"),
    ],
)
def test_a_head_that_breaks_a_limit_is_refused_and_the_log_says_why(
    native: FakeMaster, limit: dict[str, int], request_: bytes, status: bytes, why: str
) -> None:
    worker = serve(native, native=limit)
    said = answer(native, request_)
    assert said.startswith(b"HTTP/1.1 " + status + b" "), said
    assert b"\r\nconnection: close\r\n" in said
    FakeMaster.wait_for(lambda: f"Request refused with {status.decode()}: " in worker.log())
    assert why in worker.log()
    FakeMaster.wait_for(lambda: worker.codes() == {int(status): 1})
    assert native.connect().get("/").status == 200


@needs_extension
def test_what_keeps_to_the_limits_is_served(native: FakeMaster) -> None:
    serve(native, native={"request_line": 30, "fields": 3, "field": 24})
    response = native.connect().get("/", "X: " + "y" * 19, "Z: 1")
    assert response.status == 200


@needs_extension
def test_a_head_that_does_not_come_in_time_is_answered_408(native: FakeMaster) -> None:
    worker = serve(native, native={"head_ms": 300})
    assert answer(native, b"GET / HTTP/1.1\r\nHost").startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert "Request refused with 408" in worker.log()
    FakeMaster.wait_for(lambda: worker.codes() == {408: 1})


@needs_extension
def test_a_client_that_connects_ahead_has_the_time_of_a_pause_for_its_first_byte(native: FakeMaster) -> None:
    serve(native, native={"head_ms": 300}, options={"timeout_keep_alive": 2})
    began = time.monotonic()
    # It is closed without a word.
    assert answer(native, b"") == b""
    assert time.monotonic() - began > 1.5
    client = native.connect()
    select.select([client.socket], [], [], 1.0)
    client.send(b"GET / HTTP/1.1\r\n")
    client.send(b"Host: a\r\n\r\n")
    assert client.response().status == 200


@needs_extension
def test_the_limit_of_time_is_for_the_head_alone(native: FakeMaster) -> None:
    serve(native, native={"head_ms": 300})
    client = native.connect()
    assert client.get("/slow").status == 200
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
    assert native.connect().get("/slow").status == 200
    client.send(b"y")
    assert client.response().status == 200


@needs_extension
def test_a_request_behind_a_refused_one_is_not_served_and_the_one_before_is_answered_first(native: FakeMaster) -> None:
    worker = serve(native, access={"file": None, "format": "%(r)s %(s)s"})
    good = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
    said = answer(native, good + b"BAD\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert said.count(b"HTTP/1.1 ") == 2 and b"HTTP/1.1 400 Bad Request" in said
    assert "/never" not in worker.out()


@needs_extension
def test_a_thousand_requests_ahead_are_answered_in_their_order(native: FakeMaster) -> None:
    serve(native)
    client = native.connect()
    client.send(b"".join(b"GET /?n=%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(1000)))
    assert all(client.response().status == 200 for _ in range(1000))


@needs_extension
def test_a_client_of_http_1_0_gets_a_body_until_the_end_of_the_connection(native: FakeMaster) -> None:
    serve(native)
    said = answer(native, b"GET /stream HTTP/1.0\r\n\r\n")
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"chunked" not in head and b"connection: close" in head
    assert body and b"\r\n" not in body


def test_without_the_extension_uvicorns_protocol_serves_and_one_line_says_so(
    native: FakeMaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fake_master.EXTENSION", None)
    worker = serve(native, native={"is_named": True})
    assert native.connect().get("/").status == 200
    assert worker.log().count("Native HTTP protocol cannot be used, uvicorn's serves: ") == 1
    assert "Using HTTP protocol: uvicorn's, since the native one cannot be used: this build of ferr" in worker.log()


def test_an_extension_that_the_loader_refuses_is_gone_without(
    native: FakeMaster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.so"
    broken.write_bytes(os.urandom(4096))
    monkeypatch.setattr("fake_master.EXTENSION", str(broken))
    worker = serve(native)
    assert native.connect().get("/").status == 200
    assert worker.log().count("Native HTTP protocol cannot be used, uvicorn's serves: ") == 1
    assert worker.log().count("Using HTTP protocol: uvicorn's\n") == 1
    second = serve(native)
    assert "Using HTTP protocol" not in second.log(), "the line is one of the start"


@needs_extension
def test_no_descriptor_of_the_extension_stays_open(native: FakeMaster) -> None:
    worker = serve(native)
    links = [os.readlink(link) for link in Path(f"/proc/{worker.process.pid}/fd").iterdir()]
    assert not any("ferricorn-http" in link for link in links)
    assert "Native HTTP protocol serves" in worker.log()


@needs_extension
def test_what_a_slow_client_does_not_read_does_not_fill_the_memory(native: FakeMaster) -> None:
    serve(native)
    client = Client(native.address)
    client.send(b"".join(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n" for _ in range(20)))
    assert native.connect().get("/").status == 200
    assert all(client.response().status == 200 for _ in range(20))
