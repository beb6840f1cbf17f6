"""The end of a worker: quick if nobody can tell the difference, and the interpreter's own otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent

SOURCE = """
import atexit, os, sys, threading
from ferricorn_worker.base import ending

def late():
    done.wait()
    os.write(1, b"thread ")

done = threading.Event()
atexit.register(os.write, 1, b"atexit ")
file = open(sys.argv[1], "w")
file.write("written")
print("printed", end=" ")
"""

LEAVE = """
try:
    ending.leave_if_unwatched(7)
except SystemExit:
    os.write(1, b"slowly ")
    raise
"""


def end(tmp_path: Path, more: str, **variables: str) -> list[str]:
    """The words that a process says which ends after these lines, sorted: when its output is flushed is no matter."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASAN_", "LSAN_", "LD_"))}
    file = tmp_path / "file"
    command = [sys.executable, "-c", f"{SOURCE}\n{more}\n{LEAVE}", str(file)]
    environment = {**kept, "PYTHONPATH": str(PACKAGE), **variables}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (7, "")
    assert file.read_text() == "written"
    return sorted(ended.stdout.split())


def test_the_end_is_quick_and_leaves_nothing_undone(tmp_path: Path) -> None:
    assert end(tmp_path, "") == ["atexit", "printed"]


def test_temporary_files_go_with_it(tmp_path: Path) -> None:
    words = end(
        tmp_path,
        """
import tempfile
folder = os.path.dirname(sys.argv[1])
kept = [tempfile.TemporaryDirectory(dir=folder), tempfile.NamedTemporaryFile(dir=folder)]
asked = tempfile.NamedTemporaryFile(dir=folder, prefix="asked-", delete=False)
print(len(os.listdir(folder)), end=" ")
""",
    )
    assert words == ["4", "atexit", "printed"]
    left = sorted(path.name.partition("-")[0] for path in tmp_path.iterdir())
    assert left == ["asked", "file"]


def test_what_code_in_c_has_printed_is_not_lost(tmp_path: Path) -> None:
    assert "in_c" in end(tmp_path, "import ctypes; ctypes.CDLL(None).printf(b'in_c ')")


@pytest.mark.parametrize(
    "more",
    [
        "sys.settrace(lambda *_: None)",
        "sys.setprofile(lambda *_: None)",
        "import cProfile",
        "os.environ['LLVM_PROFILE_FILE'] = 'default.profraw'",
    ],
)
def test_a_tool_that_measures_has_the_interpreters_own_end(tmp_path: Path, more: str) -> None:
    assert end(tmp_path, more) == ["atexit", "printed", "slowly"]


def test_a_thread_that_goes_on_is_waited_for(tmp_path: Path) -> None:
    said = end(tmp_path, "threading.Thread(target=late).start(); threading.Timer(0.1, done.set).start()")
    assert said == ["atexit", "printed", "slowly", "thread"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring came with Python 3.12")
def test_a_tool_of_sys_monitoring_has_the_interpreters_own_end(tmp_path: Path) -> None:
    assert "slowly" in end(tmp_path, "sys.monitoring.use_tool_id(2, 'measure')")
