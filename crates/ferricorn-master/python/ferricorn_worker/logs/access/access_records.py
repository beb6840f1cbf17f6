"""What else is made of a request than a line in a file: a record of `logging`, a JSON object, metrics.

Owns: these forms. Does not own: gunicorn's atoms (`access_format`), the handlers (`logs`).
Invariants: none of this runs unless the user asked for it; the fast path is `access_format.compile_writer`.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from ..daemons.statsd import Statsd
from ..json_lines import time_of
from . import trace
from .access import Headers, Record
from .access_format import compile_format, escape, raw_target, variable

_NAMES = "hlutrsmUqHbBfaTDMLp"


class Atoms(dict[str, Any]):
    """gunicorn's atoms of a request, as the argument of a record; one that is missing is `-`."""

    def __missing__(self, name: str) -> Any:
        if name.startswith("{"):
            lower = name.lower()
            if lower != name:
                return self[lower]
            if lower.endswith("}e"):
                return variable(self.scope, lower[1:-2])
        return "-"

    scope: Any = None


_line = compile_format("\0".join(f"%({name})s" for name in _NAMES))


def atoms(scope: Any, status: int, size: int, headers: Headers, seconds: float) -> Atoms:
    """Every atom of a request."""
    values = Atoms(zip(_NAMES, _line(scope, status, size, headers, seconds)[:-1].split("\0"), strict=True))
    values.scope = scope
    for name in "sBTDM":
        values[name] = int(values[name])
    values.update({f"{{{key}}}i": value for key, value in _pairs(scope["headers"])})
    values.update({f"{{{key}}}o": value for key, value in _pairs(headers)})
    return values


def _pairs(headers: Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        yield name.decode("latin-1").lower(), escape(value.decode("latin-1"))


def to_logger(format_: str) -> Record:
    """Records of the logger `gunicorn.access`, with the format as message and the atoms as argument, as gunicorn's."""
    logger = logging.getLogger("gunicorn.access")
    # Formatters of the user's look for the atoms in `record.args`; a format that does not fit them is his, too.
    format_ = re.sub(r"%(?![%(])", "%%", format_)

    def record(scope: Any, status: int, size: int, headers: Headers, seconds: float) -> None:
        if logger.isEnabledFor(logging.INFO):
            logger.info(format_, atoms(scope, status, size, headers, seconds))

    return record


def to_json(format_: str, write: Callable[[bytes], None], who: dict[str, Any]) -> Record:
    """One JSON object per line, with the line of the format as its `message`."""
    line = compile_format(format_)

    def record(scope: Any, status: int, size: int, headers: Headers, seconds: float) -> None:
        client = scope.get("client")
        sent: dict[bytes, bytes] = dict(scope["headers"])
        text = json.dumps(
            {
                "time": time_of(None),
                "level": "info",
                "pid": os.getpid(),
                "logger": "gunicorn.access",
                **who,
                "message": line(scope, status, size, headers, seconds)[:-1],
                "client": client[0] if client else None,
                "method": scope.get("method", "GET"),
                "path": scope.get("path"),
                "target": raw_target(scope),
                "protocol": "HTTP/" + scope.get("http_version", "1.1"),
                "status": status,
                "bytes": size,
                "duration_ms": round(seconds * 1000, 3),
                "referer": _text(sent.get(b"referer")),
                "user_agent": _text(sent.get(b"user-agent")),
                **trace.ids(scope["headers"]),
            }
        )
        write(text.encode("ascii") + b"\n")

    return record


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def to_statsd(statsd: Statsd) -> Record:
    """gunicorn's three metrics of a request."""

    def record(_scope: Any, status: int, _size: int, _headers: Headers, seconds: float) -> None:
        statsd.request(status, seconds)

    return record
