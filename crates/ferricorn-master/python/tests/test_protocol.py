"""What the worker knows of the inside of uvicorn's protocols, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SHIM = Path(__file__).parent.parent / "ferricorn_worker"

INNER = {
    "conn",
    "cycle",
    "default_headers",
    "encoded_headers",
    "handshake_complete",
    "handshake_completed_event",
    "http_protocol_class",
    "loaded_app",
    "pipeline",
    "response_complete",
    "response_started",
    "server_state",
    "timeout_keep_alive_handler",
    "timeout_keep_alive_task",
    "trailing_data",
    "ws_protocol_class",
}
"""Attributes of uvicorn's protocols, their cycles, and what `uvicorn.Config` makes for them."""


def names(source: str) -> Iterator[str]:
    """Every attribute that a source names, also as a text (`getattr`)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def may_know(file: Path) -> bool:
    """Whether it is of the room, or uvicorn's server under a master."""
    return "protocol" in file.relative_to(SHIM).parts[:1] or file == SHIM / "life" / "server.py"


@pytest.mark.parametrize("file", sorted(SHIM.rglob("*.py")), ids=lambda file: str(file.relative_to(SHIM)))
def test_the_inside_of_a_protocol_is_known_in_its_room_alone(file: Path) -> None:
    known = INNER.intersection(names(file.read_text()))
    assert may_know(file) or not known


def test_every_name_is_used_where_it_may_be() -> None:
    used = {name for file in SHIM.rglob("*.py") if may_know(file) for name in names(file.read_text())}
    assert used >= INNER
