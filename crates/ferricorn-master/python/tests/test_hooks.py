"""Hooks of a configuration file: those of a worker in a worker, those of the master in the process that calls them."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_master import LAUNCH, LIMIT, FakeMaster, memfd, sources

ALL_OF_A_WORKER = """
import os, time
import helper_of_the_config

def note(*words):
    print(*words, flush=True)

def post_fork(server, worker):
    note("post_fork", server.pid == os.getppid(), worker.pid == os.getpid(), worker.age, server.cfg.workers, worker.nr)
    server.log.info("Worker spawned (pid: %s)", worker.pid)

def post_worker_init(worker):
    note("post_worker_init", worker.booted, worker.cfg.own_setting, worker.wsgi.__name__)

def worker_int(worker):
    note("worker_int", worker.pid == os.getpid())

def worker_exit(server, worker):
    note("worker_exit", worker.nr, server.address)
"""


def hooks(folder: Path, source: str, *names: str) -> dict[str, Any]:
    """The part of the start message, for a file with this text."""
    file = folder / "gunicorn.conf.py"
    file.write_text("own_setting = 7\n" + source)
    (folder / "helper_of_the_config.py").write_text("")
    return {
        "kind": "path",
        "target": str(file),
        "directory": str(folder),
        "names": names,
        "cfg": {"workers": 2, "timeout": 30, "proc_name": "apps:app"},
        "address": [["127.0.0.1", 8000], "/run/app.sock"],
    }


def told(text: str) -> list[str]:
    """What the hooks have printed."""
    names = ("post_", "pre_", "worker_", "on_", "child_", "nworkers")
    return [line for line in text.splitlines() if line.startswith(names)]


def test_the_hooks_of_a_worker(master: FakeMaster) -> None:
    names = ("post_fork", "post_worker_init", "worker_int", "worker_exit")
    worker = master.spawn(hooks=hooks(master.folder, ALL_OF_A_WORKER, *names)).serve()
    client = master.connect()
    for _ in range(3):
        client.get()
    client.close()
    worker.send({"type": "drain", "mode": "close", "grace_ms": 5000, "interrupted": True})
    assert worker.wait() == 0
    assert told(worker.out()) == [
        "post_fork True True 1 2 0",
        "post_worker_init True 7 app",
        "worker_int True",
        "worker_exit 3 [('127.0.0.1', 8000), '/run/app.sock']",
    ]
    assert "[INFO] Worker spawned (pid: " in worker.log()


def test_worker_exit_runs_also_when_the_boot_fails(one_master: FakeMaster) -> None:
    worker = one_master.spawn("apps:missing", hooks=hooks(one_master.folder, ALL_OF_A_WORKER, "worker_exit"))
    assert worker.receive()["type"] == "boot_failed"
    assert worker.wait() == 4
    assert told(worker.out()) == ["worker_exit 0 [('127.0.0.1', 8000), '/run/app.sock']"]


FAILING = """
def post_fork(server, worker):
    raise RuntimeError("no database")

def post_worker_init(worker):
    raise SystemExit(5)

def pre_request(worker, request):
    raise ValueError("not you")

def worker_exit(server, worker):
    import time
    time.sleep(60)
"""


def test_hooks_that_fail_hurt_nobody_and_are_told_of_once(one_master: FakeMaster) -> None:
    names = ("post_fork", "post_worker_init", "pre_request", "worker_exit")
    worker = one_master.spawn(hooks=hooks(one_master.folder, FAILING, *names)).serve()
    client = one_master.connect()
    for _ in range(5):
        assert client.get().status == 200
    client.close()
    worker.drain()
    assert worker.wait() == 0
    log = worker.log()
    assert log.count("Hook `post_fork` of the configuration file failed") == 1
    assert log.count("RuntimeError: no database") == 1
    assert "ferricorn_worker" not in log
    assert log.count("Hook `post_worker_init` of the configuration file called sys.exit(5), which is ignored") == 1
    assert log.count("ValueError: not you") == 1
    assert log.count("Hook `worker_exit` of the configuration file did not return within 5 s") == 1


REQUESTS = """
def pre_request(worker, req):
    print("pre_request", req.method, req.path, req.uri, dict(req.headers)["HOST"], flush=True)

def post_request(worker, req, environ, resp):
    print("post_request", resp.status, resp.sent, environ["HTTP_HOST"], environ["SERVER_PROTOCOL"], flush=True)
