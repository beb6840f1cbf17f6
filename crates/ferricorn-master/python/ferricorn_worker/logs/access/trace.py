"""What joins an access line to a trace and to the lines of others: the ids in the headers of a request.

Owns: which of them are valid. Does not own: the line (`access_records`). The worker makes no spans.
Invariant: a header that is not valid, or comes twice, gives no id: a client can choose it, and a reader takes an id for
what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
"""W3C Trace Context, version 00, and what a later version may put behind it."""

_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")


def ids(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """`trace_id` and `span_id` of `traceparent`, and `request_id` of `x-request-id`, as far as they are valid."""
    found: dict[bytes, bytes | None] = {}
    for name, value in headers:
        if name in (b"traceparent", b"x-request-id"):
            found[name] = None if name in found else value
    members = {}
    parent = _TRACEPARENT.fullmatch(found.get(b"traceparent") or b"")
    if parent is not None and _is_valid(*parent.groups()):
        members["trace_id"] = parent[2].decode()
        members["span_id"] = parent[3].decode()
    request = found.get(b"x-request-id")
    if request is not None and _REQUEST_ID.fullmatch(request):
        members["request_id"] = request.decode()
    return members


def _is_valid(version: bytes, trace: bytes, span: bytes, more: bytes | None) -> bool:
    return version != b"ff" and (version != b"00" or more is None) and trace.strip(b"0") != b"" != span.strip(b"0")
