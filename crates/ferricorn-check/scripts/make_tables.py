"""Make the tables of `src/data` anew that a package index can be asked for.

    python make_tables.py options            # src/data/options.rs: from which version on an option is there
    python make_tables.py wheels 3.14        # src/data/wheels.rs: from which version on a package has a wheel

Both print lines for the table to standard output. They ask the index that pip is set up with, by pip itself, one
package after the other; nothing is installed outside of a temporary directory. Date and bounds in the files are changed
by hand.

What no index knows (plans, regions and keys of Render, what an image holds) is read in the documentation that the head
of each file names.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

SERVERS = ("uvicorn", "gunicorn")
COMPILED = (
    "pydantic-core",
    "psycopg2-binary",
    "asyncpg",
    "httptools",
    "uvloop",
    "numpy",
    "pandas",
    "greenlet",
    "aiohttp",
    "scikit-learn",
    "grpcio",
    "lxml",
    "pyyaml",
    "pillow",
)
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9_-]*)")


def pip(*words: str) -> subprocess.CompletedProcess[str]:
    """Run pip of this Python."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def versions(package: str) -> list[str]:
    """Return all releases of a package, the oldest first."""
    answer = pip("index", "versions", package).stdout
    found = re.search(r"Available versions: (.*)", answer)
    return list(reversed(found.group(1).split(", "))) if found else []


def options(package: str, version: str) -> set[str]:
    """Return the long options in the help of one release."""
    with tempfile.TemporaryDirectory() as place:
        if pip("install", "--quiet", "--target", place, f"{package}=={version}").returncode != 0:
            return set()
        start = (
            "from gunicorn.app.wsgiapp import run; run()" if package == "gunicorn" else "import uvicorn; uvicorn.main()"
        )
        code = f"import sys; sys.path.insert(0, {place!r}); sys.argv = [{package!r}, '--help']; {start}"
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        return set(OPTION.findall(shown.stdout))


def print_options() -> None:
    """Print each option that some release did not have yet, with the first one that does."""
    for package in SERVERS:
        known: set[str] | None = None
        for version in versions(package):
            now = options(package, version)
            if not now:
                continue
            if known is not None:
                for option in sorted(now - known):
                    print(f'    ("{package}", "{option}", "{version}"),')
            known = now if known is None else known | now


def has_wheel(package: str, version: str, python: str) -> bool:
    """Whether pip finds a wheel for this Python on Linux."""
    with tempfile.TemporaryDirectory() as place:
        words = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--python-version", python]
        platforms = ["--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64"]
        done = pip(*words, *platforms, "--dest", place, f"{package}=={version}")
        return done.returncode == 0 and any(Path(place).glob("*.whl"))


def print_wheels(python: str) -> None:
    """Print the first version of each package from which on all have a wheel."""
    for package in COMPILED:
        first = None
        for version in reversed(versions(package)):
            if not has_wheel(package, version, python):
                break
            first = version
        print(f'        ("{package}", "{first}"),')


def main(words: list[str]) -> int:
    """Do what the words say."""
    match words:
        case ["options"]:
            print_options()
        case ["wheels", python]:
            print_wheels(python)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
