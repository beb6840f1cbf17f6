"""What an application can tell the master that runs it."""

import sys


def extend_boot(seconds: float) -> bool:
    """Gives a slow boot more time: it may take at least so long from now on, whatever `--boot-timeout` says.

    Call it again and again during a long import or startup, from any thread. False, and no effect, when the application
    is not run by ferricorn.
    """
    module = sys.modules.get("ferricorn_worker.talk.extend")
    return module is not None and bool(module.boot(seconds))
