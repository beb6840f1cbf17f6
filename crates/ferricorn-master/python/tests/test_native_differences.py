"""Raw requests of every kind, to the native protocol and to uvicorn's on httptools and h11: where do they differ?

Each is sent whole, byte by byte and cut at places drawn with a fixed seed. Compared are statuses, scopes, bodies, and
whether the connection goes on. `native_listed` lists what
differs; `docs/reference/native-protocol.md` says it in words.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fake_master import EXTENSION
from native_apps import app
from native_listed import LISTED
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="`cargo dev test` builds the extension")

NEWEST = ["0", "54"]

HOST = b"Host: example.org\r\n"


def lines() -> Iterator[tuple[str, bytes]]:
    """Request lines, good and bad."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND", "REPORT", "M-SEARCH"]
    for method in [*methods, "get", "FOO", "CONNECT", "PRI", "G T", "GET\t", ""]:
        yield f"method {method!r}", f"{method} / HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    targets = [
        "/",
        "/a/b",
        "/a%20b",
        "/%C3%A9",
        "/%FF",
        "/%",
        "/?",
        "/?a=b&c",
        "/a?b?c",
        "//a",
        "/a//b",
        "/../a",
        "/;a=b",
    ]
    targets += [
        "/a#b",
        "/?a#b",
        "http://example.org/x?y",
        "http://example.org",
        "http://example.org?q",
        "https://a:1/b",
    ]
    targets += [
        "*",
        "a",
        "a/b",
        "?a",
        "example.org:80",
        "http://",
        "http:///a",
        "/\\",
        "/a|b",
        "/{a}",
        '/"',
        "/<a>",
        "/é",
    ]
    for target in [*targets, "/a b", "", "/\x00", "/\x7f", "/\t"]:
        yield f"target {target!r}", b"GET " + target.encode("latin-1") + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    for version in [
        "HTTP/1.0",
        "HTTP/1.1",
        "HTTP/0.9",
        "HTTP/1.2",
        "HTTP/2.0",
        "http/1.1",
        "HTTP/1.",
        "HTTP/11",
        "HTTP",
        "",
    ]:
        yield f"version {version!r}", f"GET / {version}\r\n".encode() + HOST + b"\r\n"


def fields() -> Iterator[tuple[str, bytes]]:
    """Header fields, good and bad."""
    values = [
        b"",
        b"a",
        b" a ",
        b"\ta\t",
        b"a\tb",
        b"caf\xe9",
        b"a\x00b",
        b"a\x0bb",
        b"a\x7f",
        b"a\rb",
        b"a\nb",
        b"a" * 5000,
    ]
    for value in values:
        yield f"value {value[:10]!r}", b"GET / HTTP/1.1\r\n" + HOST + b"X:" + value + b"\r\n\r\n"
    names = [
        b"X-Y",
        b"x_y",
        b"X.Y",
        b"X!Y",
        b"X Y",
        b"X ",
        b" X",
        b"\tX",
        b"X\x00",
        b"X\xe9",
        b"(X)",
        b"X@",
        b"X[",
        b"X/",
        b"",
        b"1",
    ]
    for name in names:
        yield f"name {name!r}", b"GET / HTTP/1.1\r\n" + HOST + name + b": y\r\n\r\n"
    for rest in [b"no colon\r\n", b"X: y\r\n folded\r\n", b"X: y\n", b"X: y\r", b"\nX: y\r\n", b"X: y\r\r\n"]:
        yield f"line {rest!r}", b"GET / HTTP/1.1\r\n" + HOST + rest + b"\r\n"
    for host in [
        b"",
        b"Host:\r\n",
        b"Host: a\r\nHost: a\r\n",
        b"Host: a\r\nHost: b\r\n",
        b"Host: a b\r\n",
        b"Host: a/b\r\n",
    ]:
        for version in (b"1.0", b"1.1"):
            yield f"host {host!r} in {version!r}", b"GET / HTTP/" + version + b"\r\n" + host + b"\r\n"
    for connection in [
        b"close",
        b"Close",
        b"keep-alive",
        b"keep-alive, close",
        b"x",
        b"",
        b"upgrade",
        b"close, upgrade",
    ]:
        for version in (b"1.0", b"1.1"):
            head = b"GET / HTTP/" + version + b"\r\n" + HOST + b"Connection: " + connection + b"\r\n"
            yield f"connection {connection!r} in {version!r}", head + b"\r\n"
            yield f"connection {connection!r} in {version!r}, twice", (head + b"\r\n") * 2


def bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies by length and in chunks, good, bad and meant to deceive."""
    for length in [
        b"0",
        b"5",
        b"05",
        b"+5",
        b"-5",
        b"0x5",
        b"5,5",
        b"5, 5",
        b"5 5",
        b"5.0",
        b"",
        b"five",
        b"9" * 30,
        b"\xb2",
    ]:
        head = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: " + length + b"\r\n"
        yield f"length {length!r}", head + b"\r\nhello"
        yield f"length {length!r} and 5", head + b"Content-Length: 5\r\n\r\nhello"
        yield f"length {length!r} and chunked", head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    codings = [
        b"chunked",
        b"Chunked",
        b"gzip",
        b"gzip, chunked",
        b"chunked, gzip",
        b"identity",
        b"xchunked",
        b"chunked;q=1",
    ]
    for coding, version in itertools.product([*codings, b"", b"\x0bchunked", b'"chunked"'], (b"1.0", b"1.1")):
        head = b"POST / HTTP/" + version + b"\r\n" + HOST + b"Transfer-Encoding: " + coding + b"\r\n"
        yield f"coding {coding!r} in {version!r}", head + b"\r\n5\r\nhello\r\n0\r\n\r\n"
        yield f"coding {coding!r} in {version!r}, twice", head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        yield f"coding {coding!r} in {version!r} and length", head + b"Content-Length: 4\r\n\r\n0\r\n\r\n"
    chunked = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    sizes = [
        b"5",
        b"05",
        b"5;a",
        b"5;a=b",
        b'5;a="b"',
        b"5;",
        b"5; a",
        b"5 ",
        b" 5",
        b"0x5",
        b"+5",
        b"-5",
        b"",
        b"g",
        b"5\t",
        b"5;a\x00",
    ]
    for size in [*sizes, b"0" * 20 + b"5", b"f" * 17, b"5,", b"5_0", b"5;a=\x7f", b"5;\xe9"]:
        yield f"size {size!r}", chunked + size + b"\r\nhello\r\n0\r\n\r\n"
    for rest in [b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello!0\r\n\r\n", b"5\r\nhello0\r\n\r\n"]:
        yield f"chunks {rest!r}", chunked + rest
    for end in [
        b"0\r\n\r\n",
        b"0\n\r\n",
        b"0\r\n\n",
        b"00\r\n\r\n",
        b"0;a\r\n\r\n",
        b"0\r\nX: y\r\n\r\n",
        b"0\r\nX : y\r\n\r\n",
    ]:
        yield f"end {end!r}", chunked + end
        yield f"end {end!r} and a request", chunked + end + b"GET /next HTTP/1.1\r\n" + HOST + b"\r\n"


def streams() -> Iterator[tuple[str, bytes]]:
    """Several requests, and what stands around them."""
    get = b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n"
    post = b"POST /b HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello"
    yield "two", get * 2
    yield "three with bodies", post + get + post
    yield "close in the middle", get + b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n" + get
    for junk in [b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\x00", b"junk\r\n\r\n"]:
        yield f"{junk!r} before", junk + get
        yield f"{junk!r} between", get + junk + get
        yield f"{junk!r} behind", post + junk
    for offer in [b"h2c", b"websocket", b"foo"]:
        head = b"GET /a HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: " + offer + b"\r\n\r\n"
        yield f"offer of {offer!r}", head
        yield f"offer of {offer!r} and a request", head + get
    expects = b"POST /b HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    yield "100-continue", expects + b"hello"
    yield "no body in time", expects
    yield "half a head", b"GET / HTTP/1.1\r\nHost: exa"
    yield "half a body", post[:-2]
    yield "a stream", b"GET /stream HTTP/1.1\r\n" + HOST + b"\r\n"
    yield "a stream in HTTP/1.0", b"GET /stream HTTP/1.0\r\n" + HOST + b"\r\n"


CASES = dict(itertools.chain(lines(), fields(), bodies(), streams()))
assert len(CASES) >= 300, len(CASES)


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Addresses, so that every scope has some."""
        return {"sockname": ("127.0.0.1", 80), "peername": ("127.0.0.1", 9)}.get(name, default)

    def write(self, data: Any) -> None:
        """Nothing is sent once it is closed."""
        if not self.closed:
            self.sent += bytes(data)

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self.closed

    def close(self) -> None:
        """Notes it."""
        self.closed = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """A WebSocket would begin here."""

    def pause_reading(self) -> None:
        """Everything is here already."""

    def resume_reading(self) -> None:
        """Everything is here already."""


