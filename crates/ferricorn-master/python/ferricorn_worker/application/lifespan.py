"""Watches the application's lifespan startup, so that its failure reaches the master with its text.

Owns: the capture of what uvicorn logs about a failed startup. Does not own: the startup itself (uvicorn's).
Invariants: a failure is shown once, by the master; requests never pass through anything here.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..base.errors import user_traceback
from ..logs.logs import log

_SOURCE = os.path.join("uvicorn", "lifespan", "on.py")


class LifespanWatch:
    """One startup: the text of its failure, and the exception behind it."""

    def __init__(self) -> None:
        self._messages: list[str] = []
        self._error: BaseException | None = None
        self._knows_lifespan = False
        """Whether the application has taken the order to start, and has answered nothing that belongs to a request."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watches the startup that runs inside."""
        logger = logging.getLogger("uvicorn.error")
        logger.addFilter(self._keep_back)
        try:
            yield
        finally:
            logger.removeFilter(self._keep_back)

    def failure(self) -> str:
        """What the user should read about a startup that has failed."""
        if self._error is not None and not any("Traceback" in message for message in self._messages):
            return user_traceback(self._error)
        return "\n".join(self._messages).strip() or "the application's lifespan startup failed without a message"

    def warn_if_hidden(self) -> None:
        """Shows an exception that uvicorn took for "no lifespan support", when it does not look like that.

        Which exception it is shows nothing: adapters raise any exception for a scope that they do not know, and a
        startup fails with a KeyError as well as with any other.
        """
        error = self._error
        if error is None:
            return
        if self._knows_lifespan or not isinstance(error, Exception):
            log.warning(
                "The application raised at its lifespan startup and is served without it (--lifespan on makes this an "
                "error):\n%s",
                user_traceback(error),
            )
        else:
            log.debug("The application knows no lifespan:\n%s", user_traceback(error))

    def observed(self, app: Any) -> Any:
        """The application, whose startup is watched; for the lifespan alone."""

        async def observed(scope: Any, receive: Any, send: Any) -> None:
            async def received() -> Any:
                message = await receive()
                self._knows_lifespan = message["type"] == "lifespan.startup"
                return message

            async def sent(message: Any) -> None:
                if not str(message["type"]).startswith("lifespan."):
                    # One that takes every scope for a request reads the order to start as if it were a body.
                    self._knows_lifespan = False
                await send(message)

            try:
                await app(scope, received, sent)
            except BaseException as error:
                self._error = error
                raise

        return observed

    def _keep_back(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR or not record.pathname.endswith(_SOURCE):
            return True
        if record.exc_info and record.exc_info[1] is not None:
            self._messages.append(user_traceback(record.exc_info[1]))
        elif not record.getMessage().startswith("Application startup failed"):
            self._messages.append(record.getMessage())
        return False
