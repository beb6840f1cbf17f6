"""Log lines as JSON objects, in the form of the master's.

Owns: the members. Does not own: where lines go (`logs`).
Invariants: one record is one line, whatever is in it.
"""

from __future__ import annotations

import datetime
import json
import logging
from typing import Any


def time_of(created: float | None) -> str:
    """A moment in seconds, or now, as RFC 3339 with microseconds and the local zone."""
    if created is None:
        return datetime.datetime.now().astimezone().isoformat(timespec="microseconds")
    return datetime.datetime.fromtimestamp(created).astimezone().isoformat(timespec="microseconds")


class JsonFormatter(logging.Formatter):
    """Makes a JSON object of a record; `who` identifies this worker."""

    def __init__(self, who: dict[str, Any]) -> None:
        super().__init__()
        self._who = who

    def format(self, record: logging.LogRecord) -> str:
        """The object, without a line feed."""
        members: dict[str, Any] = {
            "time": time_of(record.created),
            "level": record.levelname.lower(),
            "pid": record.process,
            "logger": record.name,
            **self._who,
            "message": record.getMessage(),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            members["stack"] = self.formatStack(record.stack_info)
        return json.dumps(members)
