"""Logger classes of the user's: subclasses of gunicorn's."""

from __future__ import annotations

from typing import Any

import pytest
from fake_master import FakeMaster

CLASSES = """
import logging
from gunicorn.glogging import Logger

class Quiet(Logger):
    def access(self, resp, req, environ, request_time):
        if req.path != "/health":
            super().access(resp, req, environ, request_time)

    def atoms(self, resp, req, environ, request_time):
        return {**super().atoms(resp, req, environ, request_time), "who": "mine"}

class Shaped(Logger):
    error_fmt = "SHAPED %(levelname)s %(message)s"

class Raising(Logger):
    def access(self, resp, req, environ, request_time):
        raise RuntimeError("on purpose")

class Broken(Logger):
    def setup(self, cfg):
        raise RuntimeError("on purpose")

NoClass = 1
"""


def finish(worker: Any) -> None:
    """Ends a worker in an orderly way, so that everything is written."""
    worker.drain()
    assert worker.wait() == 0


def of(master: FakeMaster, name: str) -> Any:
    """A worker with a logger class, and gunicorn's format for access lines with one more atom."""
    (master.folder / "classes.py").write_text(CLASSES)
    access = {"file": None, "format": "%(who)s %(m)s %(U)s %(s)s %({x-kind}o)s %({x-asked}i)s"}
    environment = {"PYTHONPATH": str(master.folder)}
    return master.spawn(access=access, log={"logger_class": f"classes.{name}"}, environment=environment)


def test_access_may_leave_out_what_it_likes(one_master: FakeMaster) -> None:
    worker = of(one_master, "Quiet").serve()
    client = one_master.connect()
    client.get("/health")
    client.get("/seen", "X-Asked: twice")
    client.close()
    finish(worker)
    assert worker.out().splitlines().count('mine GET /seen 200 quoted \\"value\\" twice') == 1, worker.out()
    assert "/health" not in worker.out()
    assert worker.log().count("Application startup complete.") == 1, "each line is written once"


def test_setup_shapes_the_lines_of_the_worker(one_master: FakeMaster) -> None:
    worker = of(one_master, "Shaped").serve()
    finish(worker)
    for line in ("Application startup complete.", f"Worker exiting (pid: {worker.process.pid})"):
        assert f"SHAPED INFO {line}" in worker.log().splitlines(), worker.log()


def test_what_access_raises_does_not_reach_the_request(one_master: FakeMaster) -> None:
    worker = of(one_master, "Raising").serve()
    client = one_master.connect()
    for _ in range(3):
        assert client.get("/").status == 200
    client.close()
    finish(worker)
    assert worker.log().count("`access` of the logger class failed") == 1, worker.log()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Broken", "logger class `classes.Broken` cannot be used\n"),
        ("NoClass", "`classes` has no logger class `NoClass`\nhint: "),
        ("nothing.at.All", "logger class `classes.nothing.at.All` cannot be imported\n"),
    ],
)
def test_a_class_that_cannot_be_used(one_master: FakeMaster, name: str, expected: str) -> None:
    worker = of(one_master, name)
    message = worker.receive()
    assert (message["type"], message["stage"]) == ("boot_failed", "environment")
    assert message["text"].startswith(expected), message["text"]
    assert worker.wait() == 1
