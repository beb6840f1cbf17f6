"""Each stage at which a boot can fail: what the master is told, and the exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_master import FakeMaster


def failure(master: FakeMaster, target: str, **settings: Any) -> tuple[str, str, int]:
    """The stage, the text and the exit status."""
    worker = master.spawn(target, **settings)
    message = worker.receive()
    assert message.get("type") == "boot_failed", (message, worker.log())
    status = worker.wait()
    assert "Traceback" not in worker.log(), "the master prints it"
    return message["stage"], message["text"], status


def module(master: FakeMaster, source: str) -> dict[str, Any]:
    """Writes the module `user` and returns the setting that finds it."""
    (master.folder / "user.py").write_text(source)
    return {"app_dir": str(master.folder)}


def test_a_missing_module(one_master: FakeMaster) -> None:
    stage, text, status = failure(one_master, "nowhere:app")
    assert (stage, status) == ("import", 3)
    assert "ModuleNotFoundError: No module named 'nowhere'" in text
    assert "hint: " in text
    assert "File " not in text


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("user.py", "`user`, or `user:app`"),
        ("user.py:app", "`user:app`"),
        ("nowhere.py", "`nowhere`, or `nowhere:app`"),
        ("shop/user.py:make()", "`shop.user:make()`"),
    ],
)
def test_a_file_in_place_of_a_module(one_master: FakeMaster, target: str, hint: str) -> None:
    stage, text, status = failure(one_master, target, **module(one_master, "app = print\n"))
    assert (stage, status) == ("import", 3)
    assert text.endswith(f"\nhint: write the module's name: {hint}")


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("mian:app", "`main:app`"),
        ("Main:app", "`main:app`"),
        ("main.app", "`main:app`"),
        ("main.app:app", "`main:app`"),
        ("shop.app", "`shop:app`"),
        ("mian", "`main:app`"),
        ("shop.mian:make()", "`shop.main:make()`"),
        ("shpo.main:app", "`shop.main:app`"),
        ("wsgi:app", "`shop.wsgi:app`"),
        ("asgi:app", "`asgi:app --app-dir src`"),
        ("elsewhere.main:app", "`main:app`"),
    ],
)
def test_a_module_with_a_near_name(one_master: FakeMaster, target: str, meant: str) -> None:
    for file in ("main.py", "setup.py", "shop/__init__.py", "shop/main.py", "shop/wsgi.py", "src/asgi.py"):
        path = one_master.folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("app = print\n")
    stage, text, status = failure(one_master, target, app_dir=str(one_master.folder))
    assert (stage, status) == ("import", 3)
    assert text.endswith(f"\nhint: did you mean {meant}?")


def test_a_module_that_raises_shows_the_users_frames_only(one_master: FakeMaster) -> None:
    where = module(one_master, "def deep():\n    raise RuntimeError('no database')\n\ndeep()\n")
    stage, text, status = failure(one_master, "user:app", **where)
    assert (stage, status) == ("import", 3)
    assert text.startswith('Traceback (most recent call last):\n  File "')
    assert text.count("  File ") == 2
    assert "<ferricorn" not in text
    assert text.endswith("RuntimeError: no database")


def test_a_dependency_that_is_missing(one_master: FakeMaster) -> None:
    stage, text, _ = failure(one_master, "user:app", **module(one_master, "import not_installed\n"))
    assert stage == "import"
    assert "No module named 'not_installed'" in text
    assert "hint" not in text


@pytest.mark.parametrize("source", ["app = (\n", "raise SystemExit(5)\n"])
def test_other_ways_to_fail_at_import(one_master: FakeMaster, source: str) -> None:
    stage, text, status = failure(one_master, "user:app", **module(one_master, source))
    assert (stage, status) == ("import", 3)
    assert "user.py" in text


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("apps:nope", "Failed to find attribute 'nope' in 'apps'."),
        ("apps:holder.nope", "Failed to find attribute 'holder.nope' in 'apps'."),
        ("apps:nothing_to_call", "Application object must be callable"),
        ("apps:make('broken')", "RuntimeError: factory broke"),
        ("apps:make(unknown)", "Failed to parse arguments as literal values"),
        ("apps:1+1", "Failed to parse `1+1`"),
        ("apps:ap", "hint: the module has `app`"),
        ("apps:", "hint: write `apps:app`"),
        ("apps:app()", "hint: `app` looks like the application itself"),
    ],
)
def test_the_attribute(one_master: FakeMaster, target: str, expected: str) -> None:
    stage, text, status = failure(one_master, target)
    assert (stage, status) == ("app", 4)
    assert expected in text


def test_a_failed_lifespan(loop_master: FakeMaster) -> None:
    stage, text, status = failure(loop_master, "apps:refuses")
    assert (stage, status) == ("lifespan", 3)
    assert text == "Traceback: database is away"


def test_a_lifespan_that_raises(loop_master: FakeMaster) -> None:
    stage, text, status = failure(loop_master, "apps:broken", options={"lifespan": "on"})
    assert (stage, status) == ("lifespan", 3)
    assert text.endswith("KeyError: 'DATABASE_URL'")
    assert "uvicorn" not in text


def test_an_option_that_uvicorn_lacks(one_master: FakeMaster) -> None:
    stage, text, status = failure(one_master, "apps:app", options={"from_the_future": 1})
    assert (stage, status) == ("environment", 1)
    assert "`from_the_future`" in text


def test_a_choice_that_uvicorn_lacks(one_master: FakeMaster) -> None:
    stage, text, status = failure(one_master, "apps:app", options={"lifespan": "sometimes"})
    assert (stage, status) == ("environment", 1)
    assert "sometimes" in text


def test_an_event_loop_that_is_not_there(one_master: FakeMaster) -> None:
    stage, text, status = failure(one_master, "apps:app", options={"loop": "nowhere:Loop"})
    assert (stage, status) == ("environment", 1)
    assert "`nowhere:Loop`" in text


def test_a_package_that_is_missing(one_master: FakeMaster) -> None:
    stage, text, status = failure(one_master, "apps:app", options={"loop": "zuvloop"})
    assert (stage, status) == ("environment", 1)
    assert "`zuvloop`" in text


@pytest.mark.parametrize(
    ("source", "expected"),
    [("raise ModuleNotFoundError(name='uvicorn')", "is not installed"), ("__version__ = '0.23.2'", "too old")],
)
def test_a_uvicorn_that_cannot_be_used(one_master: FakeMaster, source: str, expected: str) -> None:
    (one_master.folder / "uvicorn.py").write_text(source)
    stage, text, status = failure(one_master, "apps:app", app_dir=str(one_master.folder))
    assert (stage, status) == ("environment", 1)
    assert expected in text
    assert "pip install" in text


def test_a_log_file_that_cannot_be_opened(one_master: FakeMaster) -> None:
    stage, text, _ = failure(one_master, "apps:app", error_file="/nowhere/at/all")
    assert stage == "environment"
    assert "`/nowhere/at/all`" in text


@pytest.mark.parametrize(
    "target", ["apps", "apps:app", "apps:holder.inner", "apps:make()", "apps:make('x', loud=True)"]
)
def test_every_form_of_the_target(one_master: FakeMaster, target: str) -> None:
    worker = one_master.spawn(target).serve()
    assert one_master.connect().get().status == 200
    if "loud" in target:
        assert "made x True" in worker.out()


def test_the_factory_flag(one_master: FakeMaster) -> None:
    one_master.spawn("apps:make", factory=True).serve()
    assert one_master.connect().get().status == 200


def test_what_the_application_sees(one_master: FakeMaster) -> None:
    one_master.spawn("apps:paths").serve()
    body = one_master.connect().get().body.decode()
    assert body == repr([str(Path(__file__).parent), ["/bin/ferricorn", "main:app"]])


def test_a_certificate_that_is_not_there_is_named(one_master: FakeMaster) -> None:
    stage, text, status = failure(one_master, "apps:app", options={"ssl_certfile": "/nowhere/cert.pem"})
    assert (stage, status) == ("environment", 1)
    assert text == "`/nowhere/cert.pem` of `--certfile` cannot be read: No such file or directory"
