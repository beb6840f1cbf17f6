"""The messages between a worker and its master, and the socket that carries them.

Owns: the SEQPACKET socket, encoding and decoding. Does not own: what a message leads to, nor the first one's parts
(`start`), the sockets that come with `serve`.
Invariants: one message is one packet of at most `MAX_PACKET` bytes; sending never raises and never blocks the event
loop; the end of the file means that the master is dead, and nothing else does.
"""

from __future__ import annotations

import array
import json
import os
import socket
from typing import Any

from ..base.lasting import lasting

MAX_PACKET = 128 * 1024
"""The largest packet that either side sends, in bytes (`ferricorn_wire::MAX_PACKET`)."""

MOST_DESCRIPTORS = 253
"""The most that one message brings (`SCM_MAX_FD`)."""

_CUT = "\n... (cut)\n"


class MasterGone(Exception):
    """The other end of the channel is closed: the master is dead."""


class MalformedMessage(Exception):
    """A packet that is not a message; the channel stays open."""


def encode(message: dict[str, Any]) -> bytes:
    """The bytes of one packet; a `text` that is too long loses its middle."""
    message = dict(message)
    while True:
        text = message.get("text")
        if isinstance(text, str):
            # A lone surrogate (undecodable bytes of a path) is no JSON that the master could read.
            message["text"] = text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        packet = json.dumps(message, ensure_ascii=False).encode("utf-8")
        if len(packet) <= MAX_PACKET or not isinstance(text, str):
            return packet
        keep = len(text) * 2 // 3
        message["text"] = text[: keep // 4] + _CUT + text[len(text) - keep * 3 // 4 :]


def decode(packet: bytes) -> dict[str, Any]:
    """The message in one packet."""
    try:
        message = json.loads(packet)
    except ValueError as error:
        raise MalformedMessage(f"not JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise MalformedMessage("no message: it has no `type`")
    return message


class Channel:
    """The worker's end of the channel."""

    def __init__(self, descriptor: int) -> None:
        self._socket = lasting(socket.socket(fileno=descriptor))
        self._socket.setblocking(True)

    def fileno(self) -> int:
        """The descriptor, for an event loop's reader."""
        return self._socket.fileno()

    def wait(self) -> dict[str, Any]:
        """Waits for one message. Raises `MasterGone`, `MalformedMessage`."""
        return self._decode(self._socket.recv(MAX_PACKET))

    def wait_with_descriptors(self) -> tuple[dict[str, Any], list[int]]:
        """Waits for one message, and the descriptors that it brings. Raises `MasterGone`, `MalformedMessage`."""
        found = self._receive(0)
        if found is None:
            raise MasterGone
        return found

    def close(self) -> None:
        """Closes this end."""
        self._socket.close()

    def poll(self) -> tuple[dict[str, Any], list[int]] | None:
        """One message if there is one, and the descriptors that it brings. Raises `MasterGone`, `MalformedMessage`."""
        return self._receive(socket.MSG_DONTWAIT)

    def _receive(self, mode: int) -> tuple[dict[str, Any], list[int]] | None:
        descriptors = array.array("i")
        space = socket.CMSG_SPACE(MOST_DESCRIPTORS * descriptors.itemsize)
        flags = mode | socket.MSG_CMSG_CLOEXEC
        try:
            packet, ancillary, _flags, _address = self._socket.recvmsg(MAX_PACKET, space, flags)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            raise MasterGone from None
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        try:
            return self._decode(packet), descriptors.tolist()
        except MalformedMessage:
            for descriptor in descriptors:
                os.close(descriptor)
            raise

    def send(self, message: dict[str, Any]) -> bool:
        """Sends one message; False when the master is gone or has not read for a very long time."""
        try:
            self._socket.send(encode(message), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            return False
        return True

    @staticmethod
    def _decode(packet: bytes) -> dict[str, Any]:
        if not packet:
            raise MasterGone
        return decode(packet)
