"""The extension module `_ferricorn_http`, out of the file in memory that the master has put it into.

Owns: loading it, and saying why it cannot be loaded. Does not own: what it is used for.
Invariants: a worker that cannot load it continues without it; the descriptor is closed either way.

By a path below `/proc/self/fd` the loader opens the very file, for which no file system has to allow programs.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from importlib.machinery import ExtensionFileLoader

NAME = "_ferricorn_http"

INTERFACE = 3
"""What both halves have to agree on: `ferricorn_http::python::INTERFACE`."""


def load(descriptor: int | None) -> str | None:
    """Makes the module importable. Returns None, or why it is not."""
    if NAME in sys.modules:
        # In the process that this worker was forked from.
        return None
    if descriptor is None:
        return "this build of ferricorn does not have it"
    try:
        return _load(descriptor)
    finally:
        os.close(descriptor)


def _load(descriptor: int) -> str | None:
    if sys.implementation.name != "cpython":
        return f"{sys.implementation.name} is not CPython"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "the stable ABI is not that of a free-threaded interpreter"
    loader = ExtensionFileLoader(NAME, f"/proc/self/fd/{descriptor}")
    spec = importlib.util.spec_from_loader(NAME, loader)
    assert spec is not None
    try:
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
    except (ImportError, OSError) as error:
        return str(error)
    if module.INTERFACE != INTERFACE:
        return f"it was built with interface {module.INTERFACE}, not {INTERFACE}"
    sys.modules[NAME] = module
    return None
