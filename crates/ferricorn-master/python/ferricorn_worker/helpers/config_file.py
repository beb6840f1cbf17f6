"""Executes a configuration file and answers what it says, in a process of its own.

Owns: running the file as gunicorn does (module `__config__`, the working directory first on the path), describing its
values. Does not own: which names are settings, and whether a value is right: the master knows.
Invariants: the answer goes into its own descriptor, so that `print()` in the file reaches the user; what the file
leaves running (threads, exit handlers) ends with the answer.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import os
import sys
import traceback
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from ..base import forked
from .answer import give

_MODULE = "__config__"
_OURS = ("<ferricorn_worker", "<frozen importlib")


def run(descriptor: int, kind: str, target: str) -> NoReturn:
    """Executes a file or a module, writes the answer, and exits."""
    sys.path.insert(0, os.getcwd())
    try:
        module = load(kind, target)
        answer: dict[str, Any] = {"entries": _entries(module)}
    except BaseException as error:
        if forked.is_child():
            forked.leave(error)
        answer = {"failure": _failure(error)}
    forked.leave_if_child()
    give(descriptor, answer)


def load(kind: str, target: str) -> ModuleType:
    """Executes a configuration file, or imports a module that is one."""
    return _module(target) if kind == "module" else _file(target)


def hold(module: ModuleType) -> None:
    """Is found by its name again, after another was executed."""
    if module.__name__ == _MODULE:
        sys.modules[_MODULE] = module


def _file(path: str) -> ModuleType:
    if path.endswith((".py", ".pyc")):
        spec = importlib.util.spec_from_file_location(_MODULE, path)
    else:
        spec = importlib.util.spec_from_file_location(_MODULE, path, loader=SourceFileLoader(_MODULE, path))
    if spec is None or spec.loader is None:
        raise ImportError(f"`{path}` cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    spec.loader.exec_module(module)
    return module


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)


def _failure(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called `sys.exit({'' if error.code is None else repr(error.code)})`"
    frames: TracebackType | None = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OURS):
        frames = frames.tb_next
    while frames is not None and frames.tb_frame.f_code.co_filename.endswith("importlib/__init__.py"):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip("\n")


def _entries(module: ModuleType) -> list[dict[str, Any]]:
    lines, used = _assignments(module)
    entries = []
    for name, value in vars(module).items():
        if name.startswith("__") or isinstance(value, ModuleType):
            continue
        described = {"name": name, "value": _describe(value), "used": name in used}
        if name in lines:
            described["line"] = lines[name]
        entries.append(described)
    return entries


def _assignments(module: ModuleType) -> tuple[dict[str, int], set[str]]:
    """The line of the last assignment to each name, and the names that the file itself reads."""
    lines: dict[str, int] = {}
    used: set[str] = set()
    try:
        with open(module.__file__ or "", "rb") as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return lines, set(vars(module))
    for statement in tree.body:
        # What was imported was written for something else, unless a setting is called so.
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            used.update(alias.asname or alias.name for alias in statement.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                used.add(node.id)
            else:
                lines[node.id] = max(node.lineno, lines.get(node.id, 0))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            lines[node.name] = max(node.lineno, lines.get(node.name, 0))
    return lines, used


def _describe(value: object) -> dict[str, Any]:
    """A value in a form that the master can judge."""
    if value is None:
        return {"kind": "none"}
    if isinstance(value, bool):
        return {"kind": "flag", "value": value}
    if isinstance(value, int):
        return {"kind": "whole", "value": str(int(value))}
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return {"kind": "other", "value": repr(value)}
        return {"kind": "number", "value": float(value)}
    if isinstance(value, str):
        return {"kind": "text", "value": str(value).encode("utf-8", "replace").decode()}
    if isinstance(value, os.PathLike):
        return {"kind": "text", "value": os.fsdecode(value)}
    if isinstance(value, (list, tuple)):
        return {"kind": "list", "value": [_describe(item) for item in value]}
    if isinstance(value, dict):
        return {"kind": "table", "value": _json(value)}
    if isinstance(value, type):
        return {"kind": "class", "value": f"{value.__module__}.{value.__qualname__}"}
    if callable(value):
        return {"kind": "function", "value": _arguments(value)}
    return {"kind": "other", "value": repr(value)[:200]}


def _json(value: dict[Any, Any]) -> str:
    try:
        return json.dumps(value, default=repr, skipkeys=True)
    except (ValueError, RecursionError):
        return "{}"


def _arguments(function: Any) -> int:
    """How many arguments a function takes by position, counted as gunicorn does."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 0
    return sum(it.kind in (it.POSITIONAL_ONLY, it.POSITIONAL_OR_KEYWORD) for it in parameters)
