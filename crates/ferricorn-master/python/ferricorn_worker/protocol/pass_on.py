"""Passing on what a stand-in does not do itself to the object that it stands for.

Owns: the properties that do so. Does not own: the stand-ins (`keep_alive`, `cork`).

Not by `__getattr__`: with that, the interpreter looks up each attribute of such an object the slow way, which costs as
much as a stand-in saves.
"""

from __future__ import annotations


def pass_on(kind: type, interface: type, to: str) -> None:
    """Gives a class what else is public in the interface, from the object in the attribute `to`."""
    for name in dir(interface):
        if not name.startswith("_") and not hasattr(kind, name):
            setattr(kind, name, _property(name, to))


def _property(name: str, to: str) -> property:
    return property(lambda self: getattr(getattr(self, to), name))