"""


def test_hooks_around_a_request(one_master: FakeMaster) -> None:
    settings = hooks(one_master.folder, REQUESTS, "pre_request", "post_request")
    worker = one_master.spawn(hooks=settings).serve()
    one_master.connect().get("/a%20b?c=d")
    one_master.wait_for(lambda: len(told(worker.out())) == 2)
    length = len(str(worker.process.pid))
    assert told(worker.out()) == [
        "pre_request GET /a b /a%20b?c=d test",
        f"post_request 200 {length} test HTTP/1.1",
    ]
    fewer = hooks(
        one_master.folder, "def post_request(worker, req):\n    print('post_request', req.path, flush=True)\n"
    )
    other = one_master.spawn(hooks={**fewer, "names": ["post_request"]})
    worker.close()
    other.serve()
    one_master.connect().get("/two")
    one_master.wait_for(lambda: told(other.out()) == ["post_request /two"])


def test_worker_abort_runs_before_the_worker_is_killed_for_its_silence(loop_master: FakeMaster) -> None:
    source = "def worker_abort(worker):\n    print('worker_abort', worker.aborted, flush=True)\n"
    worker = loop_master.spawn(hooks=hooks(loop_master.folder, source, "worker_abort")).serve()
    loop_master.connect().send(b"GET /block HTTP/1.1\r\nHost: x\r\n\r\n")
    loop_master.wait_for(lambda: "blocking" in worker.out())
    worker.process.send_signal(signal.SIGABRT)
    loop_master.wait_for(lambda: told(worker.out()) == ["worker_abort True"])


def test_a_logging_configuration_of_the_file(one_master: FakeMaster) -> None:
    source = """
import logging

class Loud(logging.Formatter):
    def format(self, record):
        return "LOUD " + super().format(record)

logconfig_dict = {
    "formatters": {"generic": {"()": Loud}},
}
"""
    worker = one_master.spawn(hooks=hooks(one_master.folder, source)).serve()
    worker.drain()
    assert worker.wait() == 0
    assert "LOUD Application startup complete." in worker.log()
    assert "LOUD Worker exiting" in worker.log()


def test_a_file_that_fails(one_master: FakeMaster) -> None:
    worker = one_master.spawn(hooks=hooks(one_master.folder, "raise ValueError('sometimes')", "post_fork"))
    text = worker.receive()["text"]
    assert "ValueError: sometimes" in text
    assert "gunicorn.conf.py" in text
    assert worker.wait() == 1


class Host:
    """The process that calls the master's hooks."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(LIMIT)
        source = memfd("ferricorn-shim", sources())
        self.folder = folder
        with open(folder / "host.out", "ab") as out, open(folder / "host.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, str(source), str(theirs.fileno()), "hooks"],
                pass_fds=(source, theirs.fileno()),
                cwd=folder,
                stdout=out,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )
        theirs.close()
        os.close(source)
        self.calls = 0

    def load(self, settings: dict[str, Any]) -> None:
        """Orders it to execute a file, whose hooks hold."""
        self.propose(settings)
        self.send({"type": "commit"})

    def propose(self, settings: dict[str, Any]) -> None:
        """Orders it to execute a file whose hooks may come to hold."""
        log = {"level": "info", "error_file": None, "colors": False, "access": None}
        self.send({"type": "load", "hooks": settings, "master_pid": 4711, "log": log, "path": [str(self.folder)]})

    def send(self, message: dict[str, Any]) -> None:
        """Says something."""
        self.channel.send(json.dumps(message).encode())

    def call(self, hook: str, limit: float = 10.0, **more: Any) -> None:
        """Calls a hook and waits for the answer."""
        self.calls += 1
        server = {"num_workers": 2, "worker_age": 4, "workers": [[961, 3], [962, 4]]}
        message = {"type": "call", "id": self.calls, "hook": hook, "limit_ms": int(limit * 1000), "server": server}
        self.send({"worker": None, "numbers": [], "candidate": False, **message, **more})
        assert json.loads(self.channel.recv(1000)) == {"type": "done", "id": self.calls}

    def end(self) -> int:
        """Ends it; the exit status."""
        self.channel.close()
        return self.process.wait(LIMIT)

    def out(self) -> list[str]:
        """What the hooks have printed."""
        return told((self.folder / "host.out").read_text())

    def log(self) -> str:
        """What it has written to standard error."""
        return (self.folder / "host.log").read_text()


