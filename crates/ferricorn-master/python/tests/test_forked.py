"""What a forked child of a worker keeps of it: nothing."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
from pathlib import Path

import pytest
from fake_master import FakeMaster, Worker

WAYS = ["process", "pool", "executor", "by_hand", "in_thread", "nested"]


def child_of(master: FakeMaster, worker: Worker) -> int:
    """The pid of the child that has said so."""
    master.wait_for(lambda: re.search(r"child \d+\n", worker.out()))
    return int(re.findall(r"child (\d+)\n", worker.out())[0])


def holds(pid: int, *descriptors: int) -> list[str]:
    """Which files that are behind our descriptors the process has open."""
    ours = {(it.st_dev, it.st_ino) for it in map(os.fstat, descriptors)}
    folder = Path(f"/proc/{pid}/fd")
    found = []
    for entry in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            status = entry.stat()
            if (status.st_dev, status.st_ino) in ours:
                found.append(os.readlink(entry))
    return found


def assert_clean(master: FakeMaster, worker: Worker, pid: int) -> None:
    """The child lives, and holds nothing that the master shares with its worker."""
    assert Path(f"/proc/{pid}").exists()
    # It may have been forked this very moment.
    master.wait_for(lambda: holds(pid, worker.black_box, *master.inherited()) == [])
    # The channel: it is at its end as soon as the worker is.
    worker.process.kill()
    worker.wait()
    assert Path(f"/proc/{pid}").exists()
    assert select.select([worker.channel], [], [], 5)[0]
    assert worker.receive() == {}
    # The port: nobody holds it once the master has closed it.
    master.listener.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(master.address)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_child_of_a_request_keeps_nothing(loop_master: FakeMaster, way: str, workers: int) -> None:
    worker = loop_master.spawn("forking:app", workers=workers).serve()
    idle, asks = loop_master.connect(), loop_master.connect()
    idle.get()
    answer = asks.get(f"/{way}", "Connection: close")
    pid = int(answer.body)
    # The worker's close is the end, although the child lives.
    assert asks.is_closed()
    assert idle.get().body == b"ok"
    assert_clean(loop_master, worker, pid)
    assert idle.is_closed()


@pytest.mark.parametrize("target", ["forking:at_startup", "forking:at_import()"])
def test_a_child_from_before_the_sockets_are_used_keeps_nothing(loop_master: FakeMaster, target: str) -> None:
    worker = loop_master.spawn(target).serve()
    pid = child_of(loop_master, worker)
    assert loop_master.connect().get().body == b"ok"
    assert_clean(loop_master, worker, pid)


@pytest.mark.parametrize("name", ["post_fork", "post_worker_init"])
def test_a_child_of_a_hook_keeps_nothing(loop_master: FakeMaster, name: str) -> None:
    text = f"import forking\n\ndef {name}(*_arguments):\n    forking.by_hand()\n"
    (loop_master.folder / "hooks.py").write_text(text)
    hooks = {
        "kind": "path",
        "target": str(loop_master.folder / "hooks.py"),
        "directory": str(loop_master.folder),
        "names": [name],
        "cfg": {"workers": 1, "timeout": 30, "proc_name": "x"},
        "address": [],
    }
    worker = loop_master.spawn("forking:app", hooks=hooks).serve()
    pid = child_of(loop_master, worker)
    assert loop_master.connect().get().body == b"ok"
    assert_clean(loop_master, worker, pid)


def test_a_terminated_child_ends_by_its_signal_at_once(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("forking:app").serve()
    client = loop_master.connect()
    code, seconds = client.get("/terminated").body.decode().split()
    assert code == "-15"
    assert float(seconds) < 1, seconds
    assert "Master is gone" not in worker.log()
    assert "Worker exiting" not in worker.log()
    # Nor is the worker told of its child's signal.
    assert select.select([worker.channel], [], [], 0)[0] == []


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGABRT", "SIGALRM"])
def test_signals_of_a_child_mean_what_they_mean_in_python(loop_master: FakeMaster, name: str) -> None:
    worker = loop_master.spawn("forking:app").serve()
    number = getattr(signal, name)
    client = loop_master.connect()
    assert client.get(f"/signal/{int(number)}").body == str(-number).encode()
    assert client.get().body == b"ok"
    assert worker.stack() == ""


def test_a_handler_of_the_applications_is_its_childs(one_master: FakeMaster) -> None:
    one_master.spawn("forking:with_handlers()").serve()
    assert one_master.connect().get(f"/signal/{int(signal.SIGTERM)}").body == b"9"


def test_the_parent_does_not_notice_what_a_child_does_with_its_event_loop(loop_master: FakeMaster) -> None:
    loop_master.spawn("forking:app").serve()
    before = loop_master.connect()
    before.get()
    for path in ["/loop", "/back/exit", "/back/return"]:
        loop_master.connect().get(path)
        assert before.get().body == b"ok"
        assert loop_master.connect().get().body == b"ok"


def test_a_child_that_does_not_end_by_itself_ends_without_serving(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("forking:app").serve()
    assert loop_master.connect().get("/back/return").body == b"1"
    assert re.search(r"forked child \d+ did not end by itself", worker.log())
    assert "still here" not in worker.out()
    assert "Worker exiting" not in worker.log()
    assert "lifespan shutdown" not in worker.out()
    assert select.select([worker.channel], [], [], 0)[0] == []


def test_a_child_that_exits_in_a_request_has_its_own_status(master: FakeMaster) -> None:
    worker = master.spawn("forking:app").serve()
    assert master.connect().get("/back/exit").body == b"7"
    assert "Exception in ASGI application" not in worker.log()
    assert "did not end by itself" not in worker.log()
    assert master.connect().get("/back/exit").body == b"7"


def test_children_that_leave_the_import_end_there(one_master: FakeMaster) -> None:
    worker = one_master.spawn("forking:exits_at_import()").serve()
    one_master.wait_for(lambda: "did not end by itself" in worker.log())
    assert worker.log().count("did not end by itself") == 1
    assert worker.log().count("Application startup complete") == 1
    assert one_master.connect().get().body == b"ok"


def test_a_child_cannot_speak_to_the_master(one_master: FakeMaster) -> None:
    worker = one_master.spawn("forking:app").serve()
    assert one_master.connect().get("/extend").body == b"0"
    assert select.select([worker.channel], [], [], 0)[0] == []
