"""What users configure of the log: JSON, Python's logging configuration, captured output."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fake_master import FakeMaster

ACCESS = "%(h)s %(r)s %(s)s %({User-Agent}i)s"


def finish(worker: Any) -> None:
    """Ends a worker in an orderly way, so that everything is written."""
    worker.drain()
    assert worker.wait() == 0


def config(file: Path, over_gunicorns: bool = False, no_access: bool = False) -> dict[str, Any]:
    """The part of the start message about a configuration."""
    return {"config": {"file": str(file), "over_gunicorns": over_gunicorns, "no_access": no_access}}


def handlers(folder: Path, *names: str) -> dict[str, Any]:
    """A logging configuration with a file for each of these loggers."""
    return {
        "version": 1,
        "formatters": {"plain": {"format": "%(name)s %(levelname)s %(message)s"}},
        "handlers": {
            name: {"class": "logging.FileHandler", "filename": str(folder / f"{name}.log"), "formatter": "plain"}
            for name in names
        },
        "loggers": {name: {"handlers": [name], "level": "INFO", "propagate": False} for name in names},
    }


def test_every_line_is_json(master: FakeMaster) -> None:
    worker = master.spawn(access={"file": None, "format": ACCESS}, log={"json": True}).serve()
    client = master.connect()
    client.get('/a%20b?c="d"', 'User-Agent: a "quoted" agent')
    assert client.get("/fail").status == 500
    finish(worker)
    errors = [json.loads(line) for line in worker.log().splitlines()]
    assert all({"time", "level", "pid", "logger", "message", "slot", "generation"} <= set(line) for line in errors)
    assert errors[0]["message"] == f"Booting worker with pid: {worker.process.pid}"
    failed = [line for line in errors if line["level"] == "error"]
    assert [line["logger"] for line in failed] == ["uvicorn.error"]
    assert failed[0]["exception"].endswith("ValueError: no")
    lines = [json.loads(line) for line in worker.out().splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines] == [200, 500]
    first = lines[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d", first["time"])
    assert (first["method"], first["path"], first["client"]) == ("GET", "/a b", "127.0.0.1")
    assert first["user_agent"] == 'a "quoted" agent'
    assert first["message"].startswith("127.0.0.1 GET /a%20b?c=")
    assert first["duration_ms"] >= 0


def test_a_configuration_of_uvicorns(one_master: FakeMaster) -> None:
    folder = one_master.folder
    file = folder / "logging.json"
    file.write_text(json.dumps(handlers(folder, "uvicorn.error", "uvicorn.access", "ferricorn")))
    worker = one_master.spawn(log=config(file)).serve()
    one_master.connect().get("/seen")
    one_master.wait_for(lambda: "/seen" in (folder / "uvicorn.access.log").read_text())
    finish(worker)
    assert re.search(
        r'^uvicorn\.access INFO 127\.0\.0\.1:\d+ - "GET /seen HTTP/1\.1" 200$',
        (folder / "uvicorn.access.log").read_text(),
        re.MULTILINE,
    )
    assert "uvicorn.error INFO Application startup complete." in (folder / "uvicorn.error.log").read_text()
    assert "ferricorn INFO Worker exiting" in (folder / "ferricorn.log").read_text()


def test_a_configuration_of_uvicorns_without_access_log(one_master: FakeMaster) -> None:
    folder = one_master.folder
    file = folder / "logging.json"
    file.write_text(json.dumps(handlers(folder, "uvicorn", "uvicorn.access")))
    worker = one_master.spawn(log=config(file, no_access=True)).serve()
    one_master.connect().get("/seen")
    finish(worker)
    assert (folder / "uvicorn.access.log").read_text() == ""
    # The worker's own lines go where uvicorn's go.
    assert "ferricorn INFO Worker exiting" in (folder / "uvicorn.log").read_text()


@pytest.mark.parametrize("form", ["yaml", "ini", "json over gunicorn's"])
def test_a_configuration_of_gunicorns(one_master: FakeMaster, form: str) -> None:
    folder = one_master.folder
    settings = handlers(folder, "gunicorn.error", "gunicorn.access")
    over = False
    if form == "yaml":
        yaml: Any = pytest.importorskip("yaml")
        file = folder / "logging.yaml"
        file.write_text(yaml.safe_dump(settings))
    elif form == "ini":
        file = folder / "logging.ini"
        write_ini(file, settings)
    else:
        over = True
        settings["root"] = {"handlers": []}
        file = folder / "logging.json"
        file.write_text(json.dumps(settings))
    worker = one_master.spawn(access={"file": None, "format": ACCESS}, log=config(file, over)).serve()
    one_master.connect().get("/seen", "User-Agent: tester")
    one_master.wait_for(lambda: "/seen" in (folder / "gunicorn.access.log").read_text())
    finish(worker)
    line = "gunicorn.access INFO 127.0.0.1 GET /seen HTTP/1.1 200 tester\n"
    assert (folder / "gunicorn.access.log").read_text() == line
    errors = (folder / "gunicorn.error.log").read_text()
    assert "uvicorn.error INFO Application startup complete." in errors
    assert "ferricorn INFO Worker exiting" in errors
    assert "seen" not in worker.out()


def write_ini(file: Path, settings: dict[str, Any]) -> None:
    """The configuration as `logging.config.fileConfig` reads it."""
    parser = configparser.RawConfigParser()
    names = list(settings["handlers"])
    parser["loggers"] = {"keys": ",".join(["root", *names])}
    parser["handlers"] = {"keys": ",".join(names)}
    parser["formatters"] = {"keys": "plain"}
    parser["formatter_plain"] = {"format": "%(name)s %(levelname)s %(message)s"}
    parser["logger_root"] = {"handlers": ""}
    for name in names:
        parser[f"logger_{name}"] = {"qualname": name, "handlers": name, "level": "INFO", "propagate": "0"}
        path = f"%(here)s/{name}.log"
        parser[f"handler_{name}"] = {"class": "FileHandler", "args": f"('{path}',)", "formatter": "plain"}
    with file.open("w") as opened:
        parser.write(opened)


def test_a_configuration_may_name_the_applications_classes(one_master: FakeMaster) -> None:
    folder = one_master.folder
    (folder / "shop_logging.py").write_text(
        "import logging\nclass Loud(logging.Formatter):\n    def format(self, record):\n"
        "        return super().format(record).upper()\n"
    )
    settings = handlers(folder, "uvicorn")
    settings["formatters"]["plain"] = {"()": "shop_logging.Loud", "fmt": "%(message)s"}
    file = folder / "logging.json"
    file.write_text(json.dumps(settings))
    environment = {"PYTHONPATH": str(Path(__file__).parent)}
    target = "apps:app"
    worker = one_master.spawn(target, app_dir=str(folder), log=config(file), environment=environment).serve()
    finish(worker)
    assert "APPLICATION STARTUP COMPLETE." in (folder / "uvicorn.log").read_text()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("none.json", None, "`none.json` of `--log-config` does not exist"),
        ("broken.json", "{", "`broken.json` of `--log-config` cannot be used: JSONDecodeError: "),
        ("list.json", "[]", "`list.json` of `--log-config` holds no mapping"),
        (
            "class.json",
            '{"version": 1, "handlers": {"x": {"class": "no.such.Handler"}}}',
            "`class.json` of `--log-config` cannot be used: ValueError: Unable to configure handler 'x': ",
        ),
        ("broken.ini", "no section", "`broken.ini` of `--log-config` cannot be used: "),
    ],
)
def test_a_configuration_that_cannot_be_used(
    one_master: FakeMaster, name: str, content: str | None, expected: str
) -> None:
    if content is not None:
        (one_master.folder / name).write_text(content)
    worker = one_master.spawn(log=config(Path(name)))
    message = worker.receive()
    assert (message["type"], message["stage"]) == ("boot_failed", "environment")
    assert message["text"].startswith(expected), message["text"]
    assert worker.wait() == 1


def test_a_json_file_that_gunicorn_would_not_miss(one_master: FakeMaster) -> None:
    worker = one_master.spawn(log=config(Path("none.json"), over_gunicorns=True)).serve()
    finish(worker)
    assert "[WARNING] `none.json` of `--log-config-json` does not exist" in worker.log()
    assert "Application startup complete." in worker.log()


def test_what_the_application_prints_goes_to_the_error_log(one_master: FakeMaster) -> None:
    folder = one_master.folder
    errors = folder / "error.log"
    worker = one_master.spawn(
        error_file=str(errors), access={"file": None, "format": "%(U)s"}, log={"capture_output": True}
    ).serve()
    client = one_master.connect()
    client.get("/before")
    one_master.wait_for(lambda: "/before" in errors.read_text())
    errors.rename(folder / "error.log.1")
    worker.send({"type": "reopen_logs"})
    one_master.wait_for(errors.exists)
    client.get("/after")
    one_master.wait_for(lambda: "/after" in errors.read_text())
    client.close()
    finish(worker)
    assert "lifespan shutdown" in errors.read_text()
    assert "/after" not in (folder / "error.log.1").read_text()
    assert worker.out() == ""


def test_the_files_of_the_users_handlers_are_opened_anew(one_master: FakeMaster) -> None:
    folder = one_master.folder
    settings = handlers(folder, "gunicorn.access", "uvicorn")
    settings["handlers"]["gunicorn.access"]["class"] = "logging.handlers.WatchedFileHandler"
    settings["handlers"]["uvicorn"]["class"] = "logging.handlers.RotatingFileHandler"
    file = folder / "logging.json"
    file.write_text(json.dumps(settings))
    worker = one_master.spawn(log=config(file)).serve()
    log = folder / "uvicorn.log"
    log.rename(folder / "uvicorn.log.1")
    worker.send({"type": "reopen_logs"})
    one_master.wait_for(log.exists)
    finish(worker)
    assert "Worker exiting" in log.read_text()
    assert "Worker exiting" not in (folder / "uvicorn.log.1").read_text()


def test_the_level_follows_the_master_and_is_stronger_than_a_configuration(one_master: FakeMaster) -> None:
    folder = one_master.folder
    settings = handlers(folder, "uvicorn")
    settings["loggers"]["uvicorn"]["level"] = "WARNING"
    file = folder / "logging.json"
    file.write_text(json.dumps(settings))
    lines = folder / "uvicorn.log"
    worker = one_master.spawn(log=config(file)).serve()
    assert "INFO" not in lines.read_text()
    worker.send({"type": "log_level", "level": "trace"})

    def traced() -> bool:
        client = one_master.connect()
        client.get("/")
        client.close()
        return "HTTP connection made" in lines.read_text()

    one_master.wait_for(traced)
    worker.send({"type": "log_level", "level": "critical"})
    finish(worker)
    assert "INFO Finished server process" not in lines.read_text()


def test_a_level_that_was_asked_for_is_there_from_the_first_line(one_master: FakeMaster) -> None:
    folder = one_master.folder
    settings = handlers(folder, "uvicorn")
    settings["loggers"]["uvicorn"]["level"] = "ERROR"
    file = folder / "logging.json"
    file.write_text(json.dumps(settings))
    worker = one_master.spawn(log={"level_asked": True, **config(file)}).serve()
    finish(worker)
    assert "INFO Application startup complete." in (folder / "uvicorn.log").read_text()


def test_uvicorns_lowest_level_is_known_before_uvicorn_is(one_master: FakeMaster) -> None:
    worker = one_master.spawn(level="trace").serve()
    one_master.connect().get("/")
    finish(worker)
    assert "HTTP connection made" in worker.log()
