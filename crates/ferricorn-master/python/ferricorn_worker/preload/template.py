"""The template: it loads once what all workers have in common, and forks workers from it.

Owns: the order of its steps, and the first ones of a forked worker. Does not own: the loading (`load`; `warm` while the
code is worked on), the look for what a fork does not survive (`hazards`), a worker's life (`main`).
Invariants: it has no listening socket, ever; a worker that it has forked is the master's child before anybody hears of
it; it ends with its channel.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from types import FrameType
from typing import Any, NoReturn

from ..base import ending, forked, temporary, title
from ..base.errors import EXIT_CODES, BootFailed, user_traceback
from ..development import imports
from ..life import main
from ..life.load import Loaded, load
from ..logs.logs import Logs
from ..talk import extend
from ..talk.channel import Channel, MalformedMessage, MasterGone
from ..talk.start import LoadTemplate

_PR_SET_PDEATHSIG = 1
_MOMENT = 0.0005
"""Seconds between two looks at whose child a worker is by now."""
_OF_EVERY_WORKER = (
    "ferricorn_worker.life.server",
    "ferricorn_worker.life.stop_lines",
    "asyncio.runners",
    "concurrent.futures.thread",
    "uvicorn.lifespan.on",
    "ctypes",
)
_MORE_LIKELY = 10
"""What a worker adds to its own `oom_score_adj`: of equals the kernel then takes it, and not the template."""


def run(descriptor: int, name: str, extension: int | None = None) -> NoReturn:
    """Runs the template on this channel, and exits. `extension` is the descriptor of the native protocol's module."""
    channel = Channel(descriptor)
    title.show(f"ferricorn: template [{name}]")
    try:
        order = LoadTemplate.from_message(channel.wait())
    except (MasterGone, MalformedMessage, KeyError, TypeError):
        os._exit(1)
    extend.use(channel)
    _handle_signals(order.black_box)
    try:
        loaded, holds = _load(order, channel, extension)
    except BaseException as error:
        if forked.is_child():
            forked.leave(error)
        if not isinstance(error, BootFailed):
            error = BootFailed("import", user_traceback(error))
        temporary.remove()
        channel.send({"type": "boot_failed", "stage": error.stage, "text": error.text})
        os._exit(EXIT_CODES[error.stage])
    _fork_for_ever(order, channel, loaded, name, holds)


def _handle_signals(black_box: int) -> None:
    """A signal to the whole group is the master's affair. The master asks for the stack of an import that hangs."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, _do_nothing)
    os.set_inheritable(black_box, False)
    forked.keep(black_box)
    faulthandler.register(signal.SIGUSR2, file=black_box, all_threads=True)
    faulthandler.enable(file=black_box, all_threads=True)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Caught and not ignored: an ignored signal would stay ignored in processes that the application starts."""


def _load(
    order: LoadTemplate, channel: Channel, extension: int | None
) -> tuple[Loaded | None, Callable[[], bool] | None]:
    """Loads, looks, and makes what is there fit for being copied. Raises `BootFailed`.

    Returns the application, and what tells whether all that was imported is still what is on disk; one of them.
    """
    # What is loaded stays: a collection in the middle of it would find next to nothing.
    gc.disable()
    look = _look() if order.look else None
    loaded, holds = None, None
    hazards: list[str] = []
    if order.warm is not None:
        from . import warm

        _import_all(_OF_EVERY_WORKER)
        holds, hazards = warm.load(order, order.warm, extension)
    else:
        loaded = _load_application(order, extension)
    hazards += look() if look is not None else []
    if hazards:
        # Before the master hears of it, which ends this process at once.
        temporary.remove()
        channel.send({"type": "template_unfit", "hazards": hazards})
        os._exit(0)
    if loaded is not None:
        loaded.logs.put_away()
    ending.flush()
    ending.remember()
    # What a collection in a worker looked at would be copied, page by page: it looks at nothing that is here by now.
    gc.collect()
    gc.freeze()
    gc.enable()
    channel.send({"type": "template_ready", "shared": _anonymous_memory()})
    return loaded, holds


def _load_application(order: LoadTemplate, extension: int | None) -> Loaded:
    try:
        logs = Logs(order.log, {})
    except OSError as error:
        text = f"log file `{error.filename}` cannot be opened: {error.strerror}"
        raise BootFailed("environment", text) from None
    loaded = load(order.load, logs, lambda _hooks: None, extension)
    forked.leave_if_child()
    _import_the_rest(loaded)
    return loaded


def _look() -> Callable[[], list[str]]:
    from .hazards import Look

    return Look().end