async def outcome(kind: Any, pieces: list[bytes]) -> dict[str, Any]:
    """What a protocol makes of these pieces."""
    config = Config(app, access_log=False, ws="none", log_config=None)
    config.load()
    transport = Transport()
    protocol = kind(config, ServerState(), {})
    protocol.connection_made(transport)
    for piece in pieces:
        if transport.closed:
            break
        protocol.data_received(piece)
        for _ in range(3):
            await asyncio.sleep(0)
    sent = -1
    while sent != len(transport.sent):
        sent = len(transport.sent)
        for _ in range(20):
            await asyncio.sleep(0)
    closed = transport.closed
    protocol.connection_lost(None)
    await asyncio.sleep(0)
    return {"answers": list(answers(transport.sent)), "closed": closed}


def answers(sent: bytes) -> Iterator[tuple[int, Any]]:
    """Status and body of each answer; of an echo without what differs for good reason."""
    while sent:
        head, _, rest = sent.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        low = head.lower()
        length = next((int(line[15:]) for line in low.split(b"\r\n") if line.startswith(b"content-length:")), None)
        if status == 100:
            body, sent = b"", rest
        elif b"transfer-encoding: chunked" in low:
            body, _end, sent = rest.partition(b"0\r\n\r\n")
            body = b"".join(part for part in body.split(b"\r\n")[1::2])
        elif length is None:
            body, sent = rest, b""
        else:
            body, sent = rest[:length], rest[length:]
        # h11 and the others have texts of their own for what they refuse.
        yield status, json.loads(body) if body[:1] == b"{" else body if status == 200 else None


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and in pieces."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    drawn = random.Random(len(data))
    for _ in range(3):
        ends = sorted({*(drawn.randrange(len(data) + 1) for _ in range(4)), len(data)})
        yield [data[start:end] for start, end in itertools.pairwise([0, *ends]) if end > start]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The class of the native protocol."""
    folder = tmp_path_factory.mktemp("extension")
    (folder / "_ferricorn_http.so").symlink_to(Path(str(EXTENSION)))
    sys.path.insert(0, str(folder))
    from ferricorn_worker.protocol.native.connection import NativeProtocol

    sys.path.remove(str(folder))
    return NativeProtocol


def run(make: Callable[[], Any]) -> Any:
    """The result of a coroutine."""
    return asyncio.run(make())


def test_it_does_not_matter_how_a_request_is_cut(native: Any) -> None:
    async def all_of_them() -> list[str]:
        different = []
        for name, data in CASES.items():
            whole, *others = [await outcome(native, pieces) for pieces in cuts(data)]
            if any(other != whole for other in others):
                different.append(name)
        return different

    assert run(all_of_them) == []


def kind_of_difference(ours: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    """None, `stricter` or `other`."""
    if ours == theirs:
        return None
    refused = [status for status, _ in ours["answers"] if status in (400, 413, 414, 431)]
    return "stricter" if refused and ours["closed"] else "other"


@pytest.mark.skipif(
    uvicorn.__version__.split(".")[:2] != NEWEST, reason="the list is of the newest uvicorn that is supported"
)
@pytest.mark.parametrize("other", [HttpToolsProtocol, H11Protocol], ids=["httptools", "h11"])
def test_what_differs_from_uvicorn_is_listed(native: Any, other: Any) -> None:
    listed = LISTED["httptools" if other is HttpToolsProtocol else "h11"]

    async def all_of_them() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {kind: [] for kind in listed}
        for name, data in CASES.items():
            ours, theirs = await outcome(native, [data]), await outcome(other, [data])
            kind = kind_of_difference(ours, theirs)
            if kind is not None:
                found.setdefault(kind, []).append(name)
        return found

    assert run(all_of_them) == listed