@pytest.fixture
def host(tmp_path: Path) -> Any:
    """A process that calls hooks."""
    made = Host(tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait(LIMIT)
    made.channel.close()


MASTERS = """
def on_starting(server):
    print("on_starting", server.pid, server.num_workers, server.address, server.cfg.own_setting, flush=True)
    server.log.info("here")

def child_exit(server, worker):
    print("child_exit", worker.pid, worker.age, sorted(server.WORKERS), flush=True)

def nworkers_changed(server, new, old):
    print("nworkers_changed", new, old, flush=True)

def pre_fork(server, worker):
    print("pre_fork", worker.pid, worker.age, flush=True)
"""


def test_the_hooks_of_the_master(host: Host) -> None:
    names = ("on_starting", "child_exit", "nworkers_changed", "pre_fork")
    host.load(hooks(host.folder, MASTERS, *names))
    host.call("nworkers_changed", numbers=[2, None])
    host.call("on_starting")
    host.call("pre_fork", worker={"pid": "[booting]", "age": 5})
    host.call("child_exit", worker={"pid": 960, "age": 2})
    assert host.out() == [
        "nworkers_changed 2 None",
        "on_starting 4711 2 [('127.0.0.1', 8000), '/run/app.sock'] 7",
        "pre_fork [booting] 5",
        "child_exit 960 2 [961, 962]",
    ]
    assert "[4711] [INFO] here" in host.log()
    # The file is executed again at a reload, by the same process.
    host.load(hooks(host.folder, MASTERS.replace("print(", "print('on_', "), *names))
    host.call("nworkers_changed", numbers=[3, 2])
    assert host.out()[-1] == "on_ nworkers_changed 3 2"
    assert host.end() == 0


def test_the_masters_hooks_that_fail_or_hang(host: Host) -> None:
    source = """
import time

def child_exit(server, worker):
    raise RuntimeError("no")

def on_exit(server):
    try:
        time.sleep(60)
    except Exception:
        time.sleep(60)
"""
    host.load(hooks(host.folder, source, "child_exit", "on_exit"))
    for age in range(3):
        host.call("child_exit", worker={"pid": 960, "age": age})
    host.call("on_exit", limit=0.2)
    assert host.log().count("RuntimeError: no") == 1
    assert "Hook `on_exit` of the configuration file did not return within 0 s" in host.log()
    host.load(hooks(host.folder, "raise ValueError('broken')", "child_exit"))
    host.call("child_exit", worker={"pid": 960, "age": 1})
    assert "ValueError: broken" in host.log()
    assert host.end() == 0


def test_the_old_hooks_go_on_beside_a_candidate(host: Host) -> None:
    source = "count = 0\ndef child_exit(server, worker):\n    global count\n    count += 1\n"
    tell = "    import sys\n    print('on_', server.cfg.word, count, sys.modules['__config__'].word, flush=True)\n"
    host.load(hooks(host.folder, source + tell + "word = 'old'\n", "child_exit"))
    worker = {"pid": 960, "age": 1}
    host.call("child_exit", worker=worker)
    host.propose(hooks(host.folder, source + tell + "word = 'new'\n", "child_exit"))
    host.call("child_exit", worker=worker, candidate=True)
    host.call("child_exit", worker=worker)
    host.send({"type": "discard"})
    host.call("child_exit", worker=worker)
    # A file that fails is no candidate.
    host.propose(hooks(host.folder, "raise ValueError('broken')", "child_exit"))
    host.call("child_exit", worker=worker, candidate=True)
    host.send({"type": "commit"})
    host.call("child_exit", worker=worker)
    expected = ["old 1 old", "new 1 new", "old 2 new", "old 3 old", "old 4 old", "old 5 old"]
    assert host.out() == [f"on_ {words}" for words in expected]
    assert host.end() == 0


def test_signals_of_the_group_and_threads_of_hooks(host: Host) -> None:
    source = """
import threading, time

def when_ready(server):
    threading.Thread(target=time.sleep, args=(60,)).start()
    print("on_ thread", flush=True)
"""
    host.load(hooks(host.folder, source, "when_ready"))
    host.call("on_exit")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        host.process.send_signal(number)
    host.call("when_ready")
    assert host.out() == ["on_ thread"]
    # Its last thread does not keep it.
    assert host.end() in (0, -14)


def test_prometheus_forgets_a_dead_worker(tmp_path: Path) -> None:
    if importlib.util.find_spec("prometheus_client") is None:
        pytest.skip("prometheus_client is not installed")
    folder = tmp_path / "metrics"
    folder.mkdir()
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    script = (
        "import os\nfrom prometheus_client import Gauge, Counter\n"
        "Gauge('live', 'x', multiprocess_mode='livesum').set(1)\nCounter('all', 'x').inc()\nprint(os.getpid())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **environment}, capture_output=True, check=True
    )
    pid = int(done.stdout)
    assert (folder / f"gauge_livesum_{pid}.db").exists()
    source = """
from prometheus_client import multiprocess

def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
"""
    host = Host(tmp_path, environment)
    host.load(hooks(tmp_path, source, "child_exit"))
    host.call("child_exit", worker={"pid": pid, "age": 1})
    assert host.end() == 0
    assert not (folder / f"gauge_livesum_{pid}.db").exists()
    assert (folder / f"counter_{pid}.db").exists()
