"""What a worker leaves behind when it dies while it serves."""

from __future__ import annotations

import pytest
from fake_master import FakeMaster, Worker


def death(master: FakeMaster, path: str) -> tuple[Worker, int]:
    """A worker that has died of a request, and its exit status."""
    worker = master.spawn("apps:dying").serve()
    master.connect().send(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    return worker, worker.wait()


@pytest.mark.parametrize(
    ("path", "status", "cause", "where"),
    [("/exit", 7, "sys_exit", "sys.exit(7)"), ("/hungry", 1, "memory_error", "in hungry")],
)
def test_what_ends_the_event_loop_is_reported(
    loop_master: FakeMaster, path: str, status: int, cause: str, where: str
) -> None:
    worker, exited = death(loop_master, path)
    assert exited == status
    message = worker.receive()
    assert (message["type"], message["cause"]) == ("dying", cause)
    assert where in message["text"]
    assert "uvicorn" not in message["text"]
    assert worker.receive() == {"type": "exiting"}


def test_a_crash_leaves_its_stack(loop_master: FakeMaster) -> None:
    worker, exited = death(loop_master, "/crash")
    assert exited == -11
    assert worker.receive() == {}
    assert "Segmentation fault" in worker.stack()
    assert "in crash" in worker.stack()
