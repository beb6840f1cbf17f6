"""What an application has done at its import that a fork does not survive.

Owns: the look for it, and the words. Does not own: what follows (the master spawns plainly then).
Invariants: nothing of the application is changed once the look is over; what cannot be seen is no hazard.

A fork copies memory and descriptors, and one thread. So threads are gone in the copy, with whatever they had locked; a
connection or a lock of files belongs to all copies at once; and a temporary folder is deleted by the first that ends.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ..base import temporary

_MATHS = ("numpy", "scipy")
"""Packages whose native threads end, and start again, around a fork: those of OpenBLAS. pandas has them by numpy."""

_KINDS = {
    "anon_inode:[eventpoll]": "an event loop that was left open (epoll)",
    "anon_inode:[io_uring]": "an event loop that was left open (io_uring)",
}
_DEVICES = {"/dev/nvidia": "a GPU", "/dev/kfd": "a GPU", "/dev/dri": "a GPU"}


class Look:
    """Begins before the import, and ends after it."""

    def __init__(self) -> None:
        self._threads: dict[int, str] = {}
        self._sockets: dict[int, str] = {}
        self._native: dict[str, tuple[str, str]] = {}
        self._tasks = _tasks()
        self._descriptors = _descriptors()
        self._children = _children()
        self._command = _name_of_task(str(threading.get_native_id()))
        self._start, self._connect, self._bind = threading.Thread.start, socket.socket.connect, socket.socket.bind
        self._last = ""
        self._wrap()

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        """Finds no module: it notes after the import of which one a native thread appeared."""
        for task in _tasks() - self._tasks:
            self._tasks.add(task)
            self._native[task] = (self._last, _place(3))
        self._last = name

    def end(self) -> list[str]:
        """What was found, a line for each."""
        self._unwrap()
        return [*self._threads_left(), *self._open(), *_locks(), *self._children_left(), *temporary.named()]

    def _wrap(self) -> None:
        start, connect, bind = self._start, self._connect, self._bind
        threads, sockets = self._threads, self._sockets

        def noted_start(thread: Any) -> None:
            threads[id(thread)] = _place(2)
            start(thread)

        def noted(method: Callable[..., Any]) -> Callable[..., Any]:
            def note(sock: Any, *address: Any) -> Any:
                sockets[sock.fileno()] = _place(2)
                return method(sock, *address)

            return note

        for owner, name, function in (
            (threading.Thread, "start", noted_start),
            (socket.socket, "connect", noted(connect)),
            (socket.socket, "bind", noted(bind)),
        ):
            setattr(owner, name, function)
        sys.meta_path.insert(0, self)

    def _unwrap(self) -> None:
        # A library may have put its own around ours meanwhile, which stays: the notes of ours are then not read.
        if getattr(threading.Thread.start, "__name__", "") == "noted_start":
            threading.Thread.start = self._start  # type: ignore[method-assign]
        for name, method in (("connect", self._connect), ("bind", self._bind)):
            if getattr(vars(socket.socket).get(name), "__name__", "") == "note":
                if getattr(socket.socket.__base__, name, None) is method:
                    delattr(socket.socket, name)
                else:
                    setattr(socket.socket, name, method)
        sys.meta_path.remove(self)

    def _threads_left(self) -> Iterator[str]:
        known = {str(threading.main_thread().native_id)}
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                known.add(str(thread.native_id))
                yield f"thread `{thread.name}`{_at(self._threads.get(id(thread)))}"
        for task in sorted(_tasks() - known):
            name = _name_of_task(task)
            module, place = self._native.get(task, (self._last, ""))
            if name is None or (name == self._command and module.partition(".")[0] in _MATHS):
                continue
            after = f", there since the import of `{module}`" if module else ""
            yield f"native thread `{name}`{after}{_at(place)}"

    def _open(self) -> Iterator[str]:
        for number, link in sorted(_descriptors() - self._descriptors):
            what = _KINDS.get(link) or next((it for path, it in _DEVICES.items() if link.startswith(path)), None)
            if link.startswith("socket:"):
                what = _socket(number)
            if what is not None:
                yield f"{what}{_at(self._sockets.get(number))}"

    def _children_left(self) -> Iterator[str]:
        for pid in sorted(_children() - self._children):
            yield f"process {pid}, `{_command_line(pid)}`"


def _place(skip: int) -> str:
    """The innermost line of the application's own, and of no package; else the innermost of all."""
    frame: Any = sys._getframe(skip)
    first = ""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<") and not file.startswith(_standard_library()):
            place = f"{file}:{frame.f_lineno}"
            if "site-packages" not in file and "dist-packages" not in file:
                return place if not first else f"{place} (by {first})"
            first = first or place
        frame = frame.f_back
    return first


def _standard_library() -> str:
    return os.path.dirname(os.__file__) + os.sep


def _at(place: str | None) -> str:
    return f", from {place}" if place else ""


def _tasks() -> set[str]:
    try:
        return set(os.listdir("/proc/self/task"))
    except OSError:
        return set()


def _name_of_task(task: str) -> str | None:
    try:
        with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        # It has ended meanwhile.
        return None


def _descriptors() -> set[tuple[int, str]]:
    """With what they lead to: the number of the one that lists them is free again at once."""
    found: set[tuple[int, str]] = set()
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return found
    for name in names:
        try:
            found.add((int(name), os.readlink(f"/proc/self/fd/{name}")))
        except OSError:
            pass
    return found


def _socket(number: int) -> str | None:
    """What a socket is connected or bound to; None for a pair that has no name, such as an event loop's own."""
    try:
        view = socket.socket(fileno=os.dup(number))
    except OSError:
        return None
    with view:
        try:
            return f"connection to {_address(view.getpeername())}" if view.getpeername() else "a pair of sockets"
        except OSError:
            name = view.getsockname()
            return f"socket at {_address(name)}" if name else "a socket"


def _address(name: Any) -> str:
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) and len(name) > 1 else repr(name)


def _locks() -> Iterator[str]:
    """Locks of files that this process holds: every copy would hold them."""
    try:
        with open("/proc/locks", encoding="ascii") as lines:
            held = [line.split() for line in lines]
    except OSError:
        return
    own = str(os.getpid())
    paths = {_inode(path): path for _, path in _descriptors() if path.startswith("/")}
    for fields in held:
        if len(fields) > 5 and fields[1] != "->" and fields[4] == own:
            inode = int(fields[5].rpartition(":")[2])
            yield f"lock of the file `{paths.get(inode, f'inode {inode}')}`"


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return -1


def _children() -> set[str]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return set(file.read().split())
    except OSError:
        return set()


def _command_line(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().replace("\0", " ").strip()[:80]
    except OSError:
        return "?"
