"""`python -m ferricorn main:app` runs the binary, with this very interpreter for the workers."""

import os
import sys
from typing import NoReturn

from ferricorn._find_binary import BinaryNotFound, find_binary


def main() -> NoReturn:
    """Becomes the master: the process is replaced, so that its pid is the one that signals go to."""
    try:
        binary = find_binary()
    except BinaryNotFound as error:
        advice = f"{sys.executable} -m pip install --force-reinstall ferricorn"
        sys.exit(f"error: {error}\nhint: install it again: `{advice}`")
    environment = {**os.environ, "FERRICORN_PYTHON": sys.executable}
    os.execve(binary, [binary, *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
