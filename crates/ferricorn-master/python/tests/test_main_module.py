"""What `__main__`, the command line and the processes of `multiprocessing` look like in a worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_master import HERE, LAUNCH, FakeMaster, memfd, sources


def test_the_main_module_has_a_file_and_is_not_run_by_children(loop_master: FakeMaster) -> None:
    worker = loop_master.spawn("mains:app").serve()
    client = loop_master.connect()
    seen = json.loads(client.get().body)
    assert seen["file"] == seen["argv"][0] == "/bin/ferricorn"
    assert (seen["spec"], seen["package"]) == ("ferricorn.__main__", "ferricorn")
    assert seen["argv"] == seen["orig_argv"] == ["/bin/ferricorn", "main:app"]
    assert seen["path"] == str(HERE)
    assert seen["cwd"] == str(loop_master.folder.resolve())
    # In the lifespan startup, and in a request.
    assert sorted(seen["started"]) == ["fork", "forkserver", "spawn"]
    for method in seen["started"]:
        child = json.loads(client.get(f"/{method}").body)["child"]
        assert child not in (worker.process.pid, *seen["started"].values())
        assert worker.out().count(f"child by {method}\n") == 2
    assert "Traceback" not in worker.log()


def test_load_dotenv_finds_the_file_beside_the_module(one_master: FakeMaster) -> None:
    pytest.importorskip("dotenv")
    folder = one_master.folder / "project"
    folder.mkdir()
    (folder / ".env").write_text("FROM_FILE=beside\n")
    (one_master.folder / ".env").write_text("FROM_FILE=working directory\n")
    text = f"import sys\nsys.path.append({str(HERE)!r})\nfrom dotenv import load_dotenv\nload_dotenv()\n"
    (folder / "with_env.py").write_text(text + "from mains import app\n")
    one_master.spawn("with_env:app", app_dir=str(folder)).serve()
    assert json.loads(one_master.connect().get().body)["env"] == "beside"


def test_a_configuration_file_sees_the_same(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        "import sys\nuser = ' '.join(sys.argv)\ngroup = sys.modules['__main__'].__file__\n"
    )
    source, answer = memfd("ferricorn-shim", sources()), os.memfd_create("answer")
    words = [sys.executable, "-c", LAUNCH, str(source), str(answer), "config", "path", str(tmp_path / "conf.py")]
    subprocess.run(words, pass_fds=(source, answer), check=True, timeout=60)
    entries = {it["name"]: it["value"] for it in json.loads(os.pread(answer, 1 << 20, 0))["entries"]}
    assert entries["user"]["value"] == "/bin/ferricorn main:app"
    assert entries["group"]["value"] == "/bin/ferricorn"
