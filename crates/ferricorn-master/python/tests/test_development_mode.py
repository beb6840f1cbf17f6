"""In Python's development mode nothing of the worker's is warned of, in no phase."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_master import LAUNCH, LIMIT, FakeMaster, Worker, memfd, sources

ON = {"PYTHONDEVMODE": "1"}


def is_quiet(worker: Worker) -> None:
    """It has ended without a warning; the text is that of every kind of warning."""
    worker.wait()
    assert "Warning" not in worker.log(), worker.log()


@pytest.mark.parametrize("mode", ["close", "handoff"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_serves_and_drains(loop_master: FakeMaster, mode: str, workers: int) -> None:
    worker = loop_master.spawn(workers=workers, environment=ON).serve()
    client = loop_master.connect()
    client.get()
    worker.drain(mode)
    assert worker.receive()["type"] == "drained"
    is_quiet(worker)


def test_one_that_takes_connections_over(master: FakeMaster) -> None:
    first, second = (master.spawn(workers=2, environment=ON) for _ in range(2))
    first.serve()
    client = master.connect()
    assert client.get().body == str(first.process.pid).encode()
    second.serve()
    first.drain("handoff")
    assert first.receive()["type"] == "drained"
    assert client.get().body == str(second.process.pid).encode()
    second.drain("close")
    assert second.receive()["type"] == "drained"
    is_quiet(first)
    is_quiet(second)


@pytest.mark.parametrize("target", ["nothing:here", "apps:nothing_to_call", "apps:refuses"])
def test_a_boot_that_fails(loop_master: FakeMaster, target: str) -> None:
    worker = loop_master.spawn(target, environment=ON)
    assert worker.receive()["type"] == "boot_failed"
    is_quiet(worker)


def test_a_stop_during_the_startup(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn(environment=ON)
    worker.drain()
    assert worker.receive()["type"] == "drained"
    is_quiet(worker)


def test_the_death_of_the_master(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn(environment=ON).serve()
    worker.channel.close()
    is_quiet(worker)


def test_the_end_of_the_event_loop(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("apps:dying", environment=ON).serve()
    loop_master.connect().send(b"GET /exit HTTP/1.1\r\nHost: test\r\n\r\n")
    assert worker.receive()["type"] == "dying"
    # What is in flight, and the loop itself, are uvicorn's and asyncio's.
    worker.wait()
    for line in worker.log().splitlines():
        assert "Warning" not in line or ("SEQPACKET" not in line and "type=5" not in line), line


@pytest.mark.parametrize("kind", ["udp", "tcp", "unix"])
def test_log_lines_to_daemons(one_master: FakeMaster, kind: str) -> None:
    path = str(one_master.folder / "log")
    listener = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(path if kind == "unix" else ("127.0.0.1", 0))
    listener.listen()
    where: dict[str, Any] = {"kind": kind, "path": path}
    if kind != "unix":
        where = {"kind": kind, "host": "127.0.0.1", "port": listener.getsockname()[1]}
    syslog = {"address": where, "prefix": "x", "facility": 1, "access": True, "format": "%(r)s"}
    statsd = {"address": {"kind": "udp", "host": "127.0.0.1", "port": 9}, "prefix": "", "tags": ""}
    worker = one_master.spawn("apps:forks", environment=ON, log={"syslog": syslog, "statsd": statsd}).serve()
    one_master.connect().get()
    worker.drain()
    assert worker.receive()["type"] == "drained"
    worker.wait()
    listener.close()
    assert "ResourceWarning" not in worker.log(), worker.log()


def test_the_helper_and_the_process_of_hooks(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text("workers = 2\n")
    for job in (["config", "path", str(tmp_path / "conf.py")], ["hooks"]):
        source, answer = memfd("ferricorn-shim", sources()), os.memfd_create("answer")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link = theirs.fileno() if job == ["hooks"] else answer
        command = [sys.executable, "-X", "dev", "-c", LAUNCH, str(source), str(link), *job]
        process = subprocess.Popen(command, pass_fds=(source, link), stderr=subprocess.PIPE, text=True)
        theirs.close()
        ours.close()
        _out, errors = process.communicate(timeout=LIMIT)
        assert (process.returncode, errors) == (0, "")


def test_a_forked_child(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("forking:app", environment=ON).serve()
    client = loop_master.connect()
    for path in ("/loop", f"/signal/{int(signal.SIGTERM)}"):
        assert client.get(path).status == 200
    worker.drain()
    assert worker.receive()["type"] == "drained"
    is_quiet(worker)
