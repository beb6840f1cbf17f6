"""An application with many kinds of answers, which prints what each of them was."""

from __future__ import annotations

import json
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """`/status/N`, `/size/N`, `/chunks/N`, `/body`, `/fail`; anything else is answered with 5 bytes."""
    if scope["type"] == "lifespan":
        return
    words = scope["path"].strip("/").split("/")
    number = int(words[1]) if words[0] in ("status", "size", "chunks") else 0
    if words[0] == "fail":
        report(500, [], 0)
        raise ValueError("no")
    status = number if words[0] == "status" else 200
    chunks = [b"12345"]
    if words[0] == "size":
        chunks = [b"x" * number]
    elif words[0] == "chunks":
        chunks = [b"chunk"] * number
    elif words[0] == "body":
        chunks = [(await receive())["body"][:100]]
    if status in (204, 304):
        chunks = [b""]
    headers = [(b"X-Kind", b'quoted "value"'), (b"x-path", scope.get("raw_path", b"")[:60])]
    if status not in (204, 304):
        headers.append((b"content-length", str(sum(map(len, chunks))).encode()))
    report(status, headers, sum(map(len, chunks)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for chunk in chunks[:-1]:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": chunks[-1]})


def report(status: int, headers: list[tuple[bytes, bytes]], sent: int) -> None:
    """Tells the test what gunicorn would have been told."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    print(json.dumps({"status": status, "headers": pairs, "sent": sent}), flush=True)
