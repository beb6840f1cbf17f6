"""Ids in the headers of a request."""

from __future__ import annotations

import json

import pytest
from fake_master import FakeMaster

from ferricorn_worker.logs.access.trace import ids

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def parent(text: str) -> dict[str, str]:
    """What is made of a `traceparent`."""
    return ids([(b"traceparent", text.encode())])


@pytest.mark.parametrize("text", [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00", f"01-{TRACE}-{SPAN}-01-more"])
def test_a_valid_parent_gives_both_ids(text: str) -> None:
    assert parent(text) == {"trace_id": TRACE, "span_id": SPAN}


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_what_is_not_valid_gives_none(text: str) -> None:
    assert parent(text) == {}


def test_an_id_that_comes_twice_or_is_no_word_is_none() -> None:
    assert ids([(b"x-request-id", b"a-1"), (b"accept", b"*/*")]) == {"request_id": "a-1"}
    assert ids([(b"x-request-id", b"a"), (b"x-request-id", b"b")]) == {}
    for bad in (b"", b"a b", b"a" * 129, "\u00e4".encode()):
        assert ids([(b"x-request-id", bad)]) == {}


def test_they_are_in_the_json_line(one_master: FakeMaster) -> None:
    worker = one_master.spawn(access={"file": None, "format": "%(r)s"}, log={"json": True}).serve()
    client = one_master.connect()
    client.get("/", f"traceparent: 00-{TRACE}-{SPAN}-01", "x-request-id: r-7")
    client.get("/")
    client.close()

    def lines() -> list[dict[str, str]]:
        return [json.loads(line) for line in worker.out().splitlines() if line.startswith("{")]

    one_master.wait_for(lambda: len(lines()) == 2)
    first, second = lines()
    assert (first["trace_id"], first["span_id"], first["request_id"]) == (TRACE, SPAN, "r-7")
    assert "trace_id" not in second
    assert "request_id" not in second
