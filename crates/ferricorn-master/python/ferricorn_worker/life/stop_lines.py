"""The lines of a stop of the whole service, for which the master logs three lines.

Owns: which lines of uvicorn and the worker are for DEBUG then. Does not own: where lines go (`logs`).
Invariants: what does not belong to every stop keeps its level, and nothing is lost at DEBUG.
"""

from __future__ import annotations

import logging

_OF_EVERY_STOP = {
    "Shutting down",
    "Waiting for application shutdown.",
    "Application shutdown complete.",
    "Finished server process [%d]",
    "Worker exiting (pid: %d)",
}
"""What uvicorn and the worker say when all is well."""


class _TellLess(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Makes records of DEBUG of those that say no more than that the service stops."""
        if record.levelno != logging.INFO or record.msg not in _OF_EVERY_STOP:
            return True
        record.levelno, record.levelname = logging.DEBUG, logging.getLevelName(logging.DEBUG)
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


def tell_less() -> None:
    """Lines that every worker would say are for DEBUG from now on."""
    for name in ("ferricorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        if not any(isinstance(it, _TellLess) for it in logger.filters):
            logger.addFilter(_TellLess())
