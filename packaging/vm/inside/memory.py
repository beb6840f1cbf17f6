"""The limits of memory that systemd sets, and what the kernel does at them."""

import re
import time
from pathlib import Path

from machine import UNITS, Background, Load, Unit, get, say, shell, short


def printed(properties, words):
    """The line of `--max-worker-memory` that `--print-config` has in a service with these properties."""
    flags = " ".join(f"-p '{it}'" for it in properties.split())
    line = f"/srv/shop/.venv/bin/ferricorn main:app {words} --print-config"
    text = shell(f"systemd-run -q --wait --pipe -p WorkingDirectory=/srv/shop {flags} {line}")
    found = re.search(r"^max_worker_memory\b.*$", text, re.M)
    return found.group(0) if found else text[-300:]


def check_percentage():
    """`--max-worker-memory 40%` is a part of the limit that holds, wherever that stands."""
    (UNITS / "small.slice").write_text("[Slice]\nMemoryMax=300M\nMemorySwapMax=0\n")
    shell("systemctl daemon-reload")
    total = int(re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text()).group(1)) // 1024
    for properties, limit in [
        ("MemoryMax=300M", 300),
        ("Slice=small.slice", 300),
        ("MemoryMax=300M ProcSubset=pid", 300),
        ("MemoryHigh=300M", 300),
        ("MemoryMax=400M Slice=small.slice", 300),
        ("", total),
    ]:
        line = printed(properties, "--max-worker-memory 40%")
        right = limit * 40 // 100
        said = [int(number) for number in re.findall(r"(\d+) ?MiB", line)]
        good = any(abs(number - right) <= 1 for number in said)
        say(good, f"--max-worker-memory 40% with {properties or 'no limit'} is {right} MiB", line)


def check_replaced():
    """A worker above the percentage is replaced first, before the kernel has to kill it."""
    with Unit("MemoryMax=300M\nMemorySwapMax=0", "--workers 2 --max-worker-memory 40%") as unit:
        unit.start()
        load = Load()
        for _ in range(30):
            get("/take?n=20")
            if unit.find("reason=max-memory"):
                break
            time.sleep(1)
        said = unit.wait("cause=", 60)
        load.stop()
        good = bool(said) and "cause=max-memory" in said[0] and not load.lost() and not load.refused()
        say(
            good,
            "a worker above 40% of MemoryMax=300M is replaced first, and nothing is lost",
            f"{load.tally} {short(said)}",
        )


def check_out_of_memory():
    """The kernel kills one worker, and the service goes on: with the unit as it is."""
    # Emulated, hundreds of mebibytes take longer than the usual timeout.
    with Unit("MemoryMax=300M\nMemorySwapMax=0", "--workers 2 --timeout 600") as unit:
        unit.start()
        main, load = unit.pid(), Load(clients=3)
        get("/take?n=600")
        said = unit.wait("cause=", 60)
        unit.wait("Worker ready", 60, count=3)
        load.stop()
        kept = unit.pid() == main and unit.show("NRestarts") == "0"
        good = kept and bool(said) and "cause=out-of-memory" in said[0] and not load.refused()
        say(
            good,
            "a kill for want of memory costs one worker, and the cause is told",
            f"master kept: {kept} {load.tally} {short(said)}",
        )


def check_oom_group():
    """Where the group is killed as a whole, the start says so."""
    with Unit("OOMPolicy=kill") as unit:
        unit.start()
        said = unit.find("memory.oom.group")
        say(bool(said), "a line at the start where memory.oom.group is 1", short(said or unit.lines()))


def check_throttled():
    """Above memory.high silence has its reason in the log, and the service does not stand still for ever."""
    with Unit("MemorySwapMax=0", "--workers 2 --timeout 5") as unit:
        unit.start()
        unit.limit("MemoryHigh=80M")
        unit.mark()
        taking = Background("/take?n=150")
        said = unit.wait("memory.high", 90)
        killed = unit.wait("cause=", 120)
        unit.limit("MemoryHigh=infinity")
        taking.status()
        served = get("/") == 200
        say(
            bool(said) and served,
            "silence above memory.high is named, and the service serves afterwards",
            f"{short(said)} // {short(killed)}",
        )
