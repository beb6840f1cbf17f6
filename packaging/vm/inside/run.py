"""Runs the checks whose names begin with one of the words, or all. The exit code says whether all hold.

Each check is a function `check_…` of a module beside this one. It makes its unit, and needs port 8000 for itself."""

import sys
import time
import traceback

import life
import memory
import security
import service
from machine import VERDICTS, say


def main():
    words = tuple(sys.argv[1:])
    for module in (memory, life, service, security):
        for name, check in list(vars(module).items()):
            if not name.startswith("check_") or (words and not name.removeprefix("check_").startswith(words)):
                continue
            began = time.monotonic()
            print(f"# {name.removeprefix('check_')}", flush=True)
            try:
                check()
            except Exception:
                say(False, f"{name} ran to its end", traceback.format_exc(limit=-3).replace("\n", " / "))
            print(f"  {time.monotonic() - began:.0f} s", flush=True)
    print(f"{VERDICTS['ok']} hold, {VERDICTS['WRONG']} do not", flush=True)
    sys.exit(bool(VERDICTS["WRONG"] or not VERDICTS["ok"]))


main()
