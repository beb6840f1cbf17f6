"""An application that shows why the real one could not be loaded.

Owns: the two forms of the answer. Does not own: the text, which the master has; when it is served.
Invariants: every request gets status 500, a browser a page, everybody else plain text; nothing is kept by a cache; the
page looks for itself whether the code has changed since.
"""

from __future__ import annotations

import html
import linecache
import re
from typing import Any

_FRAME = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<where>.*))?$')
_AROUND = 3
"""Lines of source that are shown before and after the one of a frame."""

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem; font-weight: 600 }
pre { font: 13px/1.45 ui-monospace, monospace; overflow-x: auto; padding: .6rem .8rem; border-radius: 6px;
  background: color-mix(in srgb, currentcolor 7%, transparent) }
.error { border-left: 4px solid #d33; white-space: pre-wrap }
.frame { margin: .9rem 0 0; font-family: ui-monospace, monospace; font-size: 13px }
.here { display: block; background: color-mix(in srgb, #d33 22%, transparent) }
.note { opacity: .7 }
"""

_SCRIPT = """
setInterval(async () => {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/plain" }, cache: "no-store" });
    if (answer.headers.get("x-ferricorn-page") !== PAGE) location.reload();
  } catch { /* it is being replaced */ }
}, 1000);
"""


class Page:
    """The application. `text` is the whole traceback, or a sentence; `number` distinguishes one page from the next."""

    def __init__(self, target: str, text: str, number: int) -> None:
        self._text = f"`{target}` cannot be served\n\n{text}\n".encode("utf-8", "backslashreplace")
        self._html = _page(target, text, number).encode("utf-8", "backslashreplace")
        self._number = str(number).encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1011})
        else:
            accepts = next((value for name, value in scope["headers"] if name == b"accept"), b"")
            is_browser = b"text/html" in accepts
            body = self._html if is_browser else self._text
            headers = [
                (b"content-type", b"text/html; charset=utf-8" if is_browser else b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                (b"cache-control", b"no-store"),
                (b"x-ferricorn-page", self._number),
            ]
            await send({"type": "http.response.start", "status": 500, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _page(target: str, text: str, number: int) -> str:
    lines = text.rstrip().split("\n")
    error = lines[-1]
    frames = "".join(_shown(match) for match in map(_FRAME.match, lines) if match is not None)
    title = html.escape(f"{target} cannot be served")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<style>{_STYLE}</style></head><body><h1>{title}</h1><pre class="error">{html.escape(error)}</pre>{frames}'
        f"<h1>Traceback</h1><pre>{html.escape(text)}</pre>"
        f'<p class="note">This page is renewed when the code changes.</p>'
        f"<script>const PAGE = {str(number)!r};{_SCRIPT}</script>"
        f'<noscript><meta http-equiv="refresh" content="1"></noscript></body></html>'
    )


def _shown(match: re.Match[str]) -> str:
    """One frame with the lines around it."""
    file, line = match["file"], int(match["line"])
    first = max(1, line - _AROUND)
    source = [(number, linecache.getline(file, number)) for number in range(first, line + _AROUND + 1)]
    if not source[line - first][1]:
        return ""
    rows = []
    for number, code in source:
        if code or number <= line:
            row = html.escape(f"{number:5} {code.rstrip()}")
            rows.append(f'<span class="here">{row}</span>' if number == line else row + "\n")
    where = f" in {match['where']}" if match["where"] else ""
    return f'<p class="frame">{html.escape(f"{file}:{line}{where}")}</p><pre>{"".join(rows)}</pre>'
