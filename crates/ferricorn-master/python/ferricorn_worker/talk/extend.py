"""More time for a slow boot, for applications that ask for it.

Owns: the way from the application to the master. Does not own: the time, which is the master's.
Invariants: it works in any thread, and never raises or waits.
"""

from __future__ import annotations

from .channel import Channel

_channel: Channel | None = None


def use(channel: Channel) -> None:
    """Makes this the channel that is asked."""
    global _channel
    _channel = channel


def boot(seconds: float) -> bool:
    """Lets the boot take at least so long from now on. False if the master could not be told."""
    return _channel is not None and _channel.send({"type": "extend", "milliseconds": max(0, int(seconds * 1000))})
