"""Offers to change the protocol, which are not taken up, and WebSockets, which are."""

from __future__ import annotations

import pytest
from fake_master import Client, FakeMaster

H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAA\r\n"
"""What Java's HttpClient sends with the first request of a connection."""

OFFERS = {
    "h2c": H2C,
    "TLS": "Upgrade: TLS/1.0, HTTP/2.0\r\nConnection: Upgrade\r\n",
    "two headers": "Upgrade: foo\r\nConnection: Upgrade\r\nConnection: keep-alive\r\n",
    "small letters": "connection: keep-alive, upgrade\r\nupgrade: foo/1\r\n",
}
AFTER = b"GET /after HTTP/1.1\r\nHost: test\r\n\r\n"


def post(offer: str, body: bytes = b"hello", headers: str = "") -> bytes:
    """A request with an offer and a body of known length."""
    return f"POST /body HTTP/1.1\r\nHost: test\r\n{offer}{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def is_alive(client: Client) -> bool:
    """Whether the connection answers another request."""
    client.send(AFTER)
    return client.response().status == 200


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_a_request_with_an_offer_keeps_its_body_and_its_connection(master: FakeMaster, offer: str) -> None:
    worker = master.spawn().serve()
    client = master.connect()
    for _ in range(2):
        client.send(post(offer))
        assert client.response().body == b"hello"
    client.send(f"GET /body HTTP/1.1\r\nHost: test\r\n{offer}\r\n".encode())
    assert client.response().status == 200
    assert is_alive(client)
    assert "WARNING" not in worker.log(), "an offer is nothing to warn of"


def test_a_body_in_chunks_that_comes_in_pieces(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    head = f"POST /body HTTP/1.1\r\nHost: test\r\n{H2C}Transfer-Encoding: chunked\r\n\r\n".encode()
    whole = head + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    for piece in (whole[:40], whole[40 : len(head)], whole[len(head) : -12], whole[-12:] + AFTER):
        client.send(piece)
    assert client.response().body == b"hello world"
    assert client.response().status == 200
    assert is_alive(client)


def test_a_large_body(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    body = bytes(range(256)) * 4096
    client.send(post(H2C, body) + AFTER)
    assert client.response().body == body
    assert client.response().status == 200


def test_hundreds_of_offers_in_one_packet(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    client.send(AFTER + b"".join(post(H2C, b"%d" % number) for number in range(300)) + AFTER)
    client.response()
    for number in range(300):
        assert client.response().body == b"%d" % number
    assert client.response().status == 200


def test_a_client_that_waits_for_100_continue(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    whole = post(H2C, b"hello", "Expect: 100-continue\r\n")
    client.send(whole[:-5])
    assert client.response().status == 100
    client.send(whole[-5:])
    assert client.response().body == b"hello"
    assert is_alive(client)


def test_a_client_that_wants_the_connection_closed(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    client.send(post("Connection: Upgrade\r\nConnection: close\r\nUpgrade: h2c\r\n"))
    assert client.response().body == b"hello"
    assert client.is_closed()


def test_a_body_that_is_no_http_is_answered_with_400(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    client.send(f"POST /body HTTP/1.1\r\nHost: test\r\n{H2C}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n".encode())
    assert client.response().status in (400, 500)
    assert client.is_closed()


def test_the_application_sees_the_offer(master: FakeMaster) -> None:
    master.spawn("tells:headers").serve()
    client = master.connect()
    client.send(post(H2C))
    assert b"(b'upgrade', b'h2c')" in client.response().body


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_websockets_are_taken_up_also_behind_a_declined_offer(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    client.send(HANDSHAKE)
    assert client.response().status == 101
    client = master.connect()
    client.send(post(H2C))
    assert client.response().body == b"hello"
    client.send(HANDSHAKE)
    assert client.response().status == 101


WEBSOCKET = (
    "Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
NO_HANDSHAKES = {
    "post": post(WEBSOCKET),
    "post without a key": post("Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    "get with a body": post(WEBSOCKET).replace(b"POST", b"GET", 1),
    "put in chunks": f"PUT /body HTTP/1.1\r\nHost: test\r\n{WEBSOCKET}Transfer-Encoding: chunked\r\n\r\n".encode()
    + b"5\r\nhello\r\n0\r\n\r\n",
}
"""Requests that look like the beginning of a WebSocket, and cannot be one."""


@pytest.mark.parametrize("whole", NO_HANDSHAKES.values(), ids=NO_HANDSHAKES)
@pytest.mark.parametrize("library", ["websockets", "wsproto", "none"])
def test_a_request_that_cannot_open_a_websocket_keeps_its_body(master: FakeMaster, whole: bytes, library: str) -> None:
    if library != "none":
        pytest.importorskip(library)
    worker = master.spawn(options={"ws": library}).serve()
    client = master.connect()
    client.send(whole)
    assert client.response().body == b"hello"
    head_end = whole.index(b"\r\n\r\n") + 4
    for piece in (whole[:20], whole[20:head_end], whole[head_end:]):
        client.send(piece)
    assert client.response().body == b"hello"
    assert is_alive(client)
    assert "WARNING" not in worker.log() and "Traceback" not in worker.log()


@pytest.mark.parametrize("library", ["websockets", "wsproto"])
def test_a_handshake_without_a_key_is_refused_by_the_library(master: FakeMaster, library: str) -> None:
    pytest.importorskip(library)
    master.spawn(options={"ws": library}).serve()
    client = master.connect()
    client.send(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert 400 <= client.response().status < 500


def test_a_delete_and_a_client_of_http_1_0_open_no_websocket(master: FakeMaster) -> None:
    master.spawn().serve()
    client = master.connect()
    client.send(f"DELETE /body HTTP/1.1\r\nHost: test\r\n{WEBSOCKET}\r\n".encode())
    assert client.response().status == 200
    assert is_alive(client)
    client.send(f"GET / HTTP/1.0\r\nHost: test\r\n{WEBSOCKET}\r\n".encode())
    assert client.response().status == 200
    assert client.is_closed()


def test_a_websocket_that_is_not_wanted_is_a_request_like_any_other(master: FakeMaster) -> None:
    worker = master.spawn(options={"ws": "none"}).serve()
    client = master.connect()
    client.send(HANDSHAKE + post("Connection: Upgrade\r\nUpgrade: websocket\r\n"))
    assert client.response().status == 200
    assert client.response().body == b"hello"
    assert is_alive(client)
    assert "Traceback" not in worker.log()
