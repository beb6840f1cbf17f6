"""The helper that executes a configuration file: what it answers, and what reaches the user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fake_master import LAUNCH, memfd, sources


def execute(folder: Path, text: str, name: str = "gunicorn.conf.py") -> tuple[dict[str, Any], str, str]:
    """The answer, standard output and standard error."""
    (folder / name).write_text(text)
    return ask(folder, "path", str(folder / name))


def ask(folder: Path, kind: str, target: str) -> tuple[dict[str, Any], str, str]:
    """As `execute`, of a file or a module that exists."""
    source = memfd("ferricorn-shim", sources())
    answer = os.memfd_create("answer")
    command = [sys.executable, "-c", LAUNCH, str(source), str(answer), "config", kind, target]
    done = subprocess.run(command, cwd=folder, pass_fds=(source, answer), capture_output=True, text=True, timeout=60)
    os.close(source)
    with os.fdopen(answer, "rb") as stream:
        stream.seek(0)
        content = stream.read()
    assert done.returncode == 0, done.stderr
    return json.loads(content), done.stdout, done.stderr


def values(answer: dict[str, Any]) -> dict[str, Any]:
    """The described values by name."""
    return {entry["name"]: entry["value"] for entry in answer["entries"]}


def test_values_keep_their_types(tmp_path: Path) -> None:
    """What gunicorn tells apart, the master can tell apart."""
    text = (
        "import multiprocessing\nfrom pathlib import Path\nworkers = 2 + 1\nbind = ['a:1', 'b:2']\nkeepalive = '5'\n"
        "preload_app = True\nuser = None\ntimeout = 1.5\npidfile = Path('x.pid')\nlogconfig_dict = {'version': 1}\n"
        "class MyWorker: pass\nworker_class = MyWorker\ndef post_fork(server, worker): pass\n"
        "when_ready = lambda server: None\n"
    )
    answer, _, _ = execute(tmp_path, text)
    found = values(answer)
    assert found["workers"] == {"kind": "whole", "value": "3"}
    assert found["bind"] == {
        "kind": "list",
        "value": [{"kind": "text", "value": "a:1"}, {"kind": "text", "value": "b:2"}],
    }
    assert found["keepalive"] == {"kind": "text", "value": "5"}
    assert found["preload_app"] == {"kind": "flag", "value": True}
    assert found["user"] == {"kind": "none"}
    assert found["timeout"] == {"kind": "number", "value": 1.5}
    assert found["pidfile"] == {"kind": "text", "value": "x.pid"}
    assert found["logconfig_dict"] == {"kind": "table", "value": '{"version": 1}'}
    assert found["worker_class"] == {"kind": "class", "value": "__config__.MyWorker"}
    assert found["post_fork"] == {"kind": "function", "value": 2}
    assert found["when_ready"] == {"kind": "function", "value": 1}
    assert "multiprocessing" not in found


def test_a_name_has_its_line_and_whether_the_file_reads_it(tmp_path: Path) -> None:
    """A variable of the file's own is not taken for a mistyped setting."""
    answer, _, _ = execute(tmp_path, "port = 80\n\nbind = f':{port}'\nworker = 3\n")
    entries = {entry["name"]: entry for entry in answer["entries"]}
    assert (entries["port"]["line"], entries["port"]["used"]) == (1, True)
    assert (entries["bind"]["line"], entries["bind"]["used"]) == (3, False)
    assert (entries["worker"]["line"], entries["worker"]["used"]) == (4, False)


def test_what_the_file_prints_reaches_the_user_alone(tmp_path: Path) -> None:
    """Standard output is the user's, and the answer is whole whatever is left running."""
    text = (
        "import sys, threading, time\nprint('out')\nprint('err', file=sys.stderr)\nworkers = 2\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
    )
    answer, out, err = execute(tmp_path, text)
    assert (out, err) == ("out\n", "err\n")
    assert values(answer)["workers"] == {"kind": "whole", "value": "2"}


def test_a_failure_shows_the_users_lines_only(tmp_path: Path) -> None:
    """The traceback begins in the file."""
    answer, _, _ = execute(tmp_path, "def count():\n    return 1 / 0\nworkers = count()\n")
    failure = answer["failure"]
    assert failure.startswith("Traceback (most recent call last):\n  File ")
    assert 'gunicorn.conf.py", line 3, in <module>' in failure
    assert failure.endswith("ZeroDivisionError: division by zero")
    assert "ferricorn_worker" not in failure
    answer, _, _ = execute(tmp_path, "workers = = 2\n")
    assert "SyntaxError" in answer["failure"]
    answer, _, _ = execute(tmp_path, "import sys\nsys.exit(7)\n")
    assert answer["failure"] == "it called `sys.exit(7)`"


def test_the_file_runs_as_gunicorn_runs_it(tmp_path: Path) -> None:
    """As module `__config__`, with the working directory first on the path; any suffix will do."""
    (tmp_path / "shared.py").write_text("workers = 4\n")
    text = (
        "import sys\nfrom shared import *\nproc_name = __name__\nassert sys.modules['__config__']\nuser = sys.argv[1]\n"
    )
    answer, _, _ = execute(tmp_path, text, name="settings.conf")
    found = values(answer)
    assert found["workers"] == {"kind": "whole", "value": "4"}
    assert found["proc_name"] == {"kind": "text", "value": "__config__"}
    assert found["user"] == {"kind": "text", "value": "main:app"}
    answer, _, _ = ask(tmp_path, "module", "shared")
    assert values(answer)["workers"] == {"kind": "whole", "value": "4"}
    answer, _, _ = ask(tmp_path, "module", "missing")
    assert "No module named 'missing'" in answer["failure"]
