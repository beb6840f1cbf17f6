"""ferricorn runs Python ASGI applications on supervised uvicorn workers.

The program is a native binary, `ferricorn`; this package finds it: `python -m ferricorn main:app` runs it.
"""

from ferricorn._find_binary import BinaryNotFound, find_binary
from ferricorn._worker import extend_boot

__all__ = ["BinaryNotFound", "extend_boot", "find_binary"]
