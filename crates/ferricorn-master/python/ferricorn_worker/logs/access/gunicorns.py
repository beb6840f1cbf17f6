"""A request and its response as gunicorn's worker for ASGI shows them to hooks and to logger classes.

Owns: the attributes that gunicorn's users read. Does not own: when a hook or a logger is called.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Request:
    """A request as gunicorn's worker for ASGI shows it to hooks."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope
        self.method: str = scope.get("method", "GET")
        self.path: str = scope.get("path", "")
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        raw: bytes = scope.get("raw_path") or self.path.encode("utf-8", "surrogateescape")
        self.uri = raw.decode("latin-1") + (f"?{self.query}" if self.query else "")
        self.fragment = ""
        self.scheme: str = scope.get("scheme", "http")
        self.version = tuple(int(part) for part in scope.get("http_version", "1.1").split(".") if part.isdigit())
        client = scope.get("client")
        self.remote_addr = tuple(client) if client else ("-", 0)
        self.peer_addr = self.remote_addr

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names in capitals, with values."""
        return [(name.decode("latin-1").upper(), value.decode("latin-1")) for name, value in self.scope["headers"]]


class Response:
    """A response as gunicorn's worker for ASGI shows it to hooks; the status is 500 until it begins."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        self.sent = 0

    def start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """The response has begun."""
        self.status = status
        self.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def environ(request: Request) -> dict[str, str]:
    """The variables that gunicorn's worker for ASGI has for a request."""
    major, minor = (*request.version, 0, 0)[:2]
    variables = {
        "REQUEST_METHOD": request.method,
        "RAW_URI": request.uri,
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query,
        "SERVER_PROTOCOL": f"HTTP/{major}.{minor}",
        "REMOTE_ADDR": request.remote_addr[0],
    }
    variables.update({"HTTP_" + name.replace("-", "_"): value for name, value in request.headers})
    return variables
