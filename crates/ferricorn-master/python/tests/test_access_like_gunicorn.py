"""Access lines against those of gunicorn's own logger, which is fed with the same requests by gunicorn's own parser."""

from __future__ import annotations

import base64
import json
import logging
import re
from typing import Any

import pytest
from fake_master import FakeMaster

gunicorn_config = pytest.importorskip("gunicorn.config")
glogging = pytest.importorskip("gunicorn.glogging")
parser = pytest.importorskip("gunicorn.asgi.parser")
protocol = pytest.importorskip("gunicorn.asgi.protocol")

ATOMS = ["h", "l", "u", "t", "r", "s", "m", "U", "q", "H", "b", "B", "f", "a", "T", "D", "M", "L", "p"]
HEADERS = ["User-Agent", "x-twice", "X-Quoted", "Host", "x-none", "Accept"]
VARIABLES = ["REQUEST_METHOD", "RAW_URI", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL", "REMOTE_ADDR"]
FORMAT = "|".join(
    [
        *(f"{name}=%({name})s" for name in ATOMS),
        *(f"%({{{name}}}i)s" for name in HEADERS),
        *(f"%({{{name}}}o)s" for name in ("Content-Length", "x-kind", "X-Path", "x-none")),
        *(f"%({{{name}}}e)s" for name in (*VARIABLES, "HTTP_USER_AGENT", "http_x_twice", "NO_SUCH_VARIABLE")),
        "%(nonsense)s",
        "100%%",
    ]
)
TIMES_AND_PIDS = re.compile(r"(?<=\|)(t=\[[^]]*\]|[TDM]=\d+|L=\d+\.\d+|p=<\d+>)(?=\|)")


def basic(credentials: bytes) -> bytes:
    """A value of `Authorization`."""
    return b"Basic " + base64.b64encode(credentials)


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """A request as a client writes it."""
    length = [b"Content-Length: %d" % len(body)] if body else []
    return b"\r\n".join([line + b" HTTP/1.1", b"Host: test", *length, *headers, b"", body])


GET = b"GET /"
REQUESTS = [
    request(GET),
    *(request(method + b" /method") for method in (b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"HEAD")),
    *(request(b"GET /status/%d" % status) for status in (201, 204, 301, 304, 400, 404, 418, 500, 503)),
    *(request(b"HEAD /status/%d" % status) for status in (200, 404, 500)),
    request(b"POST /size/0", body=b"x"),
    request(b"GET /size/1"),
    request(b"GET /size/70000"),
    request(b"GET /chunks/3"),
    request(b"POST /body", body=b"y" * 5000),
    request(b"GET /q?a=1&b=2"),
    request(b"GET /q?a=%22quoted%22"),
    request(b"GET /q?a=b?c=d"),
    request(b"GET /a%20b/c%2Fd"),
    request(b"GET /%22quoted%22"),
    request(b"GET /caf%C3%A9/%E2%82%AC"),
    request(b"GET /%E6%97%A5%E6%9C%AC?%E8%AA%9E"),
    request(b"GET /percent%25s%25d"),
    request(b"GET /%(h)s"),
    request(b"GET /newline%0Aforged"),
    request(b"GET /escape%1B%5B2J"),
    request(b"GET /;p=1/../x//y"),
    request(b"GET /" + b"long/" * 500),
    request(GET, b"User-Agent: curl/8.0"),
    request(GET, b'User-Agent: Mozilla/5.0 (X11; "quoted") Gecko'),
    request(GET, b"User-Agent: caf\xe9"),
    request(GET, b"User-Agent:"),
    request(GET, b"User-Agent: %(h)s %s"),
    request(GET, b"Referer: http://example.org/a?b=c"),
    request(GET, b'Referer: http://example.org/"'),
    request(GET, b"X-Twice: one", b"X-Twice: two"),
    request(GET, b'X-Quoted: "a" \\"b\\"'),
    request(GET, b"Accept: text/html;q=0.9, */*"),
    request(GET, b"Authorization: " + basic(b"anna:secret")),
    request(GET, b"Authorization: " + basic("jörg:x".encode())),
    request(GET, b"Authorization: " + basic(b'quo"ted:x')),
    request(GET, b"Authorization: " + basic(b":x")),
    request(GET, b"Authorization: " + basic(b"only-a-name")),
    request(GET, b"Authorization: " + basic(b"\xff\xfe:x")),
    request(GET, b"Authorization: basic " + base64.b64encode(b"small:x")),
    request(GET, b"Authorization: Basic not/base64!"),
    request(GET, b"Authorization: Basic"),
    request(GET, b"Authorization: Bearer abc"),
    request(b"GET /fail"),
    request(b"GET /old").replace(b"HTTP/1.1", b"HTTP/1.0"),
]


def visible(text: str) -> str:
    """What ferricorn makes of control characters, where gunicorn writes them as they are."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


class Lines(logging.Handler):
    """Keeps the text of records."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def gunicorn() -> Any:
    """gunicorn's logger with a handler that keeps its access lines."""
    config = gunicorn_config.Config()
    config.set("accesslog", "/dev/null")
    config.set("errorlog", "/dev/null")
    config.set("access_log_format", FORMAT)
    logger = glogging.Logger(config)
    lines = Lines()
    logger.access_log.handlers = [lines]
    logger.kept = lines.lines
    return logger


def gunicorn_line(logger: Any, data: bytes, status: int, headers: list[tuple[bytes, bytes]], sent: int) -> str:
    """The line that gunicorn's worker for ASGI would write."""
    reader = parser.PythonProtocol()
    reader.feed(data)
    parsed = parser.CallbackRequest.from_parser(reader)
    environ = protocol.ASGIProtocol._build_environ(None, parsed, ("127.0.0.1", 80), ("127.0.0.1", 5000))
    response = protocol.ASGIResponseInfo(status, headers, sent)
    logger.access(response, parsed, environ, protocol._RequestTime(0.25))
    return str(logger.kept.pop())


def without_times(line: str) -> str:
    """The line without what differs from run to run."""
    return TIMES_AND_PIDS.sub("", line)


def exchange(master: FakeMaster, data: bytes) -> None:
    """One request on a connection of its own, read to the end of the answer."""
    client = master.connect()
    client.send(data.replace(b"Host: test\r\n", b"Host: test\r\nConnection: close\r\n", 1))
    while client.socket.recv(65536):
        pass
    client.close()


def test_the_requests_are_many_and_different() -> None:
    assert len(REQUESTS) >= 50
    assert len(set(REQUESTS)) == len(REQUESTS)


def test_every_line_is_gunicorns(master: FakeMaster, gunicorn: Any) -> None:
    file = master.folder / "access.log"
    worker = master.spawn("answers:app", access={"file": str(file), "format": FORMAT}).serve()
    for number, data in enumerate(REQUESTS, 1):
        exchange(master, data)
        master.wait_for(lambda number=number: file.exists() and file.read_bytes().count(b"\n") >= number)
    worker.drain()
    assert worker.wait() == 0
    ours = file.read_text("utf-8").splitlines()
    facts = [json.loads(line) for line in worker.out().splitlines() if line.startswith("{")]
    assert len(ours) == len(facts) == len(REQUESTS)
    for data, line, fact in zip(REQUESTS, ours, facts, strict=True):
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fact["headers"]]
        sent = 0 if data.startswith(b"HEAD") or fact["status"] in (204, 304) else fact["sent"]
        theirs = gunicorn_line(gunicorn, data, fact["status"], headers, sent)
        assert without_times(line) == visible(without_times(theirs)), data


def test_only_times_and_pids_are_left_out() -> None:
    assert without_times("h=1|t=[24/Nov/2026:13:40:30 +0000]|D=5|p=<7>|s=200") == "h=1||||s=200"
