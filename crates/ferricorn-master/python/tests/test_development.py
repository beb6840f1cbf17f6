"""A worker whose application is being worked on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fake_master import HERE, FakeMaster, Worker

from ferricorn_worker.development.traces import is_own, shorten

STREAM = """
import asyncio

async def app(scope, receive, send):
    assert scope["type"] == "http"
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while True:
        await send({"type": "http.response.body", "body": b"data: x\\n\\n", "more_body": True})
        await asyncio.sleep(0.05)
"""

DEBUGGED = """
import io, pdb

async def app(scope, receive, send):
    assert scope["type"] == "http"
    debugger = pdb.Pdb(stdin=io.StringIO("debug 1\\ncontinue\\ncontinue\\n"), stdout=io.StringIO())
    debugger.set_trace()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
"""


def developed(
    master: FakeMaster, target: str = "apps:app", page: str | None = None, app_dir: str = str(HERE)
) -> Worker:
    """A worker that waits for its order to proceed."""
    development: dict[str, Any] = {"watched": [app_dir], **({} if page is None else {"page": page})}
    return master.spawn(target, app_dir=app_dir, development=development)


def proceed(worker: Worker) -> list[str]:
    """Lets it begin its startup and serve. Returns the files that it has imported."""
    worker.send({"type": "proceed"})
    files: list[str] = []
    while (message := worker.receive())["type"] == "imported":
        files += message["files"]
    assert message == {"type": "ready"}, (message, worker.log())
    worker.order_to_serve()
    worker.master.wait_for(lambda: worker.word(0) == 2)
    return files


def test_it_waits_before_the_startup_and_tells_what_it_has_imported(master: FakeMaster) -> None:
    files = proceed(developed(master))
    assert str(HERE / "apps.py") in files
    assert not any("site-packages" in file or file.startswith(sys.base_prefix + "/lib") for file in files)


def test_it_goes_at_once_if_it_is_not_wanted_any_more(master: FakeMaster) -> None:
    worker = developed(master)
    master.wait_for(lambda: worker.word(1) != 0)
    worker.drain("replace", 2.0)
    assert worker.wait() == 0
    assert "lifespan" not in worker.out()


def test_the_page_says_why_in_a_browsers_form_and_in_plain_text(master: FakeMaster) -> None:
    text = f'Traceback\n  File "{HERE / "apps.py"}", line 3, in <module>\nNameError: <oh>'
    proceed(developed(master, page=text))
    client = master.connect()
    plain = client.get("/")
    assert (plain.status, plain.headers["content-type"]) == (500, "text/plain; charset=utf-8")
    assert text in plain.body.decode()
    browsers = client.get("/", "Accept: text/html,*/*")
    page = browsers.body.decode()
    assert (browsers.status, browsers.headers["cache-control"]) == (500, "no-store")
    assert "NameError: &lt;oh&gt;" in page and 'class="here"' in page
    client.close()


def test_a_stream_of_events_is_cut_soon_and_another_request_is_not(master: FakeMaster, tmp_path: Path) -> None:
    (tmp_path / "streamed.py").write_text(STREAM)
    worker = developed(master, "streamed:app", app_dir=str(tmp_path))
    proceed(worker)
    client = master.connect()
    client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    assert client.socket.recv(4) == b"HTTP"
    worker.drain("replace", 30.0)
    # Thirty seconds of grace are not waited for.
    assert worker.wait(20.0) == 0
    client.close()


def test_a_source_that_was_just_saved_is_not_kept_in_compiled_form(master: FakeMaster, tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("")
    os.utime(tmp_path / "old.py", (time.time() - 60, time.time() - 60))
    app = "import old\nasync def app(scope, receive, send):\n    assert scope['type'] == 'http'\n"
    (tmp_path / "young.py").write_text(app)
    development = {"watched": [str(tmp_path)]}
    environment = {"PYTHONDONTWRITEBYTECODE": ""}
    app_dir = str(tmp_path)
    proceed(master.spawn("young:app", app_dir=app_dir, development=development, environment=environment))
    compiled = [file.name.partition(".")[0] for file in (tmp_path / "__pycache__").iterdir()]
    assert compiled == ["old"]


def test_it_tells_what_comes_from_elsewhere(master: FakeMaster) -> None:
    worker = developed(master)
    worker.send({"type": "proceed"})
    modules: list[str] = []
    while (message := worker.receive())["type"] == "imported":
        modules += message.get("modules", [])
    assert {"json", "uvicorn", "ferricorn_worker.life.server"} <= set(modules)
    assert not {"apps", "__main__"} & set(modules)


def test_the_master_hears_of_a_debugger(master: FakeMaster, tmp_path: Path) -> None:
    (tmp_path / "debugged.py").write_text(DEBUGGED)
    worker = developed(master, "debugged:app", app_dir=str(tmp_path))
    proceed(worker)
    client = master.connect()
    assert client.get("/").status == 204
    heard = [worker.receive() for _ in range(2)]
    assert heard == [{"type": "debugging", "open": True}, {"type": "debugging", "open": False}]
    client.close()


def test_it_reports_a_debugger_that_is_open_during_the_import(master: FakeMaster, tmp_path: Path) -> None:
    begin = 'import io, pdb\npdb.Pdb(stdin=io.StringIO("continue\\n"), stdout=io.StringIO()).set_trace()\n'
    (tmp_path / "debugged.py").write_text(begin + STREAM)
    worker = developed(master, "debugged:app", app_dir=str(tmp_path))
    heard = [worker.receive() for _ in range(2)]
    assert heard == [{"type": "debugging", "open": True}, {"type": "debugging", "open": False}]
    proceed(worker)


def test_frames_of_libraries_are_folded() -> None:
    text = "\n".join(
        [
            "Traceback (most recent call last):",
            '  File "/app/main.py", line 3, in <module>',
            "    create()",
            '  File "/venv/lib/python3.11/site-packages/fastapi/routing.py", line 9, in create',
            "    raise",
            '  File "/venv/lib/python3.11/site-packages/pydantic/main.py", line 7, in raise',
            "    oh",
            "NameError: oh",
        ]
    )
    assert shorten(text, ["/app"]).split("\n")[1:] == [
        '  File "/app/main.py", line 3, in <module>',
        "    create()",
        "  (2 frames of fastapi, pydantic)",
        "NameError: oh",
    ]
    assert shorten(text, ["/other"]) != text
    foreign = "\n".join(text.split("\n")[3:])
    assert shorten(foreign, ["/app"]) == foreign


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/app/main.py", True),
        ("/app/.venv/lib/python3.11/site-packages/fastapi/app.py", False),
        ("/elsewhere/package/code.py", True),
        ("<frozen importlib._bootstrap>", False),
        ("<string>", False),
        ("/proc/self/fd/9", False),
    ],
)
def test_whose_a_file_is(file: str, own: bool) -> None:
    assert is_own(file, ["/app"]) is own
