"""uvicorn's options, each by its effect on a server that runs."""

from __future__ import annotations

import importlib.metadata
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fake_master import LIMIT, FakeMaster, Response

VERSION = tuple(int(part) for part in importlib.metadata.version("uvicorn").split(".")[:2])
WEBSOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


def since(*version: int) -> pytest.MarkDecorator:
    """Runs a test only where uvicorn has the option."""
    return pytest.mark.skipif(version > VERSION, reason="the installed uvicorn is older")


def report(master: FakeMaster, *headers: str, **options: Any) -> tuple[Response, dict[str, str]]:
    """The answer of `tells:app` under these options, with what it says of itself."""
    master.spawn("tells:app", options=options).serve()
    response = master.connect().get("/x", *headers)
    facts = dict(line.partition("=")[::2] for line in response.body.decode().splitlines())
    return response, facts


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_loop(one_master: FakeMaster, loop: str) -> None:
    _, facts = report(one_master, loop=loop)
    assert facts["loop"].startswith(loop)


@since(0, 36)
def test_loop_http_and_ws_by_import(one_master: FakeMaster) -> None:
    ws = "uvicorn.protocols.websockets.websockets_impl:WebSocketProtocol"
    _, facts = report(one_master, loop="tells:make_loop", http="tells:Protocol", ws=ws)
    assert facts["loop"] == "tells.Loop"
    assert facts["protocol"] == "tells.Protocol"


@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_http(one_master: FakeMaster, http: str) -> None:
    _, facts = report(one_master, http=http)
    assert facts["protocol"].startswith(f"uvicorn.protocols.http.{http}_impl.")


def test_root_path(one_master: FakeMaster) -> None:
    _, facts = report(one_master, root_path="/shop")
    assert facts["root_path"] == "/shop"


