"""Recognises a WSGI application that was not announced as one.

Owns: the judgement by what the object is. Does not own: the adapter (uvicorn's).
Invariants: no application is called to find out, and one that could be of ASGI 2 or 3 is left alone.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import Any

_OF_ASGI = frozenset(("scope", "receive", "send"))


def adapt(served: Any) -> Any:
    """A WSGI application with uvicorn's adapter around it; None if it is none.

    `served` is what uvicorn has made of an unannounced application. What it does not know is ASGI 2 to it.
    """
    outer, layer = None, served
    # Around the application are uvicorn's own layers only.
    while type(layer).__module__.startswith("uvicorn.middleware.") and type(layer).__name__ != "ASGI2Middleware":
        outer, layer = layer, layer.app
    if type(layer).__name__ != "ASGI2Middleware" or not is_wsgi(layer.app):
        return None
    from uvicorn.middleware import wsgi

    adapted: Any = wsgi.WSGIMiddleware(layer.app)  # type: ignore[attr-defined,unused-ignore]
    if outer is None:
        return adapted
    outer.app = adapted
    return served


def is_wsgi(app: Any) -> bool:
    """Whether it can only be an application of WSGI: called with the environment and `start_response`."""
    if _is_async(app):
        return False
    try:
        signature = inspect.signature(app)
    except (TypeError, ValueError):
        # Not everything that can be called says with what.
        return False
    names = list(signature.parameters)
    if not _takes(signature, 2) or _OF_ASGI.intersection(names):
        return False
    if "start_response" in names:
        return True
    if _takes(signature, 1) or _takes(signature, 3):
        # One argument is ASGI 2, three are ASGI 3. What takes any number may be a decorator's.
        wrapped = _decorated(app, signature)
        return wrapped is not None and is_wsgi(wrapped)
    return True


def _is_async(app: Any) -> bool:
    while isinstance(app, functools.partial):
        app = app.func
    call = app if inspect.isroutine(app) else getattr(app, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(inspect.unwrap(call or app))


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _decorated(app: Any, signature: inspect.Signature) -> Any:
    """What a decorator's function that takes everything stands around, if that is one thing that can be called."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if not inspect.isfunction(app) or any(it.kind not in variable for it in signature.parameters.values()):
        return None
    held: list[Any] = []
    for cell in app.__closure__ or ():
        with contextlib.suppress(ValueError):
            # What is assigned later is not there yet.
            held.append(cell.cell_contents)
    found = [it for it in held if callable(it)]
    return found[0] if len(found) == 1 else None
