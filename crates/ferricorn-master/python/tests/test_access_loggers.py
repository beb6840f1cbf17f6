"""What the application does to the loggers of the access log, at each moment at which it may."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fake_master import FakeMaster

APP = '''
import functools, logging, logging.config, os, sys

U = logging.getLogger("uvicorn.access")
G = logging.getLogger("gunicorn.access")
asked = []

def wanted(record):
    """By uvicorn's arguments."""
    asked.append(record.args)
    return record.args[2] != "/health"

def wanted_of_gunicorns(record):
    asked.append(record.args)
    return record.args["U"] != "/health"

class Health(logging.Filter):
    def filter(self, record):
        return record.getMessage().find("/health") == -1

def theirs(format_="%(name)s|%(message)s"):
    handler = logging.FileHandler("theirs.log")
    handler.setFormatter(logging.Formatter(format_))
    return handler

def touch():
    BODY

when = "WHEN"
if when == "import":
    touch()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        if when == "startup":
            touch()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/touch" and when == "request":
        touch()
    if scope["path"] == "/fail":
        raise ValueError("on purpose")
    body = repr([type(args).__name__ for args in asked]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
'''

FORMAT = "ours %(m)s %(U)s %(q)s %(s)s"
MOMENTS = ("import", "startup", "request")

OURS = ["/health", "/seen"]

LOGURU = """
    from loguru import logger
    class Intercept(logging.Handler):
        def emit(self, record):
            logger.opt(depth=6, exception=record.exc_info).log(record.levelname, record.getMessage())
    logger.remove()
    logger.add("theirs.log", format="loguru|{message}")
    logging.root.handlers = [Intercept()]
    logging.root.setLevel("INFO")
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
"""

STRUCTLOG = """
    logging.root.handlers = [theirs()]
    logging.root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    U.handlers.clear()
    U.propagate = False
"""

DICT = '"version": 1, "handlers": {"x": {"class": "logging.FileHandler", "filename": "theirs.log"}}'

USING = "{'handlers': ['x'], 'level': 'INFO'}"

# What the application does, and which of /health and /seen are in the worker's own log and in the application's.
CASES: dict[str, tuple[str, list[str], list[str]]] = {
    "nothing": ("pass", OURS, []),
    "a filter": ("U.addFilter(wanted)", ["/seen"], []),
    "a filter by the message": ("U.addFilter(Health())", ["/seen"], []),
    "a filter of gunicorn's": ("G.addFilter(wanted_of_gunicorns)", ["/seen"], []),
    "filters of both": ("U.addFilter(Health()); G.addFilter(lambda record: record.args['U'] != '/seen')", [], []),
    "a list of filters": ("U.filters = [wanted]", ["/seen"], []),
    "a filter that is taken away again": ("U.addFilter(wanted); U.removeFilter(wanted)", OURS, []),
    "a filter of the handler": ("U.handlers[0].addFilter(wanted)", ["/seen"], []),
    "a filter of gunicorn's handler": ("G.handlers[0].addFilter(wanted_of_gunicorns)", ["/seen"], []),
    "the level": ("U.setLevel(logging.WARNING)", [], []),
    "the level of gunicorn's": ("G.setLevel('ERROR')", [], []),
    "the level by an adapter": ("logging.LoggerAdapter(U, {}).setLevel(logging.WARNING)", [], []),
    "the level of the handler": ("U.handlers[0].setLevel(logging.WARNING)", [], []),
    "a lower level": ("U.setLevel(logging.DEBUG)", OURS, []),
    "disabled": ("U.disabled = True", [], []),
    "disabled and enabled": ("U.disabled = True; U.disabled = False", OURS, []),
    "gunicorn's disabled": ("G.disabled = True", [], []),
    "handlers cleared": ("U.handlers.clear()", [], []),
    "no handlers": ("U.handlers = []", [], []),
    "the handler removed": ("U.removeHandler(U.handlers[0])", [], []),
    "gunicorn's handlers cleared": ("G.handlers.clear()", [], []),
    "a handler in its place": ("U.handlers = [theirs()]", [], OURS),
    "a handler beside": ("U.addHandler(theirs())", [], OURS),
    "a handler beside that does nothing": ("U.addHandler(logging.NullHandler())", OURS, []),
    "a handler by index": ("U.handlers[0] = theirs()", [], OURS),
    "a handler and a filter": ("U.addHandler(theirs()); U.addFilter(wanted)", [], ["/seen"]),
    "a handler with a filter": ("h = theirs(); h.addFilter(wanted); U.addHandler(h)", [], ["/seen"]),
    "a handler and a level": ("U.addHandler(theirs()); U.setLevel(logging.ERROR)", [], []),
    "a handler of gunicorn's": ("G.addHandler(theirs())", [], OURS),
    "a handler of gunicorn's alone": ("U.handlers.clear(); G.handlers = [theirs()]", [], OURS),
    "handlers of both": ("h = theirs(); U.handlers = [h]; G.handlers = [h]", [], OURS),
    "gunicorn's handlers lent": ("U.handlers = G.handlers", OURS, []),
    "gunicorn's handlers lent and filtered": ("U.handlers = G.handlers; U.addFilter(wanted)", ["/seen"], []),
    "the root's": ("logging.root.addHandler(theirs()); U.handlers.clear(); U.propagate = True", [], OURS),
    "the root's besides": ("logging.root.addHandler(theirs()); U.propagate = True", [], OURS),
    "nothing above it": ("U.handlers.clear(); G.propagate = True", [], []),
    "a root of its own": ("logging.basicConfig(filename='theirs.log', force=True)", OURS, []),
    "loguru": (LOGURU.strip(), [], OURS),
    "structlog": (STRUCTLOG.strip(), [], []),
    "a configuration": (f"logging.config.dictConfig({{{DICT}, 'root': {{'handlers': ['x']}}}})", OURS, []),
    "a configuration that names uvicorn": (
        f"logging.config.dictConfig({{{DICT}, 'loggers': {{'uvicorn': {USING}}}}})",
        [],
        OURS,
    ),
    "a configuration that names the logger": (
        f"logging.config.dictConfig({{{DICT}, 'loggers': {{'uvicorn.access': {USING}}}}})",
        [],
        OURS,
    ),
    "a configuration and disabled": (f"logging.config.dictConfig({{{DICT}}}); U.disabled = True", [], []),
    "disabled and a configuration": (f"U.disabled = True; logging.config.dictConfig({{{DICT}}})", [], []),
}


def spawn(master: FakeMaster, body: str, moment: str, **settings: Any) -> Any:
    """A worker whose application does this at this moment."""
    (master.folder / "user.py").write_text(APP.replace("BODY", body).replace("WHEN", moment))
    settings.setdefault("access", {"file": None, "format": FORMAT})
    return master.spawn("user:app", app_dir=str(master.folder), **settings)


def finish(worker: Any) -> None:
    """Ends a worker in an orderly way, so that everything is written."""
    worker.drain()
    assert worker.wait() == 0


def theirs(master: FakeMaster) -> str:
    """What the application's handlers have written."""
    file = master.folder / "theirs.log"
    return file.read_text() if file.exists() else ""


def paths(text: str) -> list[str]:
    """The paths in the lines of a log that are not of the request in which the application acts."""
    return re.findall(r"/health|/seen", text)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("case", CASES)
def test_what_the_application_decides_holds(one_master: FakeMaster, case: str, moment: str) -> None:
    body, ours, others = CASES[case]
    worker = spawn(one_master, body, moment).serve()
    client = one_master.connect()
    for path in ("/touch", "/health", "/seen"):
        assert client.get(path).status == 200
    client.close()
    finish(worker)
    own_lines = [line for line in worker.out().splitlines() if line.startswith("ours ")]
    assert (paths("\n".join(own_lines)), paths(theirs(one_master))) == (ours, others)
    assert paths(worker.out()) == ours, "nobody else writes there"
    assert paths(worker.log()) == []
    assert "Traceback" not in worker.log()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_handler_sees_the_request_in_which_it_is_added(one_master: FakeMaster, moment: str) -> None:
    worker = spawn(one_master, "U.addHandler(theirs('%(name)s|%(args)s|%(funcName)s'))", moment).serve()
    client = one_master.connect()
    client.get("/touch?a=b%20c")
    client.get("/a%20b")
    finish(worker)
    lines = [line.partition("|")[2] for line in theirs(one_master).splitlines()]
    tail = "'GET', '{}', '1.1', 200)|send"
    assert [line.partition(", ")[2] for line in lines] == [tail.format("/touch?a=b%20c"), tail.format("/a%20b")]
    assert re.fullmatch(r"\('127\.0\.0\.1:\d+'", lines[0].partition(", ")[0])
    assert "ours" not in worker.out()


def test_a_filter_is_asked_once_for_each_request(master: FakeMaster) -> None:
    worker = spawn(master, "U.addFilter(wanted); G.addFilter(wanted_of_gunicorns)", "import").serve()
    client = master.connect()
    for number in range(3):
        assert client.get("/").body.decode() == repr(["tuple", "Atoms"] * number)
    finish(worker)
    assert worker.out().count("ours GET /") == 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("U.addFilter(lambda r: setattr(r, 'args', (*r.args[:2], '/hidden?t=x', *r.args[3:])) or True)", "/hidden t=x"),
        ("U.addFilter(lambda r: r.__dict__.update(msg='hidden', args=()) or True)", None),
        ("G.addFilter(lambda r: r.args.update(U='/hidden', q='-') or True)", "/hidden -"),
    ],
)
def test_what_a_filter_hides_is_hidden(one_master: FakeMaster, body: str, expected: str | None) -> None:
    worker = spawn(one_master, body, "startup").serve()
    one_master.connect().get("/page?token=secret")
    finish(worker)
    line = "hidden" if expected is None else f"ours GET {expected} 200"
    assert line in worker.out().splitlines()
    assert "secret" not in worker.out()


@pytest.mark.parametrize(
    ("logger", "expected"), [("U", r'\[I\] 127\.0\.0\.1:\d+ - "GET / HTTP/1\.1" 200'), ("G", r"\[I\] ours GET /  200")]
)
def test_the_formatter_of_the_worker_s_handler(one_master: FakeMaster, logger: str, expected: str) -> None:
    body = f"{logger}.handlers[0].setFormatter(logging.Formatter('[%(levelname).1s] %(message)s'))"
    worker = spawn(one_master, body, "startup").serve()
    one_master.connect().get()
    finish(worker)
    assert [line for line in worker.out().splitlines() if re.fullmatch(expected, line)], worker.out()
    assert worker.out().count("GET /") == 1


def test_a_filter_that_fails_costs_no_request_and_no_line(one_master: FakeMaster) -> None:
    worker = spawn(one_master, "U.addFilter(lambda record: record.args[9])", "import").serve()
    client = one_master.connect()
    for _ in range(3):
        assert client.get("/seen").status == 200
    finish(worker)
    assert paths(worker.out()) == ["/seen"] * 3
    assert worker.log().count("A filter or handler of the access log failed") == 1


def test_failures_and_what_nobody_answers_are_lines_of_theirs_too(one_master: FakeMaster) -> None:
    worker = spawn(one_master, "U.addHandler(theirs())", "import").serve()
    assert one_master.connect().get("/fail").status == 500
    finish(worker)
    assert theirs(one_master).count('"GET /fail HTTP/1.1" 500') == 1
    assert "ValueError: on purpose" in worker.log()


def test_what_the_application_logs_there_itself_is_written(one_master: FakeMaster) -> None:
    worker = spawn(one_master, "U.info('a word to %s', 'uvicorn'); G.info('a word to gunicorn')", "startup").serve()
    finish(worker)
    assert worker.out().splitlines() == ["a word to uvicorn", "a word to gunicorn"]


def test_json_lines_are_filtered(one_master: FakeMaster) -> None:
    worker = spawn(one_master, "U.addFilter(wanted)", "import", log={"json": True}).serve()
    client = one_master.connect()
    client.get("/health")
    client.get("/seen")
    finish(worker)
    assert '"path": "/seen"' in worker.out()
    assert "/health" not in worker.out()


CONFIGURED = """
version: 1
formatters: {plain: {format: "%(name)s|%(message)s"}}
handlers: {x: {class: logging.FileHandler, filename: configured.log, formatter: plain}}
loggers: {NAME: {handlers: [x], level: INFO}}
"""


@pytest.mark.parametrize("name", ["gunicorn.access", "uvicorn.access"])
@pytest.mark.parametrize(
    ("body", "configured", "others"),
    [
        ("pass", OURS, []),
        ("U.addFilter(wanted)", ["/seen"], []),
        ("U.setLevel(logging.WARNING)", [], []),
        ("U.disabled = True", [], []),
        ("U.handlers.clear()", [], []),
        ("U.handlers = [theirs()]", [], OURS),
    ],
)
def test_with_a_configuration_of_the_users(
    one_master: FakeMaster, name: str, body: str, configured: list[str], others: list[str]
) -> None:
    pytest.importorskip("yaml")
    file = one_master.folder / "logging.yaml"
    file.write_text(CONFIGURED.replace("NAME", name))
    config = {"config": {"file": str(file), "over_gunicorns": False, "no_access": False}}
    worker = spawn(one_master, body, "startup", access=None, log=config).serve()
    client = one_master.connect()
    client.get("/health")
    client.get("/seen")
    finish(worker)
    assert paths((one_master.folder / "configured.log").read_text()) == configured
    assert paths(theirs(one_master)) == others


@pytest.mark.parametrize(
    ("body", "expected"),
    [("U.addFilter(wanted)", ["/seen"]), ("G.addFilter(wanted_of_gunicorns)", ["/seen"]), ("U.disabled = True", [])],
)
def test_with_a_logger_class(one_master: FakeMaster, body: str, expected: list[str]) -> None:
    (one_master.folder / "shop.py").write_text("from gunicorn.glogging import Logger\nclass Mine(Logger):\n    pass\n")
    log = {"logger_class": "shop.Mine"}
    worker = spawn(one_master, body, "startup", log=log, environment={"PYTHONPATH": str(one_master.folder)}).serve()
    client = one_master.connect()
    client.get("/health")
    client.get("/seen")
    finish(worker)
    assert paths(worker.out()) == expected


INI = "[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n[logger_root]\nlevel=WARN\nhandlers=\n"
DEFAULTS = {
    "dictConfig": f"logging.config.dictConfig({{{DICT}, 'root': {{'handlers': ['x']}}}})",
    "fileConfig": "logging.config.fileConfig('alembic.ini')",
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("function", DEFAULTS)
def test_a_configuration_with_its_defaults_loses_nothing(loop_master: FakeMaster, function: str, moment: str) -> None:
    (loop_master.folder / "alembic.ini").write_text(INI)
    (loop_master.folder / "theirs.log").touch()
    worker = spawn(loop_master, DEFAULTS[function], moment).serve()
    client = loop_master.connect()
    client.get("/touch")
    assert client.get("/fail").status == 500
    finish(worker)
    for text in ("ValueError: on purpose", "Application shutdown complete.", "Worker exiting (pid: "):
        assert worker.log().count(text) == 1, (text, worker.log())
    assert worker.out().count("/fail") == 1


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("logging.getLogger('uvicorn.error').disabled = True", "ValueError: on purpose"),
        ("logging.getLogger('ferricorn').disabled = True", "Worker exiting"),
        ("logging.getLogger('uvicorn.error').setLevel(logging.CRITICAL)", "ValueError: on purpose"),
    ],
)
def test_what_is_silenced_on_purpose_is_silent(one_master: FakeMaster, body: str, text: str) -> None:
    configuration = DEFAULTS["dictConfig"]
    worker = spawn(one_master, f"{body}; {configuration}", "import").serve()
    assert one_master.connect().get("/fail").status == 500
    finish(worker)
    assert text not in worker.log()


def test_other_loggers_are_disabled_as_ever(one_master: FakeMaster) -> None:
    body = f"mine = logging.getLogger('shop'); {DEFAULTS['dictConfig']}; print('shop', mine.disabled, flush=True)"
    worker = spawn(one_master, body, "import").serve()
    assert "shop True" in worker.out()
    assert Path(one_master.folder / "theirs.log").exists()
