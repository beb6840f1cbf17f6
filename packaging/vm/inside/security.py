"""The whole unit, with its hardening: everything that needs something of the system still works."""

import re
import time

from machine import Background, Load, Unit, get, say, shell, short
from service import upgrade


def check_hardened():
    """The unit as it is, then with what could be taken away on top of it."""
    more = "ProcSubset=pid\nPrivateUsers=yes\nSystemCallFilter=~@resources\nIPAddressDeny=any\nIPAddressAllow=localhost"
    words = "--workers 2 --timeout 12 --reload-probation 0"
    for extra in ("", more):
        with Unit(f"MemorySwapMax=0\n{extra}", words, whole=True) as unit:
            wrong = exercise(unit)
            score = re.search(
                r"Overall exposure level.*?(\d\.\d)", shell("systemd-analyze security shop.service --no-pager")
            )
            if not score or float(score.group(1)) > 1.5:
                wrong.append("systemd-analyze security says more than 1.5")
            what = "the unit and more" if extra else "the unit"
            say(not wrong, f"{what}, hardened", f"{score and score.group(0)} {' ;; '.join(wrong)}")


def exercise(unit):
    """Start, ctl from outside, a hang report, a kill for want of memory, reload, upgrade, stop: what did not work."""
    unit.start()
    if get() != 200:
        return [f"does not start: {unit.show('Result')} {short(unit.lines()[-6:], 6)}"]
    wrong = [f"at the start: {line}" for line in unit.lines() if "[WARN" in line or "[ERROR" in line]
    status = shell(f"/srv/shop/.venv/bin/ferricorn ctl --pid {unit.pid()} status")
    if "listening" not in status:
        wrong.append(f"ctl from outside: {status[:150]}")
    wrong += explained(unit)
    wrong += out_of_memory(unit)
    for name, change in (
        ("reload", lambda: "code=0" in shell("systemctl reload shop; echo code=$?")),
        ("upgrade", lambda: upgrade(unit)),
    ):
        load = Load()
        done = change()
        load.stop()
        if not done or load.lost() or load.refused():
            wrong.append(f"{name}: done {done} {load.tally}")
    slow = Background("/slow?n=4")
    time.sleep(1.5)
    shell("systemctl stop shop")
    if (slow.status(), unit.show("Result")) != (200, "success"):
        wrong.append(f"stop: {slow.status()} {unit.show('Result')}")
    return wrong


def explained(unit):
    """A blocked worker is found, and where it is blocked is told."""
    unit.mark()
    held = Background("/block?n=60")
    found = unit.wait("WORKER TIMEOUT", 60)
    held.status()
    unit.wait("Worker ready", 60)
    lines = unit.lines()
    wrong = [] if found else ["a blocked worker was not found"]
    if not any("in act" in line for line in lines):
        wrong.append("no stack of the blocked worker")
    if not any("it is waiting" in line for line in lines):
        wrong.append("what the blocked worker waits for is not known")
    return wrong


def out_of_memory(unit):
    """A kill for want of memory has the right cause. The limit is near: this machine takes seconds for 100 MiB."""
    now = int((unit.group() / "memory.current").read_text()) >> 20
    unit.limit(f"MemoryMax={now + 20}M")
    unit.mark()
    get("/take?n=60")
    said = unit.wait("cause=", 60)
    unit.wait("Worker ready", 60)
    unit.limit("MemoryMax=infinity")
    return [] if said and "out-of-memory" in said[0] else [f"out of memory: {short(said)}"]
