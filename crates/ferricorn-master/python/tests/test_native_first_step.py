"""The first step of an application on the native protocol, which may be over before the request's bytes are."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import first_steps
import pytest
from fake_master import EXTENSION, FakeMaster

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="`cargo dev test` builds the extension")

FEWEST = 24
"""Of the things that are tried."""


@pytest.fixture(params=["asyncio", "uvloop"])
def native(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A master whose workers speak the native protocol."""
    fake = FakeMaster(tmp_path, request.param, "native")
    yield fake
    fake.close()


def not_as_in_any_task(master: FakeMaster) -> list[str]:
    """Which things go otherwise, on one connection, one after the other and then all of them ahead."""
    assert len(first_steps.THINGS) >= FEWEST
    client = master.connect()
    wrong = [name for name in first_steps.THINGS if client.get(f"/{name}").body != b"yes"]
    client.send(b"".join(f"GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for name in first_steps.THINGS))
    return wrong + [f"{name} of a pipeline" for name in first_steps.THINGS if client.response().body != b"yes"]


def test_an_application_may_do_in_its_first_step_what_it_may_do_in_any_task(native: FakeMaster) -> None:
    native.spawn("first_steps:app").serve()
    assert not_as_in_any_task(native) == []
    later = {b"end at once", b"end later", b"outlived", b"its end"}
    native.wait_for(lambda: later <= set(native.connect().get("/seen").body.split(b",")))


def test_a_task_factory_makes_the_tasks_of_requests(native: FakeMaster) -> None:
    native.spawn("first_steps:with_a_task_factory", factory=True).serve()
    assert not_as_in_any_task(native) == []
    made = native.connect().get("/made").body
    # Each thing was done twice, and this is a request as well.
    assert made.count(b"Request.run") == 2 * len(first_steps.THINGS) + 1


@pytest.mark.parametrize("path", ["/raise", "/return"])
def test_one_that_fails_in_its_first_step_is_answered_with_500(native: FakeMaster, path: str) -> None:
    worker = native.spawn("first_steps:app").serve()
    assert native.connect().get(path).status == 500
    said = "LookupError: as it is to be" if path == "/raise" else "returned without starting response"
    native.wait_for(lambda: said in worker.log())
    assert native.connect().get("/it_has_a_task").body == b"yes"


@pytest.mark.parametrize("half", [False, True], ids=["closed", "half closed"])
def test_one_that_waits_hears_that_its_client_has_gone(native: FakeMaster, half: bool) -> None:
    native.spawn("first_steps:app").serve()
    client = native.connect()
    client.send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
    if half:
        client.socket.shutdown(socket.SHUT_WR)
    else:
        client.close()
    native.wait_for(lambda: b"disconnect" in native.connect().get("/seen").body)


def test_a_client_that_says_no_more_gets_its_answer(native: FakeMaster) -> None:
    native.spawn("first_steps:app").serve()
    client = native.connect()
    client.send(b"GET /it_has_a_task HTTP/1.1\r\nHost: a\r\n\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.response().body == b"yes"
    assert client.is_closed()
