"""Signals from outside, and the death of the master."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from fake_master import FakeMaster, Worker


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1"])
def test_a_signal_does_not_stop_a_serving_worker(one_master: FakeMaster, name: str) -> None:
    worker = one_master.spawn().serve()
    worker.process.send_signal(getattr(signal, name))
    assert one_master.connect().get().status == 200


def test_sigterm_asks_to_be_replaced_once(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn().serve()
    worker.process.send_signal(signal.SIGTERM)
    assert worker.receive() == {"type": "asked_to_stop", "signal": "term"}
    worker.process.send_signal(signal.SIGTERM)
    assert loop_master.connect().get().status == 200
    worker.drain()
    assert worker.receive()["type"] == "drained"
    assert worker.wait() == 0


def test_sigterm_at_import_is_a_quiet_exit(one_master: FakeMaster) -> None:
    (one_master.folder / "slow.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(60)\n")
    worker = one_master.spawn("slow:app", app_dir=str(one_master.folder))
    one_master.wait_for(lambda: "importing" in worker.out())
    worker.process.send_signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert worker.receive() == {"type": "drained", "handed_over": 0, "cut": 0}, "it goes, and is given the time"
    assert worker.receive() == {}
    assert "Traceback" not in worker.log()


def test_the_stack_of_a_blocked_worker(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn().serve()
    other = loop_master.connect()
    other.send(b"GET /wait?secret=1 HTTP/1.1\r\nHost: test\r\n\r\n")
    loop_master.wait_for(lambda: "waiting" in worker.out())
    loop_master.connect().send(b"GET /block HTTP/1.1\r\nHost: test\r\n\r\n")
    loop_master.wait_for(lambda: "blocking" in worker.out())
    worker.process.send_signal(signal.SIGUSR2)
    loop_master.wait_for(lambda: "Tasks (most recent" in worker.stack())
    stack = worker.stack()
    assert re.search(r'Current thread .*\n  File ".*apps.py", line \d+ in app\n', stack), stack
    assert re.search(r'  GET /wait for \d+\.\d s, File ".*", line \d+ in ', stack), stack
    assert re.search(r"  GET /block for \d+\.\d s, running now\n", stack), stack
    assert "secret" not in stack


def test_an_abort_leaves_a_stack_and_does_not_end_the_worker_by_itself(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn().serve()
    worker.process.send_signal(signal.SIGABRT)
    loop_master.wait_for(lambda: "Aborted" in worker.stack())
    assert loop_master.connect().get().status == 200


def test_a_request_that_is_over_is_not_in_flight(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn().serve()
    for _ in range(3):
        assert loop_master.connect().get().status == 200
    loop_master.wait_for(lambda: worker.word(3) == 3 and worker.word(4) == 0)
    worker.process.send_signal(signal.SIGUSR2)
    loop_master.wait_for(lambda: "Requests in flight" in worker.stack())
    assert "GET" not in worker.stack()


def test_the_end_of_the_channel_ends_the_worker(master: FakeMaster) -> None:
    worker = master.spawn().serve()
    client = master.connect()
    client.send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    master.wait_for(lambda: "waiting" in worker.out())
    begun = time.monotonic()
    worker.channel.close()
    assert worker.wait() == 0
    assert time.monotonic() - begun < 50
    assert "lifespan shutdown" in worker.out()


def test_a_stop_during_a_slow_startup(one_master: FakeMaster) -> None:
    worker = one_master.spawn("apps:slow_start")
    one_master.wait_for(lambda: "starting" in worker.out())
    worker.drain()
    one_master.wait_for(worker.has_heard)
    (one_master.folder / "go").touch()
    assert worker.receive() == {"type": "drained", "handed_over": 0, "cut": 0}
    assert worker.wait() == 0
    assert "lifespan shutdown" in worker.out()


def test_the_heartbeat_begins_before_the_startup_is_over(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("apps:slow_start")
    loop_master.wait_for(lambda: "starting" in worker.out())
    first = worker.word(1)
    loop_master.wait_for(lambda: worker.word(1) > first > 0)
    assert worker.word(0) == 1


def test_messages_that_make_no_sense_are_survived(one_master: FakeMaster) -> None:
    worker = one_master.spawn().serve()
    worker.channel.send(b"{")
    worker.send({"type": "from_the_future"})
    worker.send({"type": "drain"})
    one_master.wait_for(lambda: worker.log().count("[ERROR]") == 3)
    assert one_master.connect().get().status == 200


def test_children_of_the_application_inherit_nothing(one_master: FakeMaster) -> None:
    one_master.spawn("apps:child").serve()
    assert one_master.connect().get().body == b"0 1 2"


def is_gone(pid: int) -> bool:
    """Whether the process has ended; its new parent may not have noticed yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def with_a_parent_to_lose(master: FakeMaster) -> tuple[Worker, int]:
    """A worker that serves, whose process is the parent of the one that does; and the pid of that one."""
    script = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:], close_fds=False); time.sleep(60)"
    master.launcher = [sys.executable, "-c", script]
    worker = master.spawn().serve()
    booting = re.search(r"Booting worker with pid: (\d+)", worker.log())
    assert booting is not None
    return worker, int(booting[1])


@pytest.mark.parametrize("path", ["/", "/block"])
def test_an_orphan_ends_even_if_it_is_blocked(loop_master: FakeMaster, path: str) -> None:
    worker, pid = with_a_parent_to_lose(loop_master)
    loop_master.connect().send(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    loop_master.wait_for(lambda: path == "/" or "blocking" in worker.out())
    worker.process.kill()
    worker.wait()
    os.kill(pid, signal.SIGTERM)
    loop_master.wait_for(lambda: is_gone(pid), limit=2.0)
    assert ("lifespan shutdown" in worker.out()) == (path == "/")


def test_the_death_of_the_master_is_told_once_though_signal_and_channel_tell(loop_master: FakeMaster) -> None:
    worker, pid = with_a_parent_to_lose(loop_master)
    client = loop_master.connect()
    client.send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    loop_master.wait_for(lambda: "waiting" in worker.out())
    worker.process.kill()
    worker.wait()
    os.kill(pid, signal.SIGTERM)
    loop_master.wait_for(lambda: "Master is gone, worker stops" in worker.log())
    worker.channel.close()
    loop_master.wait_for(lambda: is_gone(pid), limit=2.0)
    assert worker.log().count("Master is gone, worker stops") == 1
    assert "Master is gone: 1 request cut (`/wait`)" in worker.log()
    assert "Graceful timeout" not in worker.log()
