"""Where the installer has put the binary; there is one answer per way of installing."""

import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path


class BinaryNotFound(FileNotFoundError):
    """The package is installed, but its binary is in none of the places where installers put it."""


def find_binary() -> str:
    """The absolute path of the `ferricorn` binary that belongs to this installation.

    Raises:
        BinaryNotFound: it is nowhere; the text names the places that were tried.
    """
    tried: list[Path] = []
    for folder in _folders():
        binary = folder / "ferricorn"
        if binary.is_file() and os.access(binary, os.X_OK):
            return str(binary)
        tried.append(binary)
    places = ", ".join(f"`{place}`" for place in dict.fromkeys(tried))
    raise BinaryNotFound(f"the ferricorn binary is missing, tried: {places}")


def _folders() -> Iterator[Path]:
    """The folders for programs, the most specific first."""
    yield Path(sysconfig.get_path("scripts"))
    # `pip install --target DIR` and `--prefix DIR` put the program beside, or above, the package.
    package = Path(__file__).resolve().parent
    yield package.parent / "bin"
    if len(package.parents) > 3:
        yield package.parents[3] / "bin"
    yield Path(sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user")))
    # A virtual environment on top of this one sees the package, but has its own folder for programs.
    yield Path(sys.base_prefix) / "bin"
