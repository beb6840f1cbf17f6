"""Answers and lost requests over time, while a server reloads and recycles its workers: JSON for `cargo dev plots`.

    timeline.py SECONDS NAME=COMMAND...      `{port}` in a command is filled in

For each server: it is started, clients ask it, and at a third of the time it gets a SIGHUP. Eight clients keep
their connections and two open one for each request. A request that got no complete answer with status 200 is lost, and
never sent again. A refused connection is counted by itself.
"""

import contextlib
import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

SLICE = 0.1
"""The series has one number for each tenth of a second."""

PAUSE = 0.002
"""What a client waits after an answer: the load is moderate, and the same for all."""


class Series:
    """What became of requests, by the slice of time in which they ended."""

    def __init__(self, seconds: float) -> None:
        self.slices = round(seconds / SLICE)
        self.counts = {kind: [0] * self.slices for kind in ("answered", "lost", "refused")}
        self.lock = threading.Lock()
        self.begin = time.monotonic()

    def is_over(self) -> bool:
        return time.monotonic() - self.begin >= self.slices * SLICE

    def note(self, kind: str) -> None:
        number = int((time.monotonic() - self.begin) / SLICE)
        with self.lock:
            self.counts[kind][min(number, self.slices - 1)] += 1


def ask(port: int, kept: bool, series: Series) -> None:
    """One client, to the end of the series."""
    connection: http.client.HTTPConnection | None = None
    while not series.is_over():
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.connect()
            except OSError:
                series.note("refused")
                connection = None
                time.sleep(0.02)
                continue
        try:
            connection.request("GET", "/", headers={} if kept else {"Connection": "close"})
            answer = connection.getresponse()
            answer.read()
            series.note("answered" if answer.status == 200 else "lost")
            if answer.will_close:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException):
            series.note("lost")
            connection.close()
            connection = None
        time.sleep(PAUSE)


@contextlib.contextmanager
def served(command: str) -> Iterator[tuple[int, int]]:
    """A server that serves; its port and its pid. It is killed with all that it has started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = shlex.split(command.format(port=port))
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            words, cwd=Path(__file__).parent / "apps", stdout=log, stderr=log, start_new_session=True
        )
        try:
            until = time.monotonic() + 60
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if server.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    sys.exit(f"{command}: does not serve:\n{log.read().decode(errors='replace')}")
                time.sleep(0.05)
            # All workers, not only the first.
            time.sleep(2)
            yield port, server.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def measure(command: str, seconds: float) -> dict[str, list[int]]:
    """The series of one server."""
    with served(command) as (port, pid):
        series = Series(seconds)
        clients = [threading.Thread(target=ask, args=(port, number < 8, series)) for number in range(10)]
        for client in clients:
            client.start()
        time.sleep(seconds / 3)
        os.kill(pid, signal.SIGHUP)
        for client in clients:
            client.join()
        return series.counts


def main() -> None:
    seconds = float(sys.argv[1])
    load = round(os.getloadavg()[0], 1)
    servers = {}
    for pair in sys.argv[2:]:
        name, _, command = pair.partition("=")
        counts = measure(command, seconds)
        # Without the folders of this machine.
        program, _, rest = command.partition(" ")
        servers[name] = {"command": f"{Path(program).name} {rest}", **counts}
        print(f"{name}: " + ", ".join(f"{sum(values)} {kind}" for kind, values in counts.items()), file=sys.stderr)
    facts = {"slice_seconds": SLICE, "reload_at": seconds / 3, "processors": os.cpu_count(), "load_average": load}
    # A line for each server.
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(series)}" for name, series in servers.items())
    print(json.dumps(facts)[:-1] + f', "servers": {{\n{lines}\n}}}}')


if __name__ == "__main__":
    main()
