"""Recognises an application of WSGI or of ASGI 3 that uvicorn takes for one of ASGI 2.

Owns: the judgement by what the object is. Does not own: the adapter (uvicorn's).
Invariants: no application is called to find out, and one that could be of two interfaces is left alone.

uvicorn looks only whether the object is a coroutine function. Whatever else can be called is of ASGI 2 to it, such as a
`functools.partial`, or a decorator's function that returns the application's coroutine.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import Any

_OF_ASGI = frozenset(("scope", "receive", "send"))


def adapt(served: Any) -> tuple[Any, str | None]:
    """What uvicorn has made of an unannounced application, put right; and the interface, None if uvicorn was right."""
    outer, layer = None, served
    # Around the application are uvicorn's own layers only.
    while type(layer).__module__.startswith("uvicorn.middleware.") and type(layer).__name__ != "ASGI2Middleware":
        outer, layer = layer, layer.app
    if type(layer).__name__ != "ASGI2Middleware":
        return served, None
    app: Any = layer.app
    if is_wsgi(app):
        from uvicorn.middleware import wsgi

        interface, app = "wsgi", wsgi.WSGIMiddleware(app)  # type: ignore[attr-defined,unused-ignore]
    elif is_asgi3(app):
        interface = "asgi3"
    else:
        return served, None
    if outer is None:
        return app, interface
    outer.app = app
    return served, interface


def is_wsgi(app: Any) -> bool:
    """Whether it can only be an application of WSGI: called with the environment and `start_response`."""
    if _is_async(app):
        return False
    signature = _signature(app)
    if signature is None or not _takes(signature, 2):
        return False
    names = list(signature.parameters)
    if _OF_ASGI.intersection(names):
        return False
    if "start_response" in names:
        return True
    if _takes(signature, 1) or _takes(signature, 3):
        # One argument is ASGI 2, three are ASGI 3. What takes any number may be a decorator's.
        wrapped = _wrapped(app, signature)
        return wrapped is not None and is_wsgi(wrapped)
    return True


def is_asgi3(app: Any) -> bool:
    """Whether it can only be an application of ASGI 3: called with scope, `receive` and `send`."""
    if inspect.isclass(app):
        return False
    signature = _signature(app)
    if signature is None or not _takes(signature, 3):
        return False
    if _is_async(app):
        # The first call of ASGI 2 gives a function back, and no coroutine.
        return True
    if _takes(signature, 1):
        wrapped = _wrapped(app, signature)
        return wrapped is not None and is_asgi3(wrapped)
    return not _takes(signature, 2)


def _signature(app: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(app)
    except (TypeError, ValueError):
        # Not everything that can be called says with what.
        return None


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


def _wrapped(app: Any, signature: inspect.Signature) -> Any:
    """What a decorator's function, or a middleware, that takes everything stands around, if that is one thing that can
    be called."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(it.kind not in variable for it in signature.parameters.values()):
        return None
    found = [it for it in _held(app) if callable(it) and it is not app]
    return found[0] if len(found) == 1 else None


def _held(app: Any) -> list[Any]:
    if not inspect.isfunction(app):
        return [] if inspect.isclass(app) else list(getattr(app, "__dict__", {}).values())
    held: list[Any] = []
    for cell in app.__closure__ or ():
        with contextlib.suppress(ValueError):
            # What is assigned later is not there yet.
            held.append(cell.cell_contents)
    return held
