"""Classes that an option names by a dotted name.

Owns: the import, and the messages when there is no such thing. Does not own: what the class is for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from .errors import BootFailed, user_traceback


def find(kind: str, name: str, fits: Callable[[Any], bool], hint: str = "") -> Any:
    """What a name means that was given as a thing of this kind (`worker class`).

    Raises `BootFailed` with the stage `environment` if it cannot be imported, or does not fit.
    """
    module_name, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise BootFailed("environment", f"{kind} `{name}` cannot be imported\n{user_traceback(error)}") from None
    found = getattr(module, attribute, None)
    if fits(found):
        return found
    text = f"`{module_name}` has no {kind} `{attribute}`"
    raise BootFailed("environment", f"{text}\nhint: {hint}" if hint else text)