@pytest.mark.parametrize(
    ("options", "client", "scheme"),
    [
        ({}, "203.0.113.9", "https"),
        ({"proxy_headers": False}, "127.0.0.1", "http"),
        ({"forwarded_allow_ips": "10.0.0.1"}, "127.0.0.1", "http"),
        ({"forwarded_allow_ips": "*"}, "203.0.113.9", "https"),
    ],
)
def test_proxy_headers(one_master: FakeMaster, options: dict[str, Any], client: str, scheme: str) -> None:
    _, facts = report(one_master, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", **options)
    assert (facts["client"], facts["scheme"]) == (client, scheme)


def test_headers(master: FakeMaster) -> None:
    response, _ = report(master, headers=[["X-Own", "value"]], server_header=False, date_header=False)
    assert response.headers["x-own"] == "value"
    assert "server" not in response.headers
    assert "date" not in response.headers
    master.workers[0].close()
    response, _ = report(master)
    assert response.headers["server"] == "uvicorn"
    assert "date" in response.headers


def test_limit_concurrency(master: FakeMaster) -> None:
    master.spawn("tells:app", options={"limit_concurrency": 2}).serve()
    first = master.connect()
    assert first.get().status == 200
    assert master.connect().get().status == 503
    first.close()


def test_h11_max_incomplete_event_size(one_master: FakeMaster) -> None:
    worker = one_master.spawn("tells:app", options={"http": "h11", "h11_max_incomplete_event_size": 100_000}).serve()
    assert one_master.connect().get("/x", "X-Long: " + "x" * 60_000).status == 200
    worker.close()
    one_master.spawn("tells:app", options={"http": "h11", "h11_max_incomplete_event_size": 500}).serve()
    client = one_master.connect()
    client.send(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 5000)
    assert client.response().status == 400


def test_timeout_keep_alive(master: FakeMaster) -> None:
    master.spawn("tells:app", options={"timeout_keep_alive": 1}).serve()
    client = master.connect()
    assert client.get().status == 200
    assert client.socket.recv(1) == b""


@pytest.mark.parametrize("mode", ["on", "off"])
def test_lifespan(one_master: FakeMaster, mode: str) -> None:
    worker = one_master.spawn("tells:app", options={"lifespan": mode})
    assert worker.receive() == {"type": "ready"}
    assert ("lifespan startup" in worker.out()) == (mode == "on")
    refused = one_master.spawn("apps:bare", options={"lifespan": mode})
    message = refused.receive()
    assert message["type"] == ("boot_failed" if mode == "on" else "ready")


@pytest.mark.parametrize(
    ("target", "interface"),
    [("tells:app", "asgi3"), ("tells:Old", "asgi2"), ("tells:wsgi", "wsgi"), ("tells:Old", "auto")],
)
def test_interface(one_master: FakeMaster, target: str, interface: str) -> None:
    one_master.spawn(target, options={"interface": interface}).serve()
    response = one_master.connect().get("/path")
    assert response.status == 200
    assert b"path=/path" in response.body


def test_factory(one_master: FakeMaster) -> None:
    one_master.spawn("tells:make", factory=True).serve()
    assert one_master.connect().get("/path").status == 200


def shake_hands(master: FakeMaster, *headers: str) -> tuple[socket.socket, bytes]:
    """Asks for a WebSocket; the answer's head."""
    client = master.connect()
    client.send("\r\n".join(["GET /w HTTP/1.1", "Host: x", *headers, *WEBSOCKET, "", ""]).encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = client.socket.recv(4096)
        assert part, answer
        answer += part
    return client.socket, answer


@pytest.mark.parametrize("ws", ["websockets", pytest.param("websockets-sansio", marks=since(0, 35)), "wsproto", "none"])
def test_ws(one_master: FakeMaster, ws: str) -> None:
    if ws == "wsproto":
        pytest.importorskip("wsproto")
    one_master.spawn("tells:app", options={"ws": ws}).serve()
    _, answer = shake_hands(one_master)
    assert (b" 101 " in answer) == (ws != "none")


@pytest.mark.parametrize("deflate", [True, False])
def test_ws_per_message_deflate(one_master: FakeMaster, deflate: bool) -> None:
    one_master.spawn("tells:app", options={"ws": "websockets", "ws_per_message_deflate": deflate}).serve()
    _, answer = shake_hands(one_master, "Sec-WebSocket-Extensions: permessage-deflate")
    assert (b"permessage-deflate" in answer.lower()) == deflate


def test_ws_max_size(one_master: FakeMaster) -> None:
    one_master.spawn("tells:app", options={"ws": "websockets", "ws_max_size": 100}).serve()
    client, _ = shake_hands(one_master)
    client.sendall(bytes([0x81, 0xFE, 0, 200, 0, 0, 0, 0]) + b"x" * 200)
    frame = client.recv(100)
    # A close frame with 1009: message too big.
    assert (frame[0], frame[2:4]) == (0x88, b"\x03\xf1")


def test_ws_ping_interval_and_timeout(one_master: FakeMaster) -> None:
    options = {"ws": "websockets", "ws_ping_interval": 0.1, "ws_ping_timeout": 0.1}
    one_master.spawn("tells:app", options=options).serve()
    client, _ = shake_hands(one_master)
    # A ping; nobody answers it, and the connection ends.
    assert client.recv(100)[0] == 0x89
    while client.recv(100):
        pass


def test_ws_max_queue(one_master: FakeMaster) -> None:
    worker = one_master.spawn("tells:app", options={"ws": "websockets", "ws_max_queue": 3}).serve()
    client, _ = shake_hands(one_master)
    one_master.wait_for(lambda: "queue=3" in worker.out())
    client.close()


@since(0, 45)
@pytest.mark.parametrize("reset", [True, False])
def test_reset_contextvars(one_master: FakeMaster, reset: bool) -> None:
    _, facts = report(one_master, reset_contextvars=reset)
    assert facts["variable"] == ("default" if reset else "of the startup")


@pytest.mark.parametrize("password", [None, "secret"])
def test_tls(one_master: FakeMaster, tmp_path: Path, password: str | None) -> None:
    key = tmp_path / "key.pem"
    certificate = tmp_path / "certificate.pem"
    protect = ["-passout", f"pass:{password}"] if password else ["-nodes"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, *protect, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    options: dict[str, Any] = {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
    if password is not None:
        options["ssl_keyfile_password"] = password
    more = {"ssl_ciphers": "ECDHE-RSA-AES128-GCM-SHA256", "ssl_cert_reqs": 0, "ssl_ca_certs": str(certificate)}
    one_master.spawn("tells:app", options={**options, **more}).serve()
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(one_master.address, timeout=LIMIT) as plain,
        context.wrap_socket(plain) as client,
    ):
        cipher = client.cipher()
        assert cipher is not None
        assert cipher[0] == "ECDHE-RSA-AES128-GCM-SHA256"
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := client.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"scheme=https" in answer


def test_a_client_without_the_certificate_that_is_required(one_master: FakeMaster, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    options = {"ssl_certfile": str(certificate), "ssl_keyfile": str(key), "ssl_ca_certs": str(certificate)}
    one_master.spawn("tells:app", options={**options, "ssl_cert_reqs": 2}).serve()
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    with (
        pytest.raises((ssl.SSLError, ConnectionError)),
        socket.create_connection(one_master.address, timeout=LIMIT) as plain,
        context.wrap_socket(plain) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        raise ConnectionError if client.recv(100) == b"" else AssertionError


@pytest.mark.parametrize(
    ("options", "what", "needed"),
    [
        ({"reset_contextvars": True}, "option `reset_contextvars`", (0, 45)),
        ({"http2": True}, "option `http2`", (0, 53)),
        ({"ws": "websockets-sansio"}, "value `websockets-sansio` for `ws`", (0, 35)),
        ({"http": "zttp"}, "value `zttp` for `http`", (0, 52)),
        ({"loop": "tells:make_loop"}, "value `tells:make_loop` for `loop`", (0, 36)),
    ],
)
def test_an_option_that_the_installed_uvicorn_lacks(
    one_master: FakeMaster, options: dict[str, Any], what: str, needed: tuple[int, int]
) -> None:
    if needed <= VERSION:
        pytest.skip("the installed uvicorn has it")
    text = one_master.spawn("tells:app", options=options).receive()["text"]
    version = importlib.metadata.version("uvicorn")
    assert text.startswith(f"uvicorn {version} has no {what}, which came with uvicorn {needed[0]}.{needed[1]}\n")
