"""`python -m ferricorn main:app` runs the binary, with this very interpreter and its options for the workers.

This is paid at every start, before anything else happens: it imports `os` and `sys`, which every interpreter has
loaded, and no more. A test counts the modules.
"""

import os
import sys

from ferricorn._find_binary import BinaryNotFound, find_binary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main() -> "NoReturn":
    """Becomes the master: the process is replaced, so that its pid is the one that signals go to."""
    try:
        binary = find_binary()
    except BinaryNotFound as error:
        advice = f"{sys.executable} -m pip install --force-reinstall ferricorn"
        sys.exit(f"Error: {error}\nhint: install it again: `{advice}`")
    launcher = "\x1f".join([os.path.abspath(__file__), sys.orig_argv[0], *interpreter_options(sys.orig_argv[1:])])
    environment = {**os.environ, "FERRICORN_PYTHON": sys.executable, "FERRICORN_LAUNCHER": launcher}
    os.execve(binary, [binary, *sys.argv[1:]], environment)


def interpreter_options(words: "Sequence[str]") -> list[str]:
    """The options of the interpreter, of the words that followed its name: all before the module or the script."""
    options: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "-" or not word.startswith("-"):
            break
        if word.startswith("--"):
            # `--check-hash-based-pycs` is the only one after which the interpreter continues.
            options += [word, next(rest, "")]
            continue
        flags, last, value = _split(word)
        # A worker is never asked for input at its end (-i), nor is it a script whose first line is left out (-x).
        kept = "-" + flags.replace("i", "").replace("x", "")
        if last in ("W", "X"):
            options.append(kept + last + value)
            if not value:
                options.append(next(rest, ""))
        elif kept != "-":
            options.append(kept)
        if last in ("m", "c"):
            break
    return options


def _split(word: str) -> tuple[str, str, str]:
    """Flags of one letter each; the letter after them that has a value (a module, a command, a warning filter, `-X`),
    if one is there; and what follows that letter in the same word."""
    for place, letter in enumerate(word):
        if letter in "mcWX":
            return word[1:place], letter, word[place + 1 :]
    return word[1:], "", ""


if __name__ == "__main__":
    main()
