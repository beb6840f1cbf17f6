"""Hands idle connections to a sibling, so that their clients notice nothing.

Owns: the message, sending and receiving it. Does not own: which connections are idle, and what becomes of one that
moves (`protocol.interface`), when a worker drains (`drain`), who reads the queue (`accept`).
Invariants: the move is one callback without an await; what cannot be moved says so and stays.

Several go in one message, because half of what one costs is the system call and the sibling that wakes up for it.
"""

from __future__ import annotations

import array
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

from ..protocol.interface import Protocols

BATCH = 8
"""The most connections in one message. More would save little, and all of them come to one sibling at once."""

_META_VERSION = 1
NOTHING = bytes((_META_VERSION,))
"""A message without connections."""

_SECONDS = struct.Struct("<d")
_NO_TIMER = -1.0


def send(protocols: Protocols, connections: Sequence[Any], queue: socket.socket, now: float) -> bool:
    """Sends idle connections in one message; False if they stay, because the kernel refuses them.

    `now` is the event loop's time. Raises `BlockingIOError` when the queue is full: the connections stay, and so would
    any other now.
    """
    descriptors = array.array("i")
    remaining = []
    for connection in connections:
        descriptor = protocols.descriptor(connection)
        if descriptor is None:
            return False
        descriptors.append(descriptor)
        left = protocols.pause_left(connection, now)
        remaining.append(_NO_TIMER if left is None else left)
    meta = bytes((_META_VERSION,)) + struct.pack(f"<{len(remaining)}d", *remaining)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)]
    try:
        queue.sendmsg([meta], ancillary, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except BlockingIOError:
        raise
    except OSError:
        return False
    for connection in connections:
        # Nothing is read between the test for "idle" and this, since the event loop is not asked.
        protocols.forget(connection)
    return True


def wake_sibling(queue: socket.socket) -> None:
    """Has a sibling look for connections of which the kernel may have told nobody else."""
    try:
        queue.send(NOTHING, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except OSError:
        # A queue that is full wakes them as well.
        pass


def receive(queue: socket.socket) -> list[tuple[socket.socket, float]]:
    """The connections of one message, each with the rest of its keep-alive time; none if it held none.

    Raises `BlockingIOError` when the queue is empty.
    """
    size = socket.CMSG_SPACE(BATCH * array.array("i").itemsize)
    flags = socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC
    meta, ancillary, _flags, _address = queue.recvmsg(1 + BATCH * _SECONDS.size, size, flags)
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    remaining = [_NO_TIMER] * len(descriptors)
    if len(meta) == 1 + len(descriptors) * _SECONDS.size and meta[0] == _META_VERSION:
        remaining = [seconds for (seconds,) in _SECONDS.iter_unpack(meta[1:])]
    connections = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    for connection in connections:
        connection.setblocking(False)
    return list(zip(connections, remaining, strict=True))


class Spares:
    """Descriptors that are held for the connections of one message.

    The kernel throws away what it has no descriptor for, and another thread may take the last ones at any time.
    """

    def __init__(self) -> None:
        self._held: list[int] = []
        self.hold()

    def hold(self) -> bool:
        """Opens what is missing. False when the system gives no more."""
        held = self._held
        try:
            if not held:
                held.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            # A copy costs a third of what it costs to open.
            while len(held) <= BATCH:
                held.append(os.dup(held[0]))
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Closes all but the one that the next are copies of."""
        while len(self._held) > 1:
            os.close(self._held.pop())
