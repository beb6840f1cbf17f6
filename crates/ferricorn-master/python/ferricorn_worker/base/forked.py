"""What a forked child of this process gives up: everything that belongs to the worker, and not to the application.

Owns: the list of descriptors that are the worker's own, and what happens in a child right after `fork()`.
Does not own: the descriptors themselves; what the application has opened, which a child inherits as in any program.
Invariants: a child holds no listening socket, client connection, channel, hand-off queue or black box, and its signals
mean what they mean in plain Python, also one that comes right after the fork; the parent pays two system calls at a
fork, and notices nothing of what its child does.

A descriptor is not closed but replaced under its number, by a socket at its end or by /dev/null. Objects of the event
loop still hold the number, and would otherwise write to, or close, whatever the child opens next. The event loop's
epoll set is shared with the parent after a fork, so a child that removed one descriptor from it would make the parent
deaf on it: the child gets an empty set of its own instead.
"""

from __future__ import annotations

import atexit
import faulthandler
import os
import select
import signal
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

_SIGNALS = tuple(
    getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "ABRT", "ALRM", "CHLD")
)
"""What the worker handles. They wait during a fork: a signal that came before a child has its own handlers would be
taken by a copy of the worker's, or lost."""

_LOOPS = ("asyncio", "uvloop", "zuvloop")
"""Packages whose signal handlers do nothing by themselves: the event loop does the work, and a child has none."""

_kept: set[tuple[int, int]] = set()
"""Device and inode of what is the worker's own. A number alone may mean another file by the time of the fork."""

_names: set[object] = set()
"""The ports and paths that the worker's own sockets are bound to. An accepted connection has the same."""

_more: list[Callable[[], Iterable[int]]] = []
_then: list[Callable[[], None]] = []
_masks: dict[int, set[signal.Signals | int]] = {}
_watching = False
_is_child = False


def watch() -> None:
    """Takes care of every fork from now on. Call it first: such functions run in the order of their registration."""
    global _watching
    if not _watching:
        _watching = True
        os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_give_up)


def keep(descriptor: int) -> None:
    """Makes this descriptor, and every copy of it, the worker's own; and connections that a socket accepts."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return
    _kept.add((status.st_dev, status.st_ino))
    if stat.S_ISSOCK(status.st_mode) and (name := _name(descriptor)):
        _names.add(name)


def keep_also(descriptors: Callable[[], Iterable[int]]) -> None:
    """Asks in the child for more descriptors that are the worker's own."""
    _more.append(descriptors)


def then(function: Callable[[], None]) -> None:
    """Calls a function in the child when the descriptors are gone. It must not raise, log or take a lock."""
    _then.append(function)


def is_of_package(handler: object, *modules: str) -> bool:
    """Whether a signal's handler is a function of one of these modules' packages."""
    module = getattr(handler, "__module__", None)
    packages = [name.partition(".")[0] for name in modules]
    return callable(handler) and isinstance(module, str) and module.partition(".")[0] in packages


def is_child() -> bool:
    """Whether this process is no worker, but was forked by one."""
    return _is_child


def begin_anew() -> None:
    """Makes this child a worker of its own, with nothing of its parent's: what it opens from here on is its own."""
    global _is_child
    _is_child = False
    _kept.clear()
    _names.clear()
    _more.clear()
    _then.clear()


def leave(error: BaseException | None = None) -> NoReturn:
    """Ends a child that has returned to code of the worker, with the status that it asked for, if any.

    The interpreter's own end is left out: it would cancel, in the child, the requests that the parent answers.
    """
    exit_ = next((it for it in _chain(error) if isinstance(it, SystemExit)), None)
    if exit_ is None:
        what = getattr(error, "text", None) or "it ends, since only the worker serves"
        line = f"ferricorn: forked child {os.getpid()} did not end by itself: {what}\nhint: end it with os._exit()\n"
        os.write(2, line.encode("utf-8", "backslashreplace"))
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
    os._exit(1 if exit_ is None else status_of(exit_))


def leave_if_child(error: BaseException | None = None) -> None:
    """Ends the process if it is a child, as `leave` does."""
    if _is_child:
        leave(error)


def status_of(error: SystemExit) -> int:
    """The exit status that the interpreter would give."""
    return error.code & 0xFF if isinstance(error.code, int) else int(error.code is not None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all in the middle of which it was raised, also where a traceback would not show them."""
    while error is not None:
        yield error
        error = error.__context__


def _hold_signals() -> None:
    # By thread: another may be about to fork as well.
    _masks[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _release_signals() -> None:
    mask = _masks.pop(threading.get_ident(), None)
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _give_up() -> None:
    global _is_child
    try:
        # Of a child of a child nothing is left to give up.
        if not _is_child:
            _is_child = True
            _reset_signals()
            _replace(_own())
            for function in _then:
                function()
    except Exception as error:
        os.write(2, f"ferricorn: a forked child keeps what is the worker's: {error!r}\n".encode())
    finally:
        _release_signals()


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    # Both write into the black box.
    faulthandler.unregister(signal.SIGUSR2)
    if faulthandler.is_enabled():
        faulthandler.disable()
        if _faulthandler_was_asked_for():
            faulthandler.enable(file=2)
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if number == signal.SIGCHLD and handler is not None:
            # uvloop's is not one of Python's: it reports the child's children to the parent's event loop.
            signal.signal(number, handler)
        elif is_of_package(handler, __name__, *_LOOPS):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def _faulthandler_was_asked_for() -> bool:
    return bool(sys.flags.dev_mode or "faulthandler" in sys._xoptions or os.environ.get("PYTHONFAULTHANDLER"))


def _own() -> set[int]:
    """The descriptors that are the worker's own."""
    found = {descriptor for ask in _more for descriptor in ask() if descriptor >= 0}
    for descriptor in _open():
        try:
            status = os.fstat(descriptor)
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in _kept or (
            stat.S_ISSOCK(status.st_mode) and _names and _name(descriptor) in _names
        ):
            found.add(descriptor)
    return found


def _open() -> Iterator[int]:
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        # Without /proc: what a process usually has.
        return iter(range(1024))
    return map(int, names)


def _name(descriptor: int) -> object:
    """The port or the path of a stream socket; nothing of any other. The family is read from the answer."""
    try:
        # With the flag Python leaves the socket's mode alone, which is the parent's too, whatever its default timeout.
        view = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0, descriptor)
    except OSError:
        return None
    try:
        if view.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) != socket.SOCK_STREAM:
            return None
        name = view.getsockname()
    except OSError:
        return None
    finally:
        view.detach()
    return name[1] if isinstance(name, tuple) else name


def _replace(own: set[int]) -> None:
    if not own:
        return
    sets = [descriptor for descriptor in _open() if _watches(descriptor, own)]
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    ended, other = socket.socketpair()
    other.close()
    for descriptor in own:
        is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
        os.dup2(ended.fileno() if is_socket else nothing, descriptor, inheritable=False)
    ended.close()
    os.close(nothing)
    for descriptor in sets:
        with select.epoll() as empty:
            os.dup2(empty.fileno(), descriptor, inheritable=False)


def _watches(descriptor: int, own: set[int]) -> bool:
    """Whether it is an epoll set, as event loops have, in which one of these is."""
    try:
        if os.readlink(f"/proc/self/fd/{descriptor}") != "anon_inode:[eventpoll]":
            return False
        with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as lines:
            return any(int(line.split()[1]) in own for line in lines if line.startswith("tfd:"))
    except (OSError, ValueError, IndexError):
        return False
