"""Whom the kernel wakes up for a new connection: a listening socket's place in the event loop's own epoll set.

Owns: the registrations of sockets that the event loop watches already. Does not own: when they change (`ring`).
Invariants: the event loop's view is never changed, only the kernel's: it goes on believing that it watches. What cannot
be had (no epoll, no /proc, an old kernel) is None, and nothing has changed.

Theory of operation: with `EPOLLEXCLUSIVE` a new connection wakes one worker in place of all: the first in the kernel's
queue whose event loop waits. One that is busy, or blocked, is passed over. Whoever registers anew goes to the end of
the queue. So the order of the queue, which no sibling has to be asked for, says who gets the next connection.

The event loop must never change such a registration itself: the kernel refuses that (EINVAL), and libuv aborts. It does
not, since what it wants to hear of a listening socket never changes. To remove one that is not there harms neither.
"""

from __future__ import annotations

import asyncio
import os
import select
import sys
from collections.abc import Callable
from typing import TypeVar

from .servers import Acceptor

Found = TypeVar("Found")

PATIENCE = 100
"""Passes of the event loop in which `soon` looks."""

_EXCLUSIVE = select.EPOLLIN | select.EPOLLEXCLUSIVE if hasattr(select, "EPOLLEXCLUSIVE") else 0

_SINGLE_ACCEPT = 0x012D00
"""The version of libuv, 1.45, from which it accepts one connection for each event and not all that wait."""


class Gate:
    """A socket in an epoll set; open at first.

    It is no longer changed once the application has taken the socket from its event loop.
    """

    def __init__(self, epoll: select.epoll, descriptor: int, flags: int) -> None:
        self._epoll = epoll
        self._descriptor = descriptor
        self._flags = flags
        self._is_open = True
        self._is_lost = False

    def shut(self) -> None:
        """The event loop hears nothing of the socket."""
        if self._is_open:
            self._is_open = False
            try:
                self._epoll.unregister(self._descriptor)
            except OSError:
                self._is_lost = True

    def open(self) -> None:
        """It does again, after every sibling that does so now. What waits on the socket is heard of anew."""
        if not self._is_open and not self._is_lost:
            self._is_open = True
            try:
                self._epoll.register(self._descriptor, self._flags)
            except OSError:
                self._is_lost = True

    def step_back(self) -> None:
        """Goes behind the siblings."""
        self.shut()
        self.open()


class EpollSet:
    """The epoll set of an event loop."""

    def __init__(self, epoll: select.epoll) -> None:
        self._epoll = epoll

    def is_exclusive(self) -> bool:
        """Whether the kernel knows how to wake one worker only."""
        reader, writer = os.pipe()
        try:
            self._epoll.register(reader, _EXCLUSIVE)
            self._epoll.unregister(reader)
        except OSError:
            return False
        finally:
            os.close(reader)
            os.close(writer)
        return True

    def common(self, descriptor: int) -> Gate:
        """The gate of a socket that the event loop watches, and with it every sibling."""
        return Gate(self._epoll, descriptor, select.EPOLLIN)

    def exclusive(self, descriptor: int) -> Gate | None:
        """The gate of a socket of which one worker hears only; None while the event loop does not watch it yet."""
        try:
            self._epoll.unregister(descriptor)
        except FileNotFoundError:
            return None
        self._epoll.register(descriptor, _EXCLUSIVE)
        return Gate(self._epoll, descriptor, _EXCLUSIVE)


def accepts_singly(loop: object) -> bool:
    """Whether the server of this event loop takes one connection for each event, or can be kept from taking more."""
    if not _EXCLUSIVE:
        return False
    modules = [kind.__module__ for kind in type(loop).__mro__]
    if "uvloop.loop" not in modules:
        return "asyncio.selector_events" in modules and hasattr(loop, Acceptor.MAKER)
    version = getattr(sys.modules["uvloop.loop"], "libuv_get_version", None)
    return version is not None and version() >= _SINGLE_ACCEPT


def find(watched: int) -> EpollSet | None:
    """The set in which this descriptor is: the event loop's, if it watches the descriptor."""
    try:
        names = os.listdir("/proc/self/fdinfo")
    except OSError:
        return None
    for name in names:
        if _has(name, watched):
            return EpollSet(select.epoll.fromfd(os.dup(int(name))))
    return None


async def soon(look: Callable[[], Found | None]) -> Found | None:
    """What a look finds within a few passes of the event loop, which begins to watch a socket in its next one."""
    for _ in range(PATIENCE):
        found = look()
        if found is not None:
            return found
        await asyncio.sleep(0)
    return None


def _has(name: str, watched: int) -> bool:
    try:
        if os.readlink(f"/proc/self/fd/{name}") != "anon_inode:[eventpoll]":
            return False
        with open(f"/proc/self/fdinfo/{name}", encoding="ascii") as lines:
            return any(line.split()[:2] == ["tfd:", str(watched)] for line in lines)
    except OSError:
        return False