def _import_the_rest(loaded: Loaded) -> None:
    """Imports what every worker would import by itself once it serves, or when it ends."""
    names = [*_OF_EVERY_WORKER]
    if loaded.hooks is not None:
        names.append("ferricorn_worker.hooks.worker_hooks")
    loop = loaded.config.loop
    names.extend(f"uvicorn.loops.{name}" for name in (("auto", "uvloop", "asyncio") if loop == "auto" else (loop,)))
    if "anyio" in sys.modules:
        # Of FastAPI's and Starlette's: the first request would import it, in each worker.
        names.append("anyio._backends._asyncio")
    _import_all(names)


def _import_all(names: Iterable[str]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            # A worker that needs it logs it.
            pass


def _anonymous_memory() -> int:
    """Memory in bytes that is this process's own, and that workers will have in common."""
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as lines:
            kilobytes = [int(line.split()[1]) for line in lines if line.startswith("Anonymous:")]
    except (OSError, ValueError):
        return 0
    return sum(kilobytes) * 1024


def _fork_for_ever(
    order: LoadTemplate, channel: Channel, loaded: Loaded | None, name: str, holds: Callable[[], bool] | None
) -> NoReturn:
    while True:
        try:
            message, descriptors = channel.wait_with_descriptors()
        except MasterGone:
            os._exit(0)
        except MalformedMessage:
            continue
        if message.get("type") == "fork" and holds is not None and not holds():
            channel.send({"type": "outdated"})
        elif message.get("type") == "fork":
            work = partial(_work, order, channel, loaded, name, message, descriptors)
            channel.send(_fork(message, descriptors, work))
        for descriptor in descriptors:
            os.close(descriptor)


def _fork(message: dict[str, Any], descriptors: list[int], work: Callable[[], NoReturn]) -> dict[str, Any]:
    """Forks twice: when the process in the middle has gone, the worker is the master's child, and may be reported."""
    failed = {"type": "not_forked", "id": message["id"]}
    if len(descriptors) != len(message["descriptors"]):
        return {**failed, "error": "descriptors were lost on the way: is the limit of open files reached?"}
    reader, writer = os.pipe()
    try:
        middle = os.fork()
        if middle == 0:
            _be_in_the_middle(reader, writer, work)
    except OSError as error:
        os.close(reader)
        return {**failed, "error": error.strerror}
    finally:
        os.close(writer)
    with open(reader, encoding="ascii") as file:
        said = file.read()
    try:
        os.waitpid(middle, 0)
    except ChildProcessError:
        # The application lets the kernel wait for its children.
        pass
    if not said.isdecimal():
        return {**failed, "error": said or "the process in the middle has died"}
    return {"type": "forked", "id": message["id"], "pid": int(said)}


def _be_in_the_middle(reader: int, writer: int, work: Callable[[], NoReturn]) -> NoReturn:
    try:
        worker = os.fork()
    except OSError as error:
        os.write(writer, str(error.strerror).encode("ascii", "replace"))
        os._exit(1)
    if worker == 0:
        os.close(reader)
        os.close(writer)
        work()
    os.write(writer, str(worker).encode())
    os._exit(0)


def _work(
    order: LoadTemplate,
    channel: Channel,
    loaded: Loaded | None,
    name: str,
    message: dict[str, Any],
    descriptors: list[int],
) -> NoReturn:
    """Becomes a worker in every respect."""
    try:
        channel.close()
        os.close(order.black_box)
        forked.begin_anew()
        if loaded is None:
            # Files may have come since.
            importlib.invalidate_caches()
            imports.inherit()
        _become_the_masters(order.master_pid)
        os.environ["FERRICORN_SLOT"] = str(message["slot"])
        os.environ["FERRICORN_GENERATION"] = str(message["generation"])
        title.show(f"ferricorn: worker [{name}]")
        numbers = dict(zip(message["descriptors"], descriptors, strict=True))
        main.run(descriptors[0], loaded=loaded, numbers=numbers)
    finally:
        # A worker must never return to code of the template.
        os._exit(1)


def _become_the_masters(master_pid: int) -> None:
    """Waits until the process in the middle has gone. The kernel ends the worker with the master from then on."""
    middle = os.getppid()
    while os.getppid() == middle != master_pid:
        time.sleep(_MOMENT)
    _die_with_parent()
    if os.getppid() != master_pid:
        os._exit(0)
    try:
        with open("/proc/self/oom_score_adj", "r+", encoding="ascii") as file:
            score = min(1000, int(file.read()) + _MORE_LIKELY)
            file.seek(0)
            file.write(str(score))
    except (OSError, ValueError):
        # It decides only which of equals the kernel takes.
        pass


def _die_with_parent() -> None:
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        # Its channel tells it as well, as soon as its event loop runs.
        pass
