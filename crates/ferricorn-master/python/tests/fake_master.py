"""A master made of a few sockets: boots the real shim on the real uvicorn, and plays the other side of the wire.

Owns: the listening socket, the scoreboard, the handoff queue, the channels of its workers.
Invariants: every wait has a limit and waits for evidence; what it started is gone when it is closed.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHIM = HERE.parent
LIMIT = 60.0
"""Seconds that anything may take before the test fails."""

EXTENSION = os.environ.get("FERRICORN_TEST_EXTENSION")
"""The extension module of the native protocol, which `cargo dev test` builds; a run by hand goes without."""

PROTOCOLS = ["h11", "httptools", *(["native"] if EXTENSION else [])]
"""What speaks HTTP/1.1 in a worker."""

NATIVE = {"request_line": 0, "fields": 128, "field": 0, "head_ms": 30_000}
"""What the master tells the native protocol if nothing is said."""

MAGIC = 0x4645_5252_4900_0002
HEADER_WORDS = ROW_WORDS = 16
BYTES = 17_305_600
TALLY_MAGIC = 0x4645_5252_5400_0001
TALLY_WORDS = 2560

LAUNCH = "import os,sys;exec(os.pread(int(sys.argv[1]),1<<20,0).partition(b'\\0')[0])"
"""What the master passes to `python -c` (`BOOT` in `src/shim.rs`)."""


def sources(extension: int | None = None) -> bytes:
    """What workers boot from, as the master embeds it; `extension` is a descriptor."""
    files = sorted((SHIM / "ferricorn_worker").rglob("*.py"))
    package = {file.relative_to(SHIM).with_suffix("").as_posix(): file.read_text() for file in files}
    command = {"argv": ["/bin/ferricorn", "main:app"], "python": None}
    content = {"modules": package, "command": command, "extension": extension}
    return (SHIM / "boot.py").read_bytes() + b"\0" + json.dumps(content).encode()


def memfd(name: str, content: bytes) -> int:
    """An anonymous file with this content."""
    descriptor = os.memfd_create(name)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    return descriptor


class Worker:
    """One worker process and its channel."""

    def __init__(
        self, master: FakeMaster, load: dict[str, Any], who: dict[str, Any], environment: dict[str, str]
    ) -> None:
        self.row: int = who["row"]
        self.runs: dict[str, Any] = {}
        row = self.row
        self.black_box = who["black_box"]
        self.master = master
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(LIMIT)
        extension = memfd("ferricorn-http", Path(EXTENSION).read_bytes()) if EXTENSION else None
        source = memfd("ferricorn-shim", sources(extension))
        inherited = (source, theirs.fileno(), *([extension] if extension else []))
        command = [sys.executable, "-c", LAUNCH, str(source), str(theirs.fileno())]
        with (
            open(master.folder / f"worker-{row}.out", "ab") as out,
            open(master.folder / f"worker-{row}.log", "ab") as log,
        ):
            self.process = subprocess.Popen(
                [*master.launcher, *command, f"worker {load['app']['target']}"],
                pass_fds=(*inherited, self.black_box, *master.inherited()),
                cwd=master.folder,
                stdout=out,
                stderr=log,
                env={**os.environ, **environment},
            )
        for descriptor in inherited:
            os.close(descriptor)
        theirs.detach()
        self.send({"type": "start", "load": load, "worker": who})

    def send(self, message: dict[str, Any]) -> None:
        """Gives an order."""
        self.channel.send(json.dumps(message).encode())

    def receive(self) -> dict[str, Any]:
        """The worker's next message; an empty one when it has died."""
        packet = self.channel.recv(256 * 1024)
        message: dict[str, Any] = json.loads(packet) if packet else {}
        if message.get("type") == "runs":
            self.runs = message
            return self.receive()
        return message

    def serve(self) -> Worker:
        """Waits for `ready` and orders `serve`."""
        message = self.receive()
        assert message == {"type": "ready"}, (message, self.log())
        self.order_to_serve()
        self.master.wait_for(lambda: self.word(0) == 2)
        return self

    def order_to_serve(self) -> None:
        """Orders `serve`, and gives what there is to serve on."""
        listeners = [listener.fileno() for listener in (self.master.listener, *self.master.more_listeners)]
        packet = json.dumps({"type": "serve", "listeners": len(listeners)}).encode()
        socket.send_fds(self.channel, [packet], listeners)

    def drain(self, mode: str = "close", grace: float = 10.0, *, quick: bool = False) -> None:
        """Orders a drain."""
        self.send({"type": "drain", "mode": mode, "grace_ms": int(grace * 1000), "quick": quick})

    def has_heard(self) -> bool:
        """Whether it has read all that it was sent (`SIOCOUTQ`)."""
        unread = fcntl.ioctl(self.channel, termios.TIOCOUTQ, struct.pack("i", 0))
        return unread == struct.pack("i", 0)

    def wait(self, limit: float = LIMIT) -> int:
        """The exit status."""
        return self.process.wait(limit)

    def word(self, word: int) -> int:
        """One word of the worker's row."""
        return self.master.board[HEADER_WORDS + self.row * ROW_WORDS + word]

    def counted(self, word: int) -> int:
        """One word of the worker's tally."""
        place = ((3 + self.row) * TALLY_WORDS + word) * 8
        return int.from_bytes(os.pread(self.master.tallies, 8, place), sys.byteorder)

    def seconds(self, word: int) -> float:
        """One word of the worker's tally that is a sum of seconds."""
        seconds: float = struct.unpack("d", self.counted(word).to_bytes(8, sys.byteorder))[0]
        return seconds

    def codes(self) -> dict[int, int]:
        """The worker's requests by status code."""
        place = ((3 + self.row) * TALLY_WORDS + 32) * 8
        counts = memoryview(os.pread(self.master.tallies, 500 * 8, place)).cast("Q")
        return {code: count for code, count in enumerate(counts, 100) if count}

    def stack(self) -> str:
        """What the worker has written into its black box."""
        return os.pread(self.black_box, 1 << 20, 0).decode()

    def log(self) -> str:
        """What the worker has written to standard error."""
        return (self.master.folder / f"worker-{self.row}.log").read_text()

    def out(self) -> str:
        """What the worker has written to standard output."""
        return (self.master.folder / f"worker-{self.row}.out").read_text()

    def close(self) -> None:
        """Ends the worker, if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(LIMIT)
        self.channel.close()
        if self.black_box >= 0:
            os.close(self.black_box)
            self.black_box = -1


class FakeMaster:
    """Everything that workers share."""

    def __init__(self, folder: Path, loop: str = "asyncio", http: str = "h11") -> None:
        self.folder = folder
        self.loop = loop
        self.http = http
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address: tuple[str, int] = self.listener.getsockname()
        self.more_listeners: list[socket.socket] = []
        self.queue = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.scoreboard = os.memfd_create("scoreboard")
        os.ftruncate(self.scoreboard, BYTES)
        self.map = mmap.mmap(self.scoreboard, BYTES)
        self.board = memoryview(self.map).cast("Q")
        self.board[0] = MAGIC
        self.tallies = os.memfd_create("tallies")
        os.ftruncate(self.tallies, TALLY_WORDS * 8 * 32)
        os.pwrite(self.tallies, TALLY_MAGIC.to_bytes(8, "little"), 0)
        self.workers: list[Worker] = []
        self.launcher: list[str] = []
        """A command that starts the worker as its child, when a test wants to kill the parent."""

    def inherited(self) -> tuple[int, ...]:
        """The descriptors that every worker gets."""
        return (self.scoreboard, self.tallies, *(end.fileno() for end in self.queue))

    def spawn(
        self,
        target: str = "apps:app",
        *,
        workers: int = 1,
        worker_connections: int | None = None,
        access: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
        defaults: dict[str, Any] | None = None,
        app_dir: str = str(HERE),
        level: str = "info",
        error_file: str | None = None,
        factory: bool = False,
        count_websockets: bool = False,
        environment: dict[str, str] | None = None,
        native: dict[str, int] | None = None,
        log: dict[str, Any] | None = None,
        worker_class: str | None = None,
        hooks: dict[str, Any] | None = None,
        development: dict[str, Any] | None = None,
    ) -> Worker:
        """Starts one worker."""
        row = len(self.workers)
        self.board[1] = row + 1
        http = {} if self.http == "native" else {"http": self.http}
        load = {
            "app": {
                "target": target,
                "factory": factory,
                "app_dir": app_dir,
                "worker_class": worker_class,
                "native_http": {**NATIVE, **(native or {})} if self.http == "native" else None,
                "uvicorn": {"loop": self.loop, **http, **(options or {})},
                "uvicorn_defaults": {"timeout_keep_alive": 75, "from_the_future": 1, **(defaults or {})},
            },
            "backlog": 100,
            "hooks": hooks,
        }
        who = {
            "slot": row,
            "generation": 1,
            "age": row + 1,
            "master_pid": os.getpid(),
            "scoreboard": self.scoreboard,
            "row": row,
            "tally": self.tallies,
            "black_box": memfd("black-box", b""),
            "workers": workers,
            "handoff": [end.fileno() for end in self.queue],
            "worker_connections": worker_connections,
            "count_websockets": count_websockets,
            "log": {"level": level, "error_file": error_file, "colors": False, "access": access, **(log or {})},
        }
        if development is not None:
            who["development"] = development
        worker = Worker(self, load, who, environment or {})
        self.workers.append(worker)
        return worker

    def connect(self) -> Client:
        """A connection that keeps alive."""
        return Client(self.address)

    @staticmethod
    def wait_for(condition: Any, limit: float = LIMIT) -> None:
        """Waits until the condition holds."""
        end = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < end, "the evidence did not come in time"
            select.select([], [], [], 0.002)

    def close(self) -> None:
        """Ends everything."""
        for worker in self.workers:
            worker.close()
        self.board.release()
        self.map.close()
        os.close(self.scoreboard)
        os.close(self.tallies)
        for end in (*self.queue, self.listener, *self.more_listeners):
            end.close()


class Response:
    """An answer, read to its end."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Client:
    """A strict HTTP/1.1 client on one connection: it never retries."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def get(self, path: str = "/", *headers: str) -> Response:
        """A request and its answer."""
        lines = [f"GET {path} HTTP/1.1", "Host: test", *headers, "", ""]
        self.send("\r\n".join(lines).encode())
        return self.response()

    def response(self) -> Response:
        """The next answer; `ConnectionError` if there is none."""
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        if "content-length" in headers:
            body = self._exactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            body = b"".join(self._chunks())
        else:
            body = b""
        return Response(int(head[0].split(" ")[1]), headers, body)

    def is_closed(self) -> bool:
        """Whether the server closes without another byte, waited for."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        """Closes."""
        self.socket.close()

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = int(self._until(b"\r\n"), 16)
            yield self._exactly(size)
            self._until(b"\r\n")
            if size == 0:
                return

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._fill()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _fill(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server has closed without an answer")
        self._buffer += data
