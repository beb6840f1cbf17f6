"""Hands an idle connection to a sibling, so that its client notices nothing.

Owns: the test for "idle", sending and adopting. Does not own: when a worker drains (`drain`), who reads the queue
(`accept`).
Invariants: a connection moves only when uvicorn's state shows that no byte of a request is in this process; the move
is one callback without an await; what cannot be moved says so and stays. Only plain HTTP/1.1 on httptools or h11 can
move: TLS state, HTTP/2 and WebSockets live in this process.
"""

from __future__ import annotations

import array
import os
import socket
import struct
from typing import Any

_META = struct.Struct("<Bd")
_META_VERSION = 1
_NO_TIMER = -1.0

_KNOWN = ("HttpToolsProtocol", "H11Protocol")


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


def send(connection: Any, queue: socket.socket) -> bool:
    """Sends an idle connection; False if it stays, because the kernel refuses it.

    Raises `BlockingIOError` when the queue is full: the connection stays, and so would any other now.
    """
    transport = connection.transport
    original = transport.get_extra_info("socket")
    if original is None:
        return False
    timer = connection.timeout_keep_alive_task
    remaining = _NO_TIMER if timer is None else max(0.0, timer.when() - connection.loop.time())
    transport.pause_reading()
    try:
        descriptors = array.array("i", [original.fileno()])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)]
        queue.sendmsg([_META.pack(_META_VERSION, remaining)], ancillary, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except OSError as error:
        transport.resume_reading()
        if isinstance(error, BlockingIOError):
            raise
        return False
    if timer is not None:
        timer.cancel()
        connection.timeout_keep_alive_task = None
    # Closes this process's descriptor without a word on the wire: the file lives on in the message.
    transport.abort()
    return True


def receive(queue: socket.socket) -> tuple[socket.socket, float] | None:
    """One connection from the queue with the rest of its keep-alive time; None if it held none that can be used.

    Raises `BlockingIOError` when the queue is empty.
    """
    size = socket.CMSG_SPACE(array.array("i").itemsize)
    meta, ancillary, _flags, _address = queue.recvmsg(_META.size, size, socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    if not descriptors:
        return None
    connection = socket.socket(fileno=descriptors[0])
    connection.setblocking(False)
    remaining = _NO_TIMER
    if len(meta) == _META.size:
        version, value = _META.unpack(meta)
        if version == _META_VERSION:
            remaining = value
    return connection, remaining


def adopt(protocol: Any, remaining: float) -> None:
    """Gives an adopted connection the rest of its keep-alive time, unless a request has come in meanwhile."""
    if remaining >= 0 and protocol.cycle is None and protocol.timeout_keep_alive_task is None:
        protocol.timeout_keep_alive_task = protocol.loop.call_later(remaining, protocol.timeout_keep_alive_handler)
