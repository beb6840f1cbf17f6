"""Where the installer has put the binary; there is one answer per way of installing.

The usual places are named without `sysconfig`, which costs more than a start of the interpreter once it is asked.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class BinaryNotFound(FileNotFoundError):
    """The package is installed, but its binary is in none of the places where installers put it."""


def find_binary() -> str:
    """The absolute path of the `ferricorn` binary that belongs to this installation.

    Raises:
        BinaryNotFound: it is nowhere; the text names the places that were tried.
    """
    tried: dict[str, None] = {}
    for folder in _folders():
        binary = os.path.join(folder, "ferricorn")
        if os.path.isfile(binary) and os.access(binary, os.X_OK):
            return binary
        tried[binary] = None
    places = ", ".join(f"`{place}`" for place in tried)
    raise BinaryNotFound(f"the ferricorn binary is missing, tried: {places}")


def _folders() -> "Iterator[str]":
    """The folders for programs, the most specific first."""
    if sys.prefix != sys.base_prefix:
        yield os.path.join(sys.prefix, "bin")
    site = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    library, name = os.path.split(site)
    if name in ("site-packages", "dist-packages"):
        # `PREFIX/lib/python3.X/site-packages`: the prefix of a system, of a user, of `--prefix`, or of the environment
        # below a virtual one that sees its packages.
        yield os.path.join(os.path.dirname(os.path.dirname(library)), "bin")
    # `pip install --target DIR` puts the program beside the package.
    yield os.path.join(site, "bin")

    import sysconfig

    yield sysconfig.get_path("scripts")
    yield sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user"))
    # A virtual environment on top of this one sees the package, but has its own folder for programs.
    yield os.path.join(sys.base_prefix, "bin")
