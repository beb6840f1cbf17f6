"""gunicorn's format of access lines, compiled once into a function.

Owns: the meaning of every atom. Does not own: when a line is made (`access`), where it goes (`logs`).
Invariants: only the atoms in the format are computed; a value never ends the line or the quotes it stands in.

Atoms: h l u t r s m U q H b B f a T D M L p, `{name}i` request header, `{name}o` response header, `{name}e`
WSGI-like variable of the request, else of the process environment. A value that is missing is `-`.
"""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Callable
from typing import Any

from .access import Headers, Record

FormatLine = Callable[[Any, int, int, Headers, float], str]
"""Of the scope, the status, the bytes of the body, the response's headers and the seconds it took."""

_PLACEHOLDER = re.compile(r"%(?:%|\((?P<name>[^()]*)\)(?P<flags>[-#0 +]*\d*(?:\.\d+)?)(?P<kind>[a-zA-Z]))")

_EXPRESSIONS = {
    "h": "(client[0] if client else '-')",
    "l": "'-'",
    "t": "now()",
    "r": "(method + ' ' + target(scope) + ' HTTP/' + version)",
    "s": "status",
    "m": "method",
    "U": "safe(scope.get('path', '-'))",
    "q": "escape(scope.get('query_string', b'').decode('latin-1'))",
    "H": "('HTTP/' + version)",
    "b": "size",
    "B": "size",
    "T": "int(seconds)",
    "D": "int(seconds * 1000000)",
    "M": "int(seconds * 1000)",
    "L": "('%.6f' % seconds)",
    "p": "pid",
}
_HEADER_ATOMS = {"f": "{referer}i", "a": "{user-agent}i"}


class _Clock:
    """The time as gunicorn writes it, formatted once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def now(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._text = time.strftime("[%d/%b/%Y:%H:%M:%S %z]", time.localtime(second))
        return self._text


def escape(value: str) -> str:
    """Keeps a value inside its quotes, as gunicorn does."""
    return value.replace('"', '\\"') if '"' in value else value


def safe(value: str) -> str:
    """Keeps a decoded value inside its quotes and on its line."""
    if not value.isprintable():
        value = "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
            for character in value
        )
    return escape(value)


def raw_target(scope: Any) -> str:
    """The request target as the client sent it."""
    raw = scope.get("raw_path")
    path: str = raw.decode("latin-1") if raw else scope.get("path", "-")
    query = scope.get("query_string")
    return f"{path}?{query.decode('latin-1')}" if query else path


def target(scope: Any) -> str:
    """The request target, fit for a line."""
    path = raw_target(scope)
    # The usual case first: this runs for every request.
    return path if path.isprintable() and '"' not in path else safe(path)


def user(authorization: str) -> str:
    """The user name in a header of basic authentication, or `-`. As lenient as gunicorn."""
    scheme, space, credentials = authorization.partition(" ")
    if not space or not scheme.lower().startswith("basic"):
        return "-"
    try:
        name = base64.b64decode(credentials.strip()).partition(b":")[0].decode("utf-8")
    except ValueError:
        return "-"
    return safe(name) or "-"


def variable(scope: Any, name: str) -> str:
    """What a WSGI server would have in its environ under this name; else the process environment's."""
    client = scope.get("client")
    server = scope.get("server")
    if name.startswith("http_"):
        wanted = name[5:].replace("_", "-").encode("latin-1")
        values = [value for header, value in scope["headers"] if header == wanted]
        # Of a header that came several times the last one counts, as for `{name}i`.
        return safe(values[-1].decode("latin-1")) if values else "-"
    known: dict[str, Any] = {
        "request_method": scope.get("method", "GET"),
        "path_info": scope.get("path"),
        "raw_uri": raw_target(scope),
        "query_string": scope.get("query_string", b"").decode("latin-1"),
        "script_name": scope.get("root_path"),
        "server_protocol": "HTTP/" + scope.get("http_version", "1.1"),
        "remote_addr": client[0] if client else None,
        "remote_port": client[1] if client else None,
        "server_name": server[0] if server else None,
        "server_port": server[1] if server else None,
        "wsgi.url_scheme": scope.get("scheme"),
    }
    value = known.get(name)
    if value is None:
        value = os.environ.get(name) or os.environ.get(name.upper())
    return "-" if value is None else safe(str(value))


