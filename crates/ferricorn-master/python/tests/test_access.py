"""The access log: every atom, and what a hostile client cannot do."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from fake_master import FakeMaster

from ferricorn_worker.logs.access import access, access_format

DEFAULT = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'

SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "POST",
    "http_version": "1.1",
    "path": "/a b",
    "raw_path": b"/a%20b",
    "query_string": b"q=1",
    "root_path": "",
    "scheme": "http",
    "client": ("10.0.0.1", 5000),
    "server": ("10.0.0.2", 80),
    "headers": [
        (b"referer", b"http://x/"),
        (b"user-agent", b'a "quoted" agent'),
        (b"authorization", b"Basic " + base64.b64encode(b"anna:secret")),
    ],
}
RESPONSE_HEADERS = [(b"Content-Type", b"text/plain")]


def line(format_: str, scope: dict[str, Any] | None = None, **changes: Any) -> str:
    """The line of one request."""
    return access_format.compile_format(format_)({**(scope or SCOPE), **changes}, 201, 42, RESPONSE_HEADERS, 1.5000622)


@pytest.mark.parametrize(
    ("format_", "expected"),
    [
        ("%(h)s", "10.0.0.1"),
        ("%(l)s", "-"),
        ("%(u)s", "anna"),
        ("%(r)s", "POST /a%20b?q=1 HTTP/1.1"),
        ("%(s)s", "201"),
        ("%(s)d", "201"),
        ("%(m)s", "POST"),
        ("%(U)s", "/a b"),
        ("%(q)s", "q=1"),
        ("%(H)s", "HTTP/1.1"),
        ("%(b)s", "42"),
        ("%(B)s", "42"),
        ("%(f)s", "http://x/"),
        ("%(a)s", 'a \\"quoted\\" agent'),
        ("%(T)s", "1"),
        ("%(M)s", "1500"),
        ("%(D)s", "1500062"),
        ("%(L)s", "1.500062"),
        ("%({Referer}i)s", "http://x/"),
        ("%({x-none}i)s", "-"),
        ("%({content-type}o)s", "text/plain"),
        ("%({x-none}o)s", "-"),
        ("%({REQUEST_METHOD}e)s", "POST"),
        ("%({wsgi.url_scheme}e)s", "http"),
        ("%({HTTP_REFERER}e)s", "http://x/"),
        ("%({FERRICORN_TEST}e)s", "from the environment"),
        ("%({no_such_thing}e)s", "-"),
        ("%(nonsense)s", "-"),
        ("100%% %(s)5s|%(m)-6s|", "100%   201|POST  |"),
        ("50% {x} 'y' \\n", "50% {x} 'y' \\n"),
    ],
)
def test_an_atom(format_: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRICORN_TEST", "from the environment")
    assert line(format_) == expected + "\n"


def test_the_pid() -> None:
    assert line("%(p)s") == f"<{os.getpid()}>\n"


def test_the_time() -> None:
    assert re.fullmatch(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]\n", line("%(t)s"))


def test_what_is_missing_is_a_dash() -> None:
    scope = {"type": "websocket", "path": "/w", "headers": []}
    assert line('%(h)s %(u)s "%(r)s" %(f)s', scope) == '- - "GET /w HTTP/1.1" -\n'


def test_a_value_cannot_end_its_line_or_its_quotes() -> None:
    assert line('"%(U)s"', path='/a"\n[forged]\x1b[2J') == '"/a\\"\\n[forged]\\x1b[2J"\n'
    forged = base64.b64encode(b"x\ny")
    assert line("%(u)s", headers=[(b"authorization", b"Basic " + forged)]) == "x\\ny\n"
    assert line("%(u)s", headers=[(b"authorization", b"Basic !")]) == "-\n"


def run(app: Any, cancel: bool = False) -> str:
    """The line of one request to this application."""
    lines: list[bytes] = []

    async def send(message: Any) -> None:
        """Takes everything."""

    async def main() -> None:
        task = asyncio.ensure_future(
            access.wrap(app, access_format.compile_writer("%(s)s %(B)s", lines.append))(dict(SCOPE), None, send)
        )
        await asyncio.sleep(0)
        if cancel:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert len(lines) == 1
    return lines[0].decode()


def test_requests_that_end_otherwise() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await asyncio.Event().wait()

    async def socket(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    async def rejects(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close"})

    assert run(fails) == "500 0\n"
    assert run(hangs, cancel=True) == "499 0\n"
    assert run(streams, cancel=True) == "200 3\n"
    assert run(socket) == "101 0\n"
    assert run(rejects) == "403 0\n"


def test_on_standard_output(master: FakeMaster) -> None:
    worker = master.spawn(access={"file": None, "format": DEFAULT + " %({x-kind}o)s"}).serve()
    client = master.connect()
    client.get("/x?y", "User-Agent: test")
    master.wait_for(lambda: "GET" in worker.out())
    lines = [text for text in worker.out().splitlines() if "GET" in text]
    pattern = r'127\.0\.0\.1 - - \[\S+ \S+\] "GET /x\?y HTTP/1\.1" 200 \d+ "-" "test" quoted'
    assert len(lines) == 1
    assert re.fullmatch(
        pattern, lines[0].replace('\\"quoted\\" value', "quoted").replace('quoted \\"value\\"', "quoted")
    )
    assert "GET" not in worker.log()


def test_the_address_behind_a_proxy(one_master: FakeMaster) -> None:
    worker = one_master.spawn(access={"file": None, "format": "%(h)s %(s)s"}).serve()
    one_master.connect().get("/", "X-Forwarded-For: 203.0.113.9")
    one_master.wait_for(lambda: "203.0.113.9 200" in worker.out())


def test_the_log_files_are_opened_anew(one_master: FakeMaster) -> None:
    folder = one_master.folder
    file, errors = folder / "access.log", folder / "error.log"
    worker = one_master.spawn(
        access={"file": str(file), "format": "%(U)s"}, error_file=str(errors), level="debug"
    ).serve()
    client = one_master.connect()
    client.get("/before")
    one_master.wait_for(lambda: file.read_text() == "/before\n")
    assert "Booting worker" in errors.read_text()
    file.rename(folder / "access.log.1")
    errors.rename(folder / "error.log.1")
    worker.send({"type": "reopen_logs"})
    one_master.wait_for(lambda: file.exists() and errors.exists())
    client.get("/after")
    one_master.wait_for(lambda: file.read_text() == "/after\n")
    assert (folder / "access.log.1").read_text() == "/before\n"
    client.close()
    worker.drain()
    assert worker.wait() == 0
    assert "Worker exiting" in errors.read_text()
