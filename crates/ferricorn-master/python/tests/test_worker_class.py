"""Worker classes of the user's: what their CONFIG_KWARGS do, with gunicorn and without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_master import EXTENSION, FakeMaster, Worker

WITHOUT_GUNICORN = """
import importlib.abc, sys

class Hide(importlib.abc.MetaPathFinder):
    \"\"\"Makes packages look as if they were not installed, but only to finders after it.\"\"\"

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("gunicorn", "uvicorn_worker") or name == "uvicorn.workers":
            for finder in sys.meta_path[sys.meta_path.index(self) + 1:]:
                if type(finder).__name__ == "_Finder":
                    return finder.find_spec(name, path, target)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hide())
"""

CLASSES = """
import {module} as base

class ShopWorker(base.UvicornWorker):
    CONFIG_KWARGS = {{**base.UvicornWorker.CONFIG_KWARGS, {words}}}

class Deaf(base.UvicornWorker):
    def init_signals(self):
        raise RuntimeError("never called")

class H11(base.UvicornH11Worker):
    pass

class Nothing:
    pass

number = 3
"""

SCOPE = """
import sys

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan")
    gunicorn = "gunicorn" in sys.modules
    body = f"{scope['root_path']} {type(receive.__self__).__module__} {gunicorn}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""


def spawn(
    master: FakeMaster,
    name: str,
    words: str = "",
    module: str = "uvicorn.workers",
    hide: bool = False,
    **more: Any,
) -> Worker:
    """A worker with a class of the user's."""
    (master.folder / "shop_workers.py").write_text(CLASSES.format(module=module, words=words))
    (master.folder / "shop.py").write_text(SCOPE)
    environment = {}
    if hide:
        (master.folder / "hidden").mkdir()
        (master.folder / "hidden" / "sitecustomize.py").write_text(WITHOUT_GUNICORN)
        environment["PYTHONPATH"] = str(master.folder / "hidden")
    named = f"shop_workers.{name}"
    return master.spawn("shop:app", app_dir=str(master.folder), worker_class=named, environment=environment, **more)


@pytest.mark.parametrize("hide", [False, True], ids=["installed", "absent"])
@pytest.mark.parametrize("module", ["uvicorn.workers", "uvicorn_worker"])
def test_the_options_of_a_class_reach_uvicorn(one_master: FakeMaster, module: str, hide: bool) -> None:
    words = '"root_path": "/shop", "http": "httptools", "lifespan": "off"'
    worker = spawn(one_master, "ShopWorker", words, module, hide).serve()
    body = one_master.connect().get("/x").body.decode().split()
    assert body[:2] == ["/shop", "uvicorn.protocols.http.httptools_impl"]
    if hide:
        # What stood in for it is gone.
        assert body[2] == "False"
    assert "unsupported" not in worker.log()
    assert "[WARNING]" not in worker.log()


@pytest.mark.skipif(EXTENSION is None, reason="`cargo dev test` builds the extension")
@pytest.mark.parametrize("named", [False, True])
def test_a_class_that_names_a_protocol_goes_before_the_native_one_unless_that_is_named(
    tmp_path: Path, named: bool
) -> None:
    master = FakeMaster(tmp_path, http="native")
    try:
        spawn(master, "H11", native={"is_named": named}).serve()
        served_by = master.connect().get("/x").body.decode().split()[0]
        assert ("native" in served_by, "h11" in served_by) == (named, not named)
    finally:
        master.close()


def test_a_subclass_of_the_h11_worker(one_master: FakeMaster) -> None:
    one_master.http = "httptools"
    spawn(one_master, "H11").serve()
    assert one_master.connect().get("/x").body.decode().split()[0] == "uvicorn.protocols.http.h11_impl"


def test_words_for_the_master_and_methods_are_warned_of(one_master: FakeMaster) -> None:
    words = '"limit_max_requests": 10, "reload": True, "timeout_notify": 3, "access_log": False'
    worker = spawn(one_master, "ShopWorker", words).serve()
    warnings = [line.split("] ", 3)[-1] for line in worker.log().splitlines() if "[WARNING]" in line]
    assert warnings == [
        "`limit_max_requests` in CONFIG_KWARGS of `shop_workers.ShopWorker` has no effect: use `--max-requests`",
        "`reload` in CONFIG_KWARGS of `shop_workers.ShopWorker` has no effect: send SIGHUP to reload",
    ]
    other = spawn(one_master, "Deaf")
    assert other.receive() == {"type": "ready"}


def test_an_overridden_method_is_warned_of(one_master: FakeMaster) -> None:
    worker = spawn(one_master, "Deaf").serve()
    expected = "worker class `shop_workers.Deaf`: `init_signals` not called, since ferricorn runs uvicorn itself"
    assert expected in worker.log()


def test_the_logging_configuration_of_a_class(one_master: FakeMaster) -> None:
    log: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "OWN %(message)s"}},
        "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "loggers": {"uvicorn": {"handlers": ["err"], "level": "INFO"}},
    }
    worker = spawn(one_master, "ShopWorker", f'"log_config": {log!r}, "log_level": "info"').serve()
    worker.drain()
    assert worker.wait() == 0
    assert "OWN Application startup complete." in worker.log() or "OWN Waiting for application" in worker.log()
    assert "OWN Worker exiting" in worker.log()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Nothing", "worker class `shop_workers.Nothing` is none of uvicorn's"),
        ("number", "`shop_workers` has no worker class `number`"),
        ("None_such", "`shop_workers` has no worker class `None_such`"),
        ("sub.Module", "worker class `shop_workers.sub.Module` cannot be imported\n"),
    ],
)
def test_a_class_that_is_none(one_master: FakeMaster, name: str, expected: str) -> None:
    worker = spawn(one_master, name)
    message = worker.receive()
    assert (message["type"], message["stage"]) == ("boot_failed", "environment")
    assert message["text"].startswith(expected), message["text"]
    assert worker.wait() == 1


def test_an_unknown_word_is_an_error_that_names_it(one_master: FakeMaster) -> None:
    worker = spawn(one_master, "ShopWorker", '"no_such_option": 1')
    assert "has no option `no_such_option`" in worker.receive()["text"]
