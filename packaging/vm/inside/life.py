"""The life of a worker where the processor is short: boots under load, long ends, a group that stands still."""

import os
import signal
import time

from machine import Background, Load, Unit, get, say, shell, short, within


def check_long_end():
    """A worker whose event loop has ended is not judged silent, and no stranger is blamed for our own signal."""
    with Unit("Environment=END=8", "--workers 2 --timeout 4 --reload-probation 0") as unit:
        unit.start()
        unit.mark()
        shell("systemctl reload shop")
        time.sleep(12)
        wrong = unit.find("TIMEOUT") + unit.find("not by the master") + unit.find("has not run its event loop")
        say(not wrong, "the end of a worker that takes twice the timeout is nobody's fault", short(wrong))


def check_urgent_replacement():
    """A worker that is replaced for memory boots under full load within a small multiple of a boot without any."""
    with Unit("", "--workers 1 --max-worker-memory 60") as unit:
        began = time.monotonic()
        unit.start(workers=1)
        alone = time.monotonic() - began
        unit.mark()
        load = Load(clients=2, pause=0)
        get("/take?n=40")
        unit.wait("reason=max-memory", 100)
        began = time.monotonic()
        ready = unit.wait("Worker ready", 20 * alone)
        took = time.monotonic() - began
        load.stop()
        good = bool(ready) and took < 6 * alone
        say(good, "an urgent replacement boots under full load", f"{took:.1f} s; {alone:.1f} s alone; {load.tally}")


def check_slow_start():
    """A first start that is slower than the unit's limit is waited for."""
    with Unit("Environment=BOOT=150\nTimeoutStartSec=90") as unit:
        said = unit.start()
        once = unit.show("NRestarts") == "0"
        good = once and unit.show("ActiveState") == "active" and get() == 200
        say(good, "a start of more than 150 s with TimeoutStartSec=90", said)


def check_killed():
    """A kill by somebody else is told apart from one for want of memory."""
    with Unit("MemoryMax=300M\nMemorySwapMax=0") as unit:
        unit.start()
        unit.mark()
        os.kill(unit.workers()[-1], signal.SIGKILL)
        said = unit.wait("cause=", 60)
        say(bool(said) and "cause=killed" in said[0], "a kill by somebody else is told as one", short(said))


def check_freezer():
    """A group that was frozen is thawed as it was: nobody is blamed and nothing is lost."""
    with Unit("", "--workers 2 --timeout 3") as unit:
        unit.start()
        before, load = unit.workers(), Load()
        for seconds in (2, 8):
            shell("systemctl freeze shop")
            time.sleep(seconds)
            shell("systemctl thaw shop")
            time.sleep(5)
        load.stop()
        same = unit.workers() == before
        good = same and not load.lost() and not load.refused()
        say(good, "systemctl freeze for 2 s and 8 s with --timeout 3", f"same workers: {same} {load.tally}")


def check_master_killed():
    """No worker outlives the master, a blocked one no more than the others."""
    with Unit() as unit:
        unit.start()
        for blocked in (False, True):
            held = Background("/block?n=60") if blocked else None
            time.sleep(2)
            old, workers = unit.pid(), unit.workers()
            os.kill(old, signal.SIGKILL)
            again = within(90, lambda old=old: unit.pid() not in (0, old) and get(limit=10) == 200)
            left = [pid for pid in workers if os.path.exists(f"/proc/{pid}")]
            what = "with a blocked worker" if held else "with idle workers"
            say(again and not left, f"the master is killed {what}", f"left: {left}")
