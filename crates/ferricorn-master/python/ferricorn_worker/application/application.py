"""Finds the application that the user named.

Owns: the forms `module`, `module:attribute`, `module:factory()`, `module:factory("literal")`; what went wrong, said
in the user's terms. Does not own: uvicorn's own loading, which gets the finished object.
Invariants: an error of the module's is the stage `import`, everything after it is the stage `app`; tracebacks show
the user's frames only.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import inspect
from types import ModuleType
from typing import Any

from ..base.errors import BootFailed, user_traceback

_DEFAULT_ATTRIBUTES = ("application", "app")


def load(target: str, factory: bool) -> Any:
    """The application. Raises `BootFailed` with the stage `import` or `app`."""
    module_name, colon, expression = target.partition(":")
    if colon and not expression:
        raise BootFailed("app", f"`{target}` names no attribute after the colon\nhint: write `{module_name}:app`")
    module = _import(module_name, expression)
    if not expression:
        found = _default(module, module_name)
        call: ast.Call | None = None
    else:
        path, call = _parse(expression, target)
        found = _attribute(module, module_name, path)
    if call is not None or factory:
        found = _call(found, call, expression or "application")
    if found is None:
        raise BootFailed("app", f"Failed to find application object: `{target}` is None")
    if not callable(found):
        raise BootFailed("app", f"Application object must be callable: `{target}` is of type {type(found).__name__}")
    return found


def _import(name: str, expression: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # What most workers do not need is not loaded: the sources are compiled at every boot.
        from ..base import rights
        from . import near

        text = user_traceback(error)
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            text += rights.unreadable() or f"\nhint: {near.hint(name, expression)}"
        raise BootFailed("import", text) from None
    except (Exception, SystemExit) as error:
        text = user_traceback(error)
        if isinstance(error, PermissionError):
            from ..base import rights

            text += f"\nhint: it runs as {rights.who()}"
        raise BootFailed("import", text) from None


def _parse(expression: str, target: str) -> tuple[list[str], ast.Call | None]:
    wrong = BootFailed("app", f"Failed to parse `{expression}` in `{target}` as an attribute name or function call")
    try:
        node = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise wrong from None
    call = node if isinstance(node, ast.Call) else None
    if call is not None:
        node = call.func
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise wrong
    path.append(node.id)
    return path[::-1], call


def _attribute(module: ModuleType, module_name: str, path: list[str]) -> Any:
    found: Any = module
    for name in path:
        try:
            found = getattr(found, name)
        except AttributeError:
            text = f"Failed to find attribute '{'.'.join(path)}' in '{module_name}'."
            raise BootFailed("app", text + _what_exists(module, path[0])) from None
    return found


def _default(module: ModuleType, module_name: str) -> Any:
    for name in _DEFAULT_ATTRIBUTES:
        if hasattr(module, name):
            return getattr(module, name)
    text = f"Failed to find attribute 'application' or 'app' in '{module_name}'."
    raise BootFailed("app", text + _what_exists(module, "app"))


def _what_exists(module: ModuleType, wanted: str) -> str:
    names = [name for name in vars(module) if not name.startswith("_")]
    near = difflib.get_close_matches(wanted, names, n=3)
    for name in names:
        value = vars(module)[name]
        looks_like_app = callable(value) and not inspect.isclass(value) and not inspect.isbuiltin(value)
        own_function = inspect.isfunction(value) and value.__module__ == module.__name__
        if looks_like_app and (own_function or not inspect.isfunction(value)) and name not in near:
            near.append(name)
    if not near:
        return ""
    return "\nhint: the module has " + ", ".join(f"`{name}`" for name in near[:6])


def _call(found: Any, call: ast.Call | None, expression: str) -> Any:
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args] if call else []
        keywords = {word.arg or "": ast.literal_eval(word.value) for word in call.keywords} if call else {}
    except ValueError:
        text = f"Failed to parse arguments as literal values: `{expression}`"
        raise BootFailed("app", text) from None
    if "" in keywords:
        raise BootFailed("app", f"Failed to parse arguments as literal values: `{expression}`")
    if not callable(found):
        raise BootFailed("app", f"Factory is not callable: `{expression}` is of type {type(found).__name__}")
    try:
        return found(*arguments, **keywords)
    except (Exception, SystemExit) as error:
        raise BootFailed("app", user_traceback(error) + _hint_at_instance(found, error, expression)) from None


def _hint_at_instance(found: Any, error: BaseException, expression: str) -> str:
    """An application is called with three arguments for each request, and was taken for what makes one."""
    try:
        takes_requests = not inspect.isclass(found) and "receive" in inspect.signature(found).parameters
    except (TypeError, ValueError):
        # Not everything that can be called says with what.
        takes_requests = False
    if not takes_requests or not isinstance(error, TypeError):
        return ""
    name = expression.partition("(")[0]
    return f"\nhint: `{name}` looks like the application itself: leave out the brackets, or `--factory`"
