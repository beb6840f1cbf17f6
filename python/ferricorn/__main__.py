"""`python -m ferricorn main:app` runs the binary, with this very interpreter and its options for the workers."""

import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from ferricorn._find_binary import BinaryNotFound, find_binary

_WORD = "-([^mcWX]*)(?:([mc]).*|([WX])(.*))?"
"""Options of one letter each, and at the end one that has a value: a module, a command, a warning filter, `-X`."""


def main() -> NoReturn:
    """Becomes the master: the process is replaced, so that its pid is the one that signals go to."""
    try:
        binary = find_binary()
    except BinaryNotFound as error:
        advice = f"{sys.executable} -m pip install --force-reinstall ferricorn"
        sys.exit(f"Error: {error}\nhint: install it again: `{advice}`")
    launcher = "\x1f".join([os.path.abspath(__file__), sys.orig_argv[0], *interpreter_options(sys.orig_argv[1:])])
    environment = {**os.environ, "FERRICORN_PYTHON": sys.executable, "FERRICORN_LAUNCHER": launcher}
    os.execve(binary, [binary, *sys.argv[1:]], environment)


def interpreter_options(words: Sequence[str]) -> list[str]:
    """The options of the interpreter, of the words that followed its name: all before the module or the script."""
    options: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "-" or not word.startswith("-"):
            break
        if word.startswith("--"):
            # `--check-hash-based-pycs` is the only one with which the interpreter goes on.
            options += [word, next(rest, "")]
            continue
        flags, module, option, value = re.fullmatch(_WORD, word, re.DOTALL).groups("")  # type: ignore[union-attr]
        # A worker is never asked for input at its end (-i), nor is it a script whose first line is left out (-x).
        kept = "-" + flags.replace("i", "").replace("x", "") + option + value
        if kept != "-":
            options.append(kept)
        if option and not value:
            options.append(next(rest, ""))
        if module:
            break
    return options


if __name__ == "__main__":
    main()
