"""What is probably meant by the name of a missing module.

Owns: the advice, from the names of files in the application's folders. Does not own: the error (`application`).
Invariants: nothing is imported or executed; only an import that has failed already loads this.
"""

from __future__ import annotations

import difflib
import os
import sys

_NOT_APPS = ("setup", "conftest")


def hint(name: str, expression: str) -> str:
    """The last line of the error, without `hint: `."""
    if name.endswith(".py") or "/" in name:
        # A path from here may be typed as well, as for `python`.
        module = name.removesuffix(".py").removeprefix("./").replace("/", ".")
        forms = f"`{module}:{expression}`" if expression else f"`{module}`, or `{module}:app`"
        return f"write the module's name: {forms}"
    for folder in _folders():
        meant = _in(folder, name, expression)
        if meant:
            return f"did you mean {meant}?"
    return "is the module's folder right? see --chdir and --app-dir"


def _folders() -> list[str]:
    """The folders that the user has named or works in: not those of the interpreter and its packages."""
    return [folder for folder in sys.path if os.path.isdir(folder) and not _is_pythons(os.path.basename(folder))]


def _is_pythons(name: str) -> bool:
    return name.startswith("python3") or name in ("site-packages", "dist-packages", "lib-dynload")


def _in(folder: str, name: str, expression: str) -> str:
    *parents, last = name.split(".")
    path = os.path.join(folder, *parents)
    if parents and os.path.isfile(path + ".py"):
        return f"`{'.'.join(parents)}:{expression or last}`"
    found = _walk(folder, name.split("."))
    if found:
        return f"`{'.'.join(found)}:{expression or 'app'}`"
    if parents and not expression and _is_package(path):
        return f"`{'.'.join(parents)}:{last}`"
    expression = expression or "app"
    if parents and _is_module(folder, [last]):
        return f"`{last}:{expression}`"
    for below in sorted(_names(folder)[1]):
        inside = os.path.join(folder, below)
        if _is_module(inside, name.split(".")):
            if below.isidentifier() and (below not in ("src", "lib") or _is_package(inside)):
                return f"`{below}.{name}:{expression}`"
            return f"`{name}:{expression} --app-dir {below}`"
    return ""


def _walk(folder: str, parts: list[str]) -> list[str]:
    """The path of modules that is nearest to these names, part by part; empty if there is none."""
    found: list[str] = []
    for place, part in enumerate(parts):
        files, folders = _names(folder)
        names = sorted(files | folders) if place + 1 == len(parts) else sorted(folders)
        if part not in names:
            by_small = {name.lower(): name for name in names}
            near = difflib.get_close_matches(part.lower(), by_small, n=1, cutoff=0.7)
            if not near:
                return []
            part = by_small[near[0]]
        found.append(part)
        folder = os.path.join(folder, part)
    return found


def _names(folder: str) -> tuple[set[str], set[str]]:
    """The modules and the folders that are there, by the names that an import has for them."""
    files: set[str] = set()
    folders: set[str] = set()
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return files, folders
    for entry in entries:
        stem, suffix = os.path.splitext(entry.name)
        if suffix == ".py" and stem.isidentifier() and stem not in _NOT_APPS and not stem.startswith("test_"):
            files.add(stem)
        elif entry.is_dir() and not entry.name.startswith((".", "__")):
            folders.add(entry.name)
    return files, folders


def _is_module(folder: str, parts: list[str]) -> bool:
    path = os.path.join(folder, *parts)
    return os.path.isfile(path + ".py") or _is_package(path)


def _is_package(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "__init__.py"))
