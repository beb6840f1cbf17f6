"""Access lines that the native protocol writes: Python's bytes, and Python's own lines where somebody looks."""

from __future__ import annotations

import base64
import gc
import itertools
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_master import EXTENSION, FakeMaster

from ferricorn_worker.logs.access.access_format import compile_writer
from ferricorn_worker.logs.access.access_records import to_json
from ferricorn_worker.logs.logs import DEFAULT_ACCESS_FORMAT
from ferricorn_worker.protocol.native.access_lines import AccessLines

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="`cargo dev test` builds the extension")

FORMATS = [
    DEFAULT_ACCESS_FORMAT,
    "%(h)s|%(l)s|%(u)s|%(r)s|%(s)s|%(m)s|%(U)s|%(q)s|%(H)s|%(b)s|%(B)s|%(f)s|%(a)s|%(T)s|%(D)s|%(M)s|%(L)s|%(p)s",
    "%(s)d %(b)i %(D)u %(m)r %(h)d %({x-a}i)s%({X-A}i)s %({Content-Type}o)s %({nothing}o)s %({}i)s %(none)s %({x}y)s",
    '100%% é " %t % %% %(t)s',
    "%(s)s",
    "",
]
"""Those that are written natively."""

PYTHONS = ["%(s)5s", "%(m)-6s", "%(L).3f", "%({REQUEST_METHOD}e)s", "%({é}i)s", "%(b)x", "%(", "%(a", "%(s)", "%((s))s"]
"""Those that are not."""

WHO = {"worker": 3, "name": 'a "b" é'}


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The extension module."""
    folder = tmp_path_factory.mktemp("extension")
    (folder / "_ferricorn_http.so").symlink_to(Path(str(EXTENSION)))
    sys.path.insert(0, str(folder))
    import _ferricorn_http

    sys.path.remove(str(folder))
    return _ferricorn_http


class Wire:
    """A transport that takes everything."""

    def get_extra_info(self, _name: str) -> None:
        """Nothing is known."""

    def write(self, data: bytes) -> None:
        """Drops it."""

    def is_closing(self) -> bool:
        """Never."""
        return False


class Loop:
    """What a connection asks an event loop for."""

    def time(self) -> float:
        """Stands still."""
        return 0.0

    def call_soon(self, _callback: Any) -> None:
        """Nobody waits."""


class Natively:
    """Writes lines by the extension."""

    def __init__(self, extension: Any, format_: str, *, as_json: bool = False, clock: Any = None) -> None:
        self.written: list[bytes] = []
        write = self.written.append
        who = WHO if as_json else None
        line = to_json(format_, write, WHO) if as_json else compile_writer(format_, write)
        self.lines = AccessLines(format_, line, write, who)
        self.by_python = line
        clock = clock or itertools.cycle([1.0, 1.2345678]).__next__
        log = extension.AccessLog(self.lines, format_, self.lines.who(), os.getpid(), time.time, clock)
        limits = {"head": 0, "request_line": 0, "fields": 0, "field": 0}
        server = extension.Server(prefix="", keep_alive=5.0, head_timeout=0.0, access=log, **limits)

        class Connection(extension.Connection):  # type: ignore[misc]
            server_state = type("State", (), {"default_headers": [], "total_requests": 0})

        self.connection = Connection()
        self.connection.prepare(server, extension.Exchange, {}, Loop())
        self.connection.attach(Wire(), {})
        self.exchange = extension.Exchange

    def write(self, scope: dict[str, Any], messages: list[dict[str, Any]], cancelled: bool = False) -> bytes:
        """The line of a request."""
        exchange = self.exchange(self.connection, scope)
        assert exchange.log_natively()
        for message in messages:
            exchange.put(message)
        exchange.end_log(cancelled)
        return self.written.pop()


def answer(status: int, body: bytes, headers: Any) -> list[dict[str, Any]]:
    """The messages of a response."""
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": True},
        {"type": "http.response.body", "body": body, "more_body": True},
    ]


def scopes() -> Iterator[dict[str, Any]]:
    """Requests, usual and unusual, as the worker's applications leave them."""
    usual: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "http_version": "1.1",
        "path": "/a/b",
        "raw_path": b"/a/b",
        "query_string": b"q=1&r=%20",
        "client": ("10.0.0.1", 5000),
        "headers": [
            (b"host", b"a"),
            (b"referer", b"http://x/"),
            (b"user-agent", b'a "quoted" \xe9 agent'),
            (b"x-a", b"one"),
            (b"x-a", b"two"),
            (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            (b"x-request-id", b"abc-1"),
        ],
    }
    yield usual
    others: list[tuple[str, list[Any]]] = [
        ("method", ["HEAD", "POST", "PÜT"]),
        ("http_version", ["1.0"]),
        ("path", ["/é", "/\U0001f600", "/\udcff", '/"', "/\n", ""]),
        ("raw_path", [b"", b"/\xc3\xa9", b'/"', b"/\x1b"]),
        ("query_string", [b"", b"\xff", b'"', b"\n"]),
        ("client", [None, ["::1", 1], ("", 0), ()]),
        ("headers", [[], tuple(usual["headers"]), [[b"referer", b"-"]]]),
    ]
    for name, values in others:
        for value in values:
            yield {**usual, name: value}
    for missing in ("client", "raw_path", "query_string", "path", "method", "http_version"):
        yield {key: value for key, value in usual.items() if key != missing}
    basic = base64.b64encode(b"anna:secret")
    for value in (b"Basic " + basic, b"basic " + basic, b"Basic", b"Bearer x", b"Basic !", b""):
        yield {**usual, "headers": [(b"authorization", value)]}
    parent = b"-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"
    for value in (b"00%s01" % parent, b"00%s01-x" % parent, b"cc%s01-x" % parent, b"ff%s01" % parent):
        yield {**usual, "headers": [(b"traceparent", value)]}
        yield {**usual, "headers": [(b"traceparent", value)] * 2}
    for value in (
        b"",
        b"00-0-0-00",
        b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01",
        b"00%s0G" % parent,
        b"00%s1" % parent,
    ):
        yield {**usual, "headers": [(b"traceparent", value)]}
    for value in (b"", b"x" * 128, b"x" * 129, b"a b", b'"\\', b"\xe9"):
        yield {**usual, "headers": [(b"x-request-id", value)]}


