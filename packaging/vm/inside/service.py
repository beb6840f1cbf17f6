"""What systemd asks of a service: ready, reload, upgrade, restart, sockets that it holds, the watchdog, the journal."""

import os
import shutil
import time
from pathlib import Path

from machine import SHOP, UNITS, Background, Load, Unit, get, say, shell, short, within

BROKEN = Path("/run/broken")


def check_ready():
    """The unit is active when it serves and not before; a broken application fails the start."""
    with Unit("Environment=BOOT=4") as unit:
        shell("systemctl start --no-block shop")
        seen = []
        while unit.show("ActiveState") == "activating":
            seen.append(get())
            time.sleep(0.3)
        # It may have become ready between the two questions of the last look.
        early = set(seen[:-1]) - {"refused"}
        say(
            not early and get() == 200,
            "active when it serves",
            f"{len(seen)} looks before; answered too early: {early}",
        )
    BROKEN.touch()
    with Unit("Restart=no") as unit:
        shell("systemctl start shop")
        state, code = unit.show("ActiveState"), unit.show("ExecMainStatus")
        say((state, code) == ("failed", "3"), "a broken application fails the start", f"{state}, exit code {code}")
    BROKEN.unlink()


def check_reload():
    """The outcome of the reload is the outcome of `systemctl reload`."""
    with Unit("", "--workers 2 --reload-probation 1") as unit:
        unit.start()
        load = Load()
        good = shell("systemctl reload shop; echo code=$?").splitlines()[-1]
        BROKEN.touch()
        bad = shell("systemctl reload shop; echo code=$?").splitlines()[-1]
        BROKEN.unlink()
        load.stop()
        say(good == "code=0" and not load.lost(), "systemctl reload loses nothing", f"{good} {load.tally}")
        said = unit.find("Reload rejected")
        say(bad != "code=0" and get() == 200, "systemctl reload of a broken version fails", f"{bad} {short(said)}")


def upgrade(unit):
    """Upgrades, and waits until the old master has gone; whether the new one took over."""
    old = unit.pid()
    shell("systemctl kill --kill-who=main --signal=USR2 shop")
    changed = within(120, lambda: unit.pid() not in (0, old))
    return bool(changed and within(120, lambda: not os.path.exists(f"/proc/{old}")))


def check_upgrade_and_stop():
    """After an upgrade, and without one, a stop waits for the request that is in flight."""
    for upgraded in (False, True):
        with Unit("", "--workers 2 --reload-probation 0") as unit:
            unit.start()
            load = Load()
            done = upgrade(unit) if upgraded else True
            load.stop()
            slow = Background("/slow?n=4")
            time.sleep(1.5)
            shell("systemctl stop shop")
            status, result = slow.status(), unit.show("Result")
            good = done and not load.lost() and not load.refused() and status == 200 and result == "success"
            what = "an upgrade, then a stop" if upgraded else "a stop"
            say(good, f"{what} with a request of 4 s", f"took over: {done} {load.tally} {status} {result}")


def check_restart():
    """`systemctl restart` without a socket of systemd's refuses, and loses nothing that it has accepted."""
    with Unit("RestartSec=100ms") as unit:
        unit.start()
        load = Load(clients=4, pause=0.05)
        for _ in range(4):
            shell("systemctl restart shop")
            time.sleep(1)
        load.stop()
        say(not load.lost(), "systemctl restart four times loses nothing that was accepted", f"{load.tally}")


def check_sockets():
    """Where systemd holds the socket nobody is refused: a start on demand, restarts, a killed master, upgrades."""
    shutil.copy(f"{SHOP}/ferricorn.socket", UNITS / "shop.socket")
    with Unit("RestartSec=100ms", bind="", unit="Requires=shop.socket\nAfter=shop.socket") as unit:
        shell("systemctl daemon-reload; systemctl start shop.socket")
        say(get() == 200, "the first request starts the service", short(unit.lines()[-1:]))
        unit.wait("Worker ready", count=2)
        for what in ("restart", "kill -9", "upgrade", "reload"):
            load, old = Load(clients=4), unit.pid()
            if what == "upgrade":
                upgrade(unit)
            elif what == "kill -9":
                shell(f"kill -9 {old}")
                within(90, lambda old=old: unit.pid() not in (0, old) and get() == 200)
            else:
                shell(f"systemctl {what} shop")
            time.sleep(1)
            load.stop()
            # What the killed one had accepted went with it.
            good = not load.refused() and (what == "kill -9" or not load.lost())
            say(good, f"with a socket of systemd's: {what}", f"{load.tally}")


def check_watchdog():
    """Either the master answers the watchdog, or the unit lives without it: it is never killed for serving."""
    with Unit("WatchdogSec=20") as unit:
        unit.start()
        time.sleep(50)
        say(unit.show("NRestarts") == "0" and get() == 200, "WatchdogSec=20 for 50 s", unit.show("NRestarts"))


def check_journal():
    """An entry has the priority of what it says, and no second time; a traceback is one entry."""
    with Unit("", "--workers 1 --access-logfile -") as unit:
        unit.start(workers=1)
        get("/log")
        get("/raise")
        unit.wait("raised by the application")
        entries = unit.entries()
        text = {str(entry.get("MESSAGE")): entry.get("PRIORITY") for entry in entries}
        own = {line: priority for line, priority in text.items() if "an error of the application" in line}
        say(own and set(own.values()) == {"3"}, "an error has the priority 3", str(own))
        traces = [line for line in text if "Traceback" in line]
        whole = len(traces) == 1 and "ValueError: raised by the application" in traces[0]
        say(whole, "a traceback is one entry", str(traces)[:300])
        stamped = [line for line in text if line.startswith("[20")]
        say(not stamped, "no entry has a second time", short(stamped))
        say({"6"} & set(text.values()), "what is no error has the priority 6", str(sorted(set(text.values()))))
