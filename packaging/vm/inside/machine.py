"""What the checks share: units, requests, load, and a verdict with its evidence."""

import http.client
import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

SHOP = "/srv/shop"
FERRICORN = f"{SHOP}/.venv/bin/ferricorn"
UNITS = Path("/run/systemd/system")
PORT = 8000
# How many times slower than others this machine is at worst: it stretches what waits for evidence.
SLOW = float(os.environ.get("SLOW", "8"))
VERDICTS = {"ok": 0, "WRONG": 0}


def say(good, what, evidence=""):
    """One line: what was to hold, whether it does, and what shows it."""
    verdict = "ok" if good else "WRONG"
    VERDICTS[verdict] += 1
    print(f"{verdict:5} {what} | {evidence}", flush=True)


def shell(command, limit=600):
    """What a command prints, on either output."""
    try:
        done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"(no end within {limit} s: {command})"
    return (done.stdout + done.stderr).strip()


def within(seconds, question, pause=0.2):
    """The first answer that is true; the last one after `seconds`, stretched."""
    until = time.monotonic() + seconds * SLOW
    while time.monotonic() < until:
        if answer := question():
            return answer
        time.sleep(pause)
    return question()


def get(path="/", limit=120.0):
    """The status of an answer; `refused`; or `lost` and how."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=limit)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except ConnectionRefusedError:
        return "refused"
    except (OSError, http.client.HTTPException) as error:
        return f"lost ({type(error).__name__})"
    finally:
        connection.close()


class Load:
    """Some clients that make requests on new connections, each one after the other."""

    def __init__(self, clients=2, pause=0.2):
        self.tally, self.running, self.pause, self.lock = {}, True, pause, threading.Lock()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        while self.running:
            status = get()
            with self.lock:
                self.tally[status] = self.tally.get(status, 0) + 1
            time.sleep(self.pause)

    def stop(self):
        """What became of the requests: how many had each status."""
        self.running = False
        for thread in self.threads:
            thread.join(150)
        return self.tally

    def lost(self):
        """How many were neither answered nor refused."""
        return sum(count for status, count in self.tally.items() if str(status).startswith("lost"))

    def refused(self):
        return self.tally.get("refused", 0)


class Background:
    """One request in a thread of its own; `status()` waits for it."""

    def __init__(self, path):
        self.result = []
        self.thread = threading.Thread(target=lambda: self.result.append(get(path)), daemon=True)
        self.thread.start()

    def status(self):
        self.thread.join(150)
        return self.result[0] if self.result else "no answer"


class Unit:
    """A service called `shop`: the plain part of the project's own unit, and more lines for [Service]."""

    name = "shop"

    def __init__(self, service="", words="--workers 2", bind=f"--bind 127.0.0.1:{PORT}", whole=False, unit=""):
        text = Path(f"{SHOP}/ferricorn.service").read_text()
        if not whole:
            # What stands below the blank line of [Service] is hardening.
            head, _, rest = text.partition("[Service]\n")
            text = head + "[Service]\n" + rest.partition("\n\n")[0] + "\n"
        line = f"ExecStart={FERRICORN} main:app {bind} {words}\n"
        text = re.sub(r"^ExecStart=.*\n", line, text, flags=re.M)
        text = text.replace("[Unit]\n", f"[Unit]\nStartLimitIntervalSec=0\n{unit}\n")
        text = text.replace("[Install]", f"{service}\n[Install]") if whole else text + service + "\n"
        (UNITS / "shop.service").write_text(text)
        shell("systemctl daemon-reload")
        self.cursor = ""
        self.mark()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shell("systemctl kill --signal=KILL shop; systemctl stop shop shop.socket; systemctl reset-failed shop")
        for file in UNITS.glob("shop.*"):
            file.unlink()
        shell("rm -rf /run/systemd/system.control/shop.service.d; systemctl daemon-reload")

    def mark(self):
        """What is read of the journal afterwards begins here."""
        shell("journalctl --sync")
        found = re.search(r"-- cursor: (.*)", shell("journalctl -u shop -n 1 --show-cursor -q"))
        self.cursor = found.group(1) if found else ""

    def entries(self):
        shell("journalctl --sync")
        after = f"--after-cursor '{self.cursor}'" if self.cursor else ""
        lines = shell(f"journalctl -u shop -o json -q --all {after}").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def lines(self):
        texts = [entry.get("MESSAGE") for entry in self.entries()]
        return [bytes(text).decode(errors="replace") if isinstance(text, list) else str(text) for text in texts]

    def find(self, part):
        return [line for line in self.lines() if part in line]

    def wait(self, part, seconds=60.0, count=1):
        """The lines with this text, as soon as there are `count`."""
        return within(seconds, lambda: len(found := self.find(part)) >= count and found) or []

    def start(self, workers=2):
        self.mark()
        said = shell("systemctl start shop")
        self.wait("Worker ready", count=workers)
        return said

    def show(self, name):
        return shell(f"systemctl show shop --value -p {name}")

    def pid(self):
        return int(self.show("MainPID") or 0)

    def group(self):
        return Path("/sys/fs/cgroup" + self.show("ControlGroup"))

    def workers(self):
        try:
            pids = (self.group() / "cgroup.procs").read_text().split()
            return [int(pid) for pid in pids if b"worker [" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        except OSError:
            return []

    def limit(self, *properties):
        shell("systemctl set-property --runtime shop " + " ".join(properties))


def short(lines, most=3):
    """Some lines for the evidence of a verdict."""
    return " // ".join(line[:300] for line in lines[:most])
