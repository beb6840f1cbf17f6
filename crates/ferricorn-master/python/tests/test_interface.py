"""Applications that know no lifespan, and those of WSGI that nobody has announced."""

from __future__ import annotations

from typing import Any

import interfaces
import pytest
from fake_master import FakeMaster

from ferricorn_worker.application.interface import is_asgi3, is_wsgi


@pytest.mark.parametrize("app", interfaces.WSGI, ids=lambda app: getattr(app, "__name__", type(app).__name__))
def test_what_is_wsgi(app: Any) -> None:
    assert is_wsgi(app)


@pytest.mark.parametrize("app", interfaces.ASGI, ids=lambda app: getattr(app, "__name__", type(app).__name__))
def test_what_is_not(app: Any) -> None:
    assert not is_wsgi(app)


@pytest.mark.parametrize("app", interfaces.ASGI + interfaces.WSGI, ids=lambda app: getattr(app, "__name__", ""))
def test_what_is_asgi_3(app: Any) -> None:
    assert is_asgi3(app) == (app in interfaces.ASGI_3)


def test_the_frameworks() -> None:
    flask: Any = pytest.importorskip("flask")
    fastapi: Any = pytest.importorskip("fastapi")
    starlette: Any = pytest.importorskip("starlette.applications")
    app = flask.Flask("shop")
    assert is_wsgi(app)
    assert is_wsgi(app.wsgi_app)
    assert not is_wsgi(fastapi.FastAPI())
    assert not is_wsgi(starlette.Starlette())


@pytest.mark.parametrize(
    "name",
    [
        *["wsgi", "handler", "Answer", "middleware", "open_middleware", "decorated_wsgi", "hidden_wsgi", "partial"],
        *["make", "make()"],
    ],
)
def test_a_wsgi_application_is_served_and_told_once(one_master: FakeMaster, name: str) -> None:
    worker = one_master.spawn(f"interfaces:{name}").serve()
    client = one_master.connect()
    for _ in range(3):
        assert client.get().body == b"wsgi"
    lines = [line for line in worker.log().splitlines() if "WSGI" in line]
    assert len(lines) == 1
    text = f"`interfaces:{name}` looks like a WSGI application and is served as one: say so with --interface wsgi"
    assert lines[0].endswith(f"[WARNING] {text}")
    assert "Traceback" not in worker.log()
    other = one_master.spawn(f"interfaces:{name}").serve()
    assert "WSGI" not in other.log(), "one worker tells"


def test_the_named_interface_is_not_doubted(one_master: FakeMaster) -> None:
    worker = one_master.spawn("interfaces:wsgi", options={"interface": "wsgi"}).serve()
    assert one_master.connect().get().body == b"wsgi"
    assert "WSGI" not in worker.log()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        *[("adapted", b"wsgi"), ("asgi", b"asgi"), ("Old", b"old"), ("old", b"old"), ("mount", b"wsgi")],
        *[("strict", b"strict"), ("polite", b"polite"), ("old_hidden", b"old"), ("old_open", b"old")],
        *[("plain", b"asgi"), ("asgi_partial", b"asgi"), ("asgi_open", b"asgi"), ("adapted_hidden", b"wsgi")],
    ],
)
def test_an_application_that_knows_no_lifespan_is_nothing_to_warn_of(
    loop_master: FakeMaster, name: str, body: bytes
) -> None:
    worker = loop_master.spawn(f"interfaces:{name}").serve()
    assert loop_master.connect().get().body == body
    assert "[WARNING]" not in worker.log()
    assert "lifespan startup" not in worker.log()


@pytest.mark.parametrize("name", ["apps:broken", "interfaces:quitting"])
def test_a_startup_that_has_failed_is(loop_master: FakeMaster, name: str) -> None:
    worker = loop_master.spawn(name).serve()
    assert worker.log().count("[WARNING] The application raised at its lifespan startup and is served without it") == 1
    assert loop_master.connect().get().status == 200
