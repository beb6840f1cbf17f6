"""Daemons that get the log and metrics: syslog and statsd."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path
from typing import Any

from fake_master import LIMIT, FakeMaster

ACCESS = "%(h)s %(r)s %(s)s %({User-Agent}i)s"


def finish(worker: Any) -> None:
    """Ends a worker in an orderly way, so that everything is written."""
    worker.drain()
    assert worker.wait() == 0


def datagrams(path: Path) -> socket.socket:
    """A daemon's socket."""
    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    daemon.bind(str(path))
    daemon.settimeout(LIMIT)
    return daemon


def test_syslog_gets_every_line(one_master: FakeMaster, tmp_path: Path) -> None:
    with datagrams(tmp_path / "s") as daemon:
        syslog = {
            "address": {"kind": "unix", "path": str(tmp_path / "s"), "datagram": False},
            "prefix": "main.app",
            "facility": 16,
            "access": True,
            "format": ACCESS,
        }
        worker = one_master.spawn(log={"syslog": syslog}).serve()
        one_master.connect().get("/seen", "User-Agent: tester")
        pid = worker.process.pid
        wanted = {
            f"<134>gunicorn.main.app.error: [{pid}] Application startup complete.\0".encode(),
            f"<134>gunicorn.main.app.access: [{pid}] 127.0.0.1 GET /seen HTTP/1.1 200 tester\0".encode(),
        }
        while wanted:
            wanted.discard(daemon.recv(1000))
        finish(worker)
    assert "Application startup complete." in worker.log()
    assert "seen" not in worker.out()


def tcp_syslog(port: int) -> dict[str, Any]:
    """The settings of syslog over TCP."""
    return {
        "address": {"kind": "tcp", "host": "127.0.0.1", "port": port},
        "prefix": "main.app",
        "facility": 16,
        "access": True,
        "format": ACCESS,
    }


def read_until(daemon: socket.socket, wanted: bytes) -> bytes:
    """What a connection of the daemon's says, up to a text."""
    daemon.settimeout(LIMIT)
    text = b""
    while wanted not in text:
        read = daemon.recv(1 << 16)
        assert read, text
        text += read
    return text


def test_syslog_over_tcp_gets_every_line_and_the_last_one(one_master: FakeMaster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as daemon:
        worker = one_master.spawn(log={"syslog": tcp_syslog(daemon.getsockname()[1])}).serve()
        connection, _ = daemon.accept()
        with connection:
            one_master.connect().get("/seen", "User-Agent: tester")
            pid = worker.process.pid
            read_until(
                connection, f"<134>gunicorn.main.app.access: [{pid}] 127.0.0.1 GET /seen HTTP/1.1 200 tester\0".encode()
            )
            finish(worker)
            read_until(connection, f"<134>gunicorn.main.app.error: [{pid}] Worker exiting (pid: {pid})\0".encode())


def test_a_syslog_that_accepts_and_never_reads_holds_no_request_up(one_master: FakeMaster) -> None:
    with socket.socket() as daemon:
        # What the system would keep for it has a limit that this test can reach.
        daemon.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        daemon.bind(("127.0.0.1", 0))
        daemon.listen()
        worker = one_master.spawn(log={"syslog": tcp_syslog(daemon.getsockname()[1])}).serve()
        connection, _ = daemon.accept()
        with connection:
            client = one_master.connect()
            agent = "User-Agent: " + "x" * 30_000
            longest = 0.0
            # 6 MB: more than the system takes, and more than the worker keeps.
            for _ in range(200):
                began = time.monotonic()
                assert client.get("/", agent).status == 200
                longest = max(longest, time.monotonic() - began)
            # Less than one write may take.
            assert longest < 5
            client.close()
            finish(worker)


def test_a_syslog_that_is_away_and_comes_back_gets_what_waited(one_master: FakeMaster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as daemon:
        port = daemon.getsockname()[1]
    worker = one_master.spawn(log={"syslog": tcp_syslog(port)}).serve()
    one_master.wait_for(lambda: "syslog cannot be reached, its lines wait: " in worker.log())
    client = one_master.connect()
    client.get("/first")
    for wanted in (b"/first", b"/second"):
        with socket.create_server(("127.0.0.1", port)) as daemon:
            daemon.settimeout(LIMIT)
            connection, _ = daemon.accept()
            with connection:
                assert wanted in read_until(connection, wanted)
        client.get("/second")
    client.close()
    finish(worker)


def test_a_fork_of_the_application_has_a_connection_of_its_own(one_master: FakeMaster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as daemon:
        worker = one_master.spawn("apps:forks", log={"syslog": tcp_syslog(daemon.getsockname()[1])}).serve()
        daemon.settimeout(LIMIT)
        connection, _ = daemon.accept()
        with connection:
            one_master.connect().get("/")
            forked, _ = daemon.accept()
            with forked:
                read_until(forked, b"a word of the child")
        finish(worker)


def test_statsd_gets_gunicorns_metrics(one_master: FakeMaster) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(LIMIT)
        address = {"kind": "udp", "host": "127.0.0.1", "port": daemon.getsockname()[1]}
        statsd = {"address": address, "prefix": "shop.", "tags": "env:prod"}
        worker = one_master.spawn(log={"statsd": statsd}).serve()
        client = one_master.connect()
        client.get("/")
        client.get("/fail")
        metrics: list[str] = []
        while not any("log.exception" in metric for metric in metrics) or len(metrics) < 7:
            metrics += daemon.recv(1000).decode().split("\n")
        finish(worker)
    durations = [metric for metric in metrics if "duration" in metric]
    assert all(re.fullmatch(r"shop\.gunicorn\.request\.duration:\d+\.\d+\|ms\|#env:prod", it) for it in durations)
    assert sorted(set(metrics) - set(durations)) == [
        "shop.gunicorn.log.exception:1|c|@1.0|#env:prod",
        "shop.gunicorn.request.status.200:1|c|@1.0|#env:prod",
        "shop.gunicorn.request.status.500:1|c|@1.0|#env:prod",
        "shop.gunicorn.requests:1|c|@1.0|#env:prod",
    ]
    assert worker.out().count("GET") == 0


def test_daemons_that_are_away_hurt_nobody(one_master: FakeMaster, tmp_path: Path) -> None:
    address = {"kind": "unix", "path": str(tmp_path / "none"), "datagram": True}
    syslog = {"address": address, "prefix": "x", "facility": 1, "access": True, "format": ACCESS}
    statsd = {"address": address, "prefix": "", "tags": ""}
    worker = one_master.spawn(log={"syslog": syslog, "statsd": statsd}).serve()
    assert one_master.connect().get("/").status == 200
    finish(worker)
    assert "statsd cannot be reached" in worker.log()
