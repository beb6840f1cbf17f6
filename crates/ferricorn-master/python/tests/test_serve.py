"""Ready, serve, answer, drain, exit."""

from __future__ import annotations

from fake_master import FakeMaster


def test_a_worker_serves_and_drains(master: FakeMaster) -> None:
    worker = master.spawn()
    worker.serve()
    client = master.connect()
    for _ in range(3):
        assert client.get().body == str(worker.process.pid).encode()
    master.wait_for(lambda: worker.word(3) == 3)
    assert worker.word(2) == 1
    client.close()
    worker.drain()
    assert worker.receive() == {"type": "drained", "handed_over": 0, "cut": 0}
    assert worker.wait() == 0
    log = worker.log()
    assert f"Booting worker with pid: {worker.process.pid}" in log
    assert f"Worker exiting (pid: {worker.process.pid})" in log
    assert "Application startup complete." in log
    assert "lifespan shutdown" in worker.out()
    assert "Traceback" not in log


def test_a_slow_startup_can_ask_for_time(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("apps:asks_for_time")
    assert worker.receive() == {"type": "extend", "milliseconds": 2500}
    worker.serve()
