"""Hands idle connections to a sibling, so that their clients notice nothing.

Owns: the test for "idle", the message, sending and adopting. Does not own: when a worker drains (`drain`), who reads
the queue (`accept`).
Invariants: a connection moves only when uvicorn's state shows that no byte of a request is in this process; the move
is one callback without an await; what cannot be moved says so and stays. Only plain HTTP/1.1 on httptools or h11 can
move: TLS state, HTTP/2 and WebSockets live in this process.

Several go in one message, because half of what one costs is the system call and the sibling that wakes up for it.
"""

from __future__ import annotations

import array
import asyncio
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

from . import keep_alive

BATCH = 8
"""The most connections in one message. More would save little, and all of them come to one sibling at once."""

_META_VERSION = 1
_SECONDS = struct.Struct("<d")
_NO_TIMER = -1.0

_KNOWN = ("HttpToolsProtocol", "H11Protocol")

_NOBODY = asyncio.Protocol()
"""Who hears of the end of a connection that has moved."""


def is_http(connection: Any) -> bool:
    """Whether it is an HTTP/1.1 protocol of uvicorn's; WebSockets and HTTP/2 have no `cycle`."""
    return hasattr(connection, "cycle")


def can_move(config: Any) -> bool:
    """Whether the connections of a server with this configuration can move at all."""
    return config.ssl is None and is_known(config.http_protocol_class)


def is_known(protocol: type) -> bool:
    """Whether it is one of uvicorn's protocols whose inner state this shim understands."""
    return protocol.__name__ in _KNOWN and protocol.__module__.startswith("uvicorn.protocols.http.")


def is_idle(connection: Any) -> bool:
    """Whether an HTTP connection waits for the first byte of a request and has nothing left to send."""
    transport = connection.transport
    if transport is None or transport.is_closing() or transport.get_write_buffer_size() != 0:
        return False
    cycle = connection.cycle
    # uvicorn disarms the timer at the first byte of the next request.
    if cycle is not None and not (cycle.response_complete and connection.timeout_keep_alive_task is not None):
        return False
    state = getattr(connection, "conn", None)
    if state is not None and hasattr(state, "trailing_data"):
        return bool(state.trailing_data == (b"", False))
    # httptools: a new scope is made at the first byte of a request.
    scope = getattr(connection, "scope", None)
    if cycle is None:
        return scope is None
    return scope is getattr(cycle, "scope", None) and not getattr(connection, "pipeline", None)


def has_carried(connection: Any) -> bool:
    """Whether an HTTP connection has carried a request before, here or in the sibling that has handed it over."""
    # One that was handed over has the rest of its keep-alive time, which uvicorn grants after a response only.
    return connection.cycle is not None or connection.timeout_keep_alive_task is not None


def has_bytes(connection: Any) -> bool:
    """Whether the kernel holds bytes that the event loop has not read yet."""
    original = connection.transport.get_extra_info("socket")
    if original is None:
        return False
    try:
        copy = socket.socket(fileno=os.dup(original.fileno()))
    except OSError:
        return False
    with copy:
        try:
            return bool(copy.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


def send(connections: Sequence[Any], queue: socket.socket, now: float) -> bool:
    """Sends idle connections in one message; False if they stay, because the kernel refuses them.

    `now` is the event loop's time. Raises `BlockingIOError` when the queue is full: the connections stay, and so would
    any other now.
    """
    descriptors = array.array("i")
    remaining = []
    for connection in connections:
        original = connection.transport.get_extra_info("socket")
        if original is None:
            return False
        descriptors.append(original.fileno())
        timer = connection.timeout_keep_alive_task
        remaining.append(_NO_TIMER if timer is None else max(0.0, timer.when() - now))
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
        _forget(connection)
    return True


def _forget(connection: Any) -> None:
    """Closes this process's descriptor without a word on the wire: the file lives on in the message.

    uvicorn's protocol hears nothing of it. An idle one has nothing to do when its connection is lost but to end what
    is ended here, and to hear of it costs a third of a handoff (5 of 16 us on uvloop).
    """
    transport = connection.transport
    transport.set_protocol(_NOBODY)
    transport.abort()
    keep_alive.detach(connection)


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


def adopt(protocol: Any, remaining: float) -> None:
    """Gives an adopted connection the rest of its keep-alive time, unless a request has come in meanwhile."""
    if remaining >= 0 and protocol.cycle is None and protocol.timeout_keep_alive_task is None:
        protocol.timeout_keep_alive_task = protocol.loop.call_later(remaining, protocol.timeout_keep_alive_handler)
