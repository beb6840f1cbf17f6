"""Worker classes of the user's: what their `CONFIG_KWARGS` say to uvicorn.

Owns: importing such a class, also where gunicorn is not installed; which of its words count.
Does not own: the classes that everybody has (the master maps those); how options reach uvicorn (`environment`).
Invariants: no class is ever instantiated; what stands in for gunicorn is gone when the class has been read, so that an
application that asks whether gunicorn is there gets the true answer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ..base import named
from ..base.errors import BootFailed

BASES = ("gunicorn.", "uvicorn.", "uvicorn_worker.")
"""Where the methods come from that everybody has."""

_FOR_THE_MASTER = {
    "limit_max_requests": "use `--max-requests`",
    "limit_max_requests_jitter": "use `--max-requests-jitter`",
    "reload": "send SIGHUP to reload",
    "workers": "use `--workers`",
    "timeout_graceful_shutdown": "use `--graceful-timeout`",
}
_WITHOUT_EFFECT = ("app", "host", "port", "uds", "fd", "timeout_notify", "callback_notify")
_NO_METHODS = ("CONFIG_KWARGS",)


class WorkerClass:
    """What a class says: options for `uvicorn.Config`, a logging configuration, and what to warn of."""

    def __init__(self, name: str, found: type) -> None:
        self.options: dict[str, Any] = {}
        self.warnings: list[str] = []
        words = dict(getattr(found, "CONFIG_KWARGS", {}))
        self.log_config: Any = words.pop("log_config", None)
        for word, value in words.items():
            if word in _FOR_THE_MASTER:
                text = f"`{word}` in CONFIG_KWARGS of `{name}` has no effect: {_FOR_THE_MASTER[word]}"
                self.warnings.append(text)
            elif word not in _WITHOUT_EFFECT:
                self.options[word] = value
        methods = _overridden(found)
        if methods:
            listed = ", ".join(f"`{method}`" for method in methods)
            self.warnings.append(f"worker class `{name}`: {listed} not called, since ferricorn runs uvicorn itself")


def load(name: str) -> WorkerClass:
    """Reads a class by its dotted name. Raises `BootFailed` with the stage `environment`."""
    with _standing_in():
        hint = "uvicorn's is `uvicorn.workers.UvicornWorker`; without a worker class it is the same"
        found = named.find("worker class", name, lambda it: isinstance(it, type), hint)
    if not isinstance(getattr(found, "CONFIG_KWARGS", None), dict):
        text = (
            f"worker class `{name}` is none of uvicorn's: it has no CONFIG_KWARGS\n"
            "hint: leave `--worker-class` out; a WSGI application needs `--interface wsgi`"
        )
        raise BootFailed("environment", text)
    return WorkerClass(name, found)


def _overridden(found: type) -> list[str]:
    methods: list[str] = []
    for part in found.__mro__:
        if part is object or (part.__module__ + ".").startswith(BASES):
            continue
        for name, value in vars(part).items():
            special = name.startswith("__") and name != "__init__"
            if callable(value) and not special and name not in methods and name not in _NO_METHODS:
                methods.append(name)
    return methods


@contextmanager
def _standing_in() -> Iterator[None]:
    """Makes the modules importable that such classes import, if they are not installed."""
    finder = _Finder()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in finder.made:
            sys.modules.pop(name, None)


class _Finder(MetaPathFinder, Loader):
    """Comes last: what is installed is found before."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        wanted = fullname.partition(".")[0] in ("gunicorn", "uvicorn_worker") or fullname == "uvicorn.workers"
        return ModuleSpec(fullname, self, is_package=True) if wanted else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self.made.append(spec.name)
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


class _StandIn(ModuleType):
    """A module in which every public name is a class that does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        words: dict[str, Any] = {"__module__": self.__name__}
        if name.startswith("Uvicorn"):
            h11 = name == "UvicornH11Worker"
            words["CONFIG_KWARGS"] = {"loop": "asyncio", "http": "h11"} if h11 else {"loop": "auto", "http": "auto"}
        made = type(name, (), words)
        setattr(self, name, made)
        return made
