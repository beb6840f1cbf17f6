"""The addresses of both ends of a connection in the scope."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
from fake_master import FakeMaster


def on_ipv4(_folder: str) -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def on_ipv6(_folder: str) -> socket.socket:
    try:
        return socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("there is no IPv6 here")


def on_path(folder: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/web.sock")
    listener.listen()
    return listener


def ask(listener: socket.socket) -> tuple[socket.socket, dict[str, object]]:
    """A new connection, and what the application says of its ends."""
    client = socket.socket(listener.family)
    client.settimeout(60)
    client.connect(listener.getsockname())
    client.sendall(b"GET /ends HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    with client.makefile("rb") as answer:
        _, _, body = answer.read().partition(b"\r\n\r\n")
    ends: dict[str, object] = json.loads(body)
    return client, ends


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("listen", [on_ipv4, on_ipv6], ids=["ipv4", "ipv6"])
def test_the_scope_has_both_ends_of_a_tcp_connection(
    master: FakeMaster, workers: int, listen: Callable[[str], socket.socket]
) -> None:
    master.listener.close()
    master.listener = listen("")
    master.spawn("apps:ends", workers=workers).serve()
    client, ends = ask(master.listener)
    with client:
        assert ends == {"client": list(client.getsockname()[:2]), "server": list(client.getpeername()[:2])}


@pytest.mark.parametrize("workers", [1, 2])
def test_the_scope_says_of_a_unix_socket_what_uvicorn_does(master: FakeMaster, workers: int) -> None:
    from uvicorn.protocols.utils import get_local_addr

    class Transport:
        def get_extra_info(self, name: str) -> object:
            return accepted if name == "socket" else None

    master.listener.close()
    master.listener = on_path(str(master.folder))
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(master.listener.getsockname())
        accepted, _ = master.listener.accept()
    with accepted:
        expected = get_local_addr(Transport())  # type: ignore[arg-type]
    master.spawn("apps:ends", workers=workers).serve()
    client, ends = ask(master.listener)
    with client:
        assert ends == {"client": None, "server": None if expected is None else list(expected)}
