"""What a protocol needs to write the access lines of requests by itself.

Owns: what a line says beside the request; whether lines are written that way. Does not own: the text of a line
(`logs.access` in Python, `ferricorn_http::access` natively), nor what else may be done for each request.
Invariant: lines are written that way only while nobody but the worker's log wants to know of requests.
"""

from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Callable
from typing import Any


class AccessLines:
    """The worker's own lines, in a file. `who` is what JSON objects say of the worker; None for lines of text."""

    def __init__(
        self, format_: str, line: Callable[..., None], write: Callable[[bytes], None], who: dict[str, Any] | None
    ) -> None:
        self.format = format_
        self.line = line
        """Writes the line of a request, for which it is told what it is to say."""
        self.record = line
        """What is called at the end of a request in place of that: it is more if somebody else wants to know, too."""
        self.at_start: Callable[[Any, int], None] | None = None
        """What is called with the scope and the status when a response begins."""
        self.is_plain = True
        """Whether a line is all that is to be made of a request."""
        self.write = write
        self._who = who

    def change(self, record: Callable[..., None], at_start: Callable[[Any, int], None] | None) -> None:
        """Changes what is called for each request from now on, also for those that are under way."""
        self.record = record
        self.at_start = at_start
        self.is_plain = record is self.line

    def begin(self, scope: Any, status: int) -> None:
        """A response begins, while lines are not all that is to be made of a request."""
        if self.at_start is not None:
            self.at_start(scope, status)

    def who(self) -> str | None:
        """What stands between the time and the message of a JSON object, in this process."""
        if self._who is None:
            return None
        members = {"level": "info", "pid": os.getpid(), "logger": "gunicorn.access", **self._who, "message": ""}
        return json.dumps(members)[1:-3]

    @staticmethod
    def texts_of(second: int) -> tuple[str, str, str]:
        """A second since 1970 in gunicorn's form; and in that of RFC 3339, date and time apart from the zone."""
        moment = datetime.datetime.fromtimestamp(second).astimezone().isoformat()
        return time.strftime("[%d/%b/%Y:%H:%M:%S %z]", time.localtime(second)), moment[:19], moment[19:]