def compile_format(format_: str) -> FormatLine:
    """The function that makes a line of this format. An unknown atom is `-` in every line, as in gunicorn."""
    line: FormatLine = _compile(format_, "return {}", {})
    return line


def compile_writer(format_: str, write: Callable[[bytes], None]) -> Record:
    """The function that writes a line of this format. `write` gets whole lines."""
    record: Record = _compile(format_, "write(({}).encode('utf-8', 'backslashreplace'))", {"write": write})
    return record


def _compile(format_: str, finish: str, names: dict[str, Any]) -> Any:
    template: list[str] = []
    values: list[str] = []
    request: dict[bytes, str] = {}
    response: dict[bytes, str] = {}
    end = 0
    for match in _PLACEHOLDER.finditer(format_):
        template.append(format_[end : match.start()].replace("%", "%%"))
        end = match.end()
        name = match["name"]
        if name is None:
            template.append("%%")
            continue
        expression = _expression(_HEADER_ATOMS.get(name, name), request, response)
        # A `-` for a missing value does not fit a number's place.
        numeric = match["kind"] in "dixXofFeEgG" and name in "sbBTDM"
        template.append("%" + match["flags"] + (match["kind"] if numeric else "s"))
        values.append(expression)
    template.append(format_[end:].replace("%", "%%") + "\n")
    source = _source("".join(template), values, request, response, finish)
    clock = _Clock()
    names.update(
        escape=escape,
        now=clock.now,
        pid=f"<{os.getpid()}>",
        safe=safe,
        target=target,
        user=user,
        variable=variable,
    )
    if "pid" in values:
        # The line may be made for workers that are forked from this process.
        os.register_at_fork(after_in_child=lambda: names.update(pid=f"<{os.getpid()}>"))
    exec(compile(source, "<access log format>", "exec"), names)
    return names["line"]


def _expression(name: str, request: dict[bytes, str], response: dict[bytes, str]) -> str:
    if name == "u":
        return f"user({_expression('{authorization}i', request, response)})"
    if name.startswith("{") and name[-2:-1] == "}":
        key = name[1:-2].lower()
        if name[-1] == "i":
            return request.setdefault(key.encode("latin-1", "replace"), f"request_{len(request)}")
        if name[-1] == "o":
            return response.setdefault(key.encode("latin-1", "replace"), f"response_{len(response)}")
        if name[-1] == "e":
            return f"variable(scope, {key!r})"
    return _EXPRESSIONS.get(name, "'-'")


def _source(
    template: str,
    values: list[str],
    request: dict[bytes, str],
    response: dict[bytes, str],
    finish: str,
) -> str:
    text = " ".join(values)
    if "size" in text:
        # What has no body has none, whatever the application sent.
        text += " method"
    lines = ["def line(scope, status, size, headers, seconds):"]
    if "client[" in text:
        lines.append("    client = scope.get('client')")
    if "method" in text:
        lines.append("    method = scope.get('method', 'GET')")
    if "version" in text:
        lines.append("    version = scope.get('http_version', '1.1')")
    if "size" in text:
        lines.append("    if method == 'HEAD' or status == 204 or status == 304: size = 0")
    for source, wanted in (("scope['headers']", request), ("headers", response)):
        if not wanted:
            continue
        lines.append("    " + " = ".join(wanted.values()) + " = '-'")
        lines.append(f"    for name, value in {source}:")
        # ASGI requires lower-case names of the server; applications do not always keep to it.
        key = "name" if wanted is request else "name.lower()"
        for number, (header, target_name) in enumerate(wanted.items()):
            word = "if" if number == 0 else "elif"
            lines.append(f"        {word} {key} == {header!r}:")
            lines.append(f"            {target_name} = escape(value.decode('latin-1'))")
    lines.append("    " + finish.format(f"{template!r} % ({''.join(value + ', ' for value in values)})"))
    return "\n".join(lines) + "\n"
