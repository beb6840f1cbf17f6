"""What a worker shows and says of itself: its title in the process list, and what its user may not read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ferricorn_worker.base import rights
from ferricorn_worker.logs.log_files import LogFile

SHOW = """
import sys
from ferricorn_worker.base import title
title.show(sys.argv[1])
print(open("/proc/self/cmdline").read().rstrip(chr(0)))
"""


@pytest.mark.parametrize("name", ["shop", "s" * 500, "straße"])
def test_the_title_takes_the_place_of_the_command_line(name: str) -> None:
    title = f"ferricorn: worker [{name}]"
    path = str(Path(rights.__file__).parents[1])
    command = [sys.executable, "-c", SHOW, title, "x" * 100]
    shown = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True).stdout.strip()
    assert shown == title


def test_a_long_title_is_cut() -> None:
    path = str(Path(rights.__file__).parents[1])
    command = [sys.executable, "-c", SHOW.replace("sys.argv[1]", "'t' * 9999")]
    shown = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True).stdout.strip()
    assert shown == "t" * (sum(len(word) + 1 for word in command) - 1)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scandir(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(sys, "path", [str(tmp_path / "missing"), str(tmp_path)])
    assert rights.unreadable() == ""
    monkeypatch.setattr(os, "scandir", scandir)
    assert f"may not read `{tmp_path / 'missing'}`" in rights.unreadable()


def test_a_standard_stream_that_cannot_be_opened_is_written_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()

    def refused(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ferricorn_worker.logs.log_files._STREAMS", {"/dev/stdout": writer})
    monkeypatch.setattr(os, "open", refused)
    LogFile("/dev/stdout", 1).write(b"a line\n")
    with pytest.raises(PermissionError):
        LogFile("/var/log/access.log", 1)
    assert os.read(reader, 100) == b"a line\n"
    for number in (reader, writer):
        os.close(number)