def without_time(line: bytes) -> bytes:
    """A line without what another moment changes."""
    return re.sub(rb"\[\d\d/[^]]+\]|\d{4}-\d\d-\d\dT[\d:.]+", b"TIME", line)


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "JSON"])
@pytest.mark.parametrize("format_", FORMATS)
def test_the_lines_are_those_of_python(extension: Any, format_: str, as_json: bool) -> None:
    natively = Natively(extension, format_, as_json=as_json)
    headers = [(b"Content-Type", b"text/plain"), (b"x", b"y")]
    for scope in scopes():
        for status, body in ((200, b"hello"), (204, b""), (304, b""), (404, b"\0" * 70_000)):
            ours = natively.write(scope, answer(status, body, headers))
            try:
                natively.by_python(scope, status, 2 * len(body), headers, 1.2345678 - 1.0)
            except (KeyError, IndexError):
                continue
            theirs = natively.written.pop()
            assert without_time(ours) == without_time(theirs), scope


def test_the_moment_is_written_as_python_writes_it(extension: Any) -> None:
    natively = Natively(extension, "%(t)s", as_json=True)
    said = json.loads(natively.write(next(scopes()), answer(200, b"", [])))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d", said["time"])
    assert re.fullmatch(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]", said["message"])


@pytest.mark.parametrize("format_", PYTHONS)
def test_an_unusual_format_is_left_to_python(extension: Any, format_: str) -> None:
    lines = AccessLines(format_, print, print, None)
    with pytest.raises(ValueError, match="Python"):
        extension.AccessLog(lines, format_, None, 1, time.time, time.perf_counter)


@pytest.mark.parametrize(("cancelled", "status"), [(False, b"500"), (True, b"499")])
def test_what_nobody_has_answered_has_a_status(extension: Any, cancelled: bool, status: bytes) -> None:
    assert Natively(extension, "%(s)s %(b)s").write(next(scopes()), [], cancelled) == status + b" 0\n"


def test_a_line_costs_a_fraction_of_pythons(extension: Any) -> None:
    natively = Natively(extension, DEFAULT_ACCESS_FORMAT, clock=time.perf_counter)
    scope = next(scopes())
    exchange = natively.exchange(natively.connection, scope)

    def ours() -> None:
        exchange.log_natively()
        exchange.end_log(False)

    def theirs() -> None:
        natively.by_python(scope, 200, 5, (), 0.1)

    def best(work: Any) -> float:
        taken = []
        for _ in range(20):
            begin = time.perf_counter()
            for _ in range(500):
                work()
            taken.append(time.perf_counter() - begin)
            natively.written.clear()
        return min(taken) / 500

    gc.disable()
    try:
        native, python = best(ours), best(theirs)
    finally:
        gc.enable()
    print(f"a line: {native * 1e6:.2f} us natively, {python * 1e6:.2f} us in Python")
    assert native < python


@pytest.fixture(params=["asyncio", "uvloop"])
def native(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeMaster]:
    """A master whose workers speak the native protocol."""
    fake = FakeMaster(tmp_path, request.param, "native")
    yield fake
    fake.close()


def test_a_filter_that_comes_late_is_asked_from_then_on(native: FakeMaster) -> None:
    worker = native.spawn("native_apps:with_late_filter", access={"file": None, "format": "%(r)s"}).serve()
    client = native.connect()
    for path in ("/one", "/filter", "/two", "/hidden", "/three"):
        assert client.get(path).status == 200
    native.wait_for(lambda: "/three" in worker.out())
    assert re.findall(r"/\w+", worker.out().replace("HTTP/1.1", "")) == ["/one", "/filter", "/two", "/three"]
