"""ferricorn runs Python ASGI applications on supervised uvicorn workers.

The program is a native binary, `ferricorn`; this package finds it: `python -m ferricorn main:app` runs it.
"""

from ferricorn._find_binary import BinaryNotFound, find_binary

__all__ = ["BinaryNotFound", "find_binary"]
