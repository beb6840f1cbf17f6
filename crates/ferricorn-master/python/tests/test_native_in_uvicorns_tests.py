"""uvicorn's own tests of its protocols, with the native protocol in place of the one on httptools.

They are not in uvicorn's wheel: its source distribution of the installed version is fetched by pip, once.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import uvicorn
from fake_master import EXTENSION, HERE, SHIM

DIFFERENT = {
    # An offer that is not taken up is nothing to warn of, whatever protocol speaks (`upgrade_offer`).
    "test_header_upgrade_is_not_websocket_depend_installed",
    "test_header_upgrade_is_websocket_depend_not_installed",
}
"""Tests of uvicorn's that do not hold, each with the reason."""

FEWEST = 80
"""Of its tests that have to run, in any version."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """uvicorn's source distribution, unpacked; the archive is kept below cargo's target folder."""
    assert EXTENSION is not None
    folder = Path(EXTENSION).parent.parent / "uvicorn-sdist"
    name = f"uvicorn-{uvicorn.__version__}"
    archive = folder / f"{name}.tar.gz"
    if not archive.exists():
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "uvicorn"]
        subprocess.run([*fetch, f"uvicorn=={uvicorn.__version__}", "--dest", str(folder)], check=True, timeout=300)
    unpacked = tmp_path_factory.mktemp("uvicorn")
    with tarfile.open(archive) as file:
        file.extractall(unpacked)
    if not (unpacked / name / "tests").is_dir():
        pytest.skip(f"the source distribution of uvicorn {uvicorn.__version__} has no tests")
    return unpacked / name


@pytest.mark.skipif(EXTENSION is None, reason="`cargo dev test` builds the extension")
def test_the_native_protocol_passes_uvicorns_own_tests_of_protocols(tree: Path, tmp_path: Path) -> None:
    assert EXTENSION is not None
    (tmp_path / "_ferricorn_http.so").symlink_to(EXTENSION)
    path = os.pathsep.join(str(folder) for folder in (tmp_path, SHIM, HERE))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "native_in_uvicorn"]
    # Its configuration asks for plugins of its own environment.
    command += ["-c", os.devnull, "--rootdir", str(tree), "tests/protocols/test_http.py", "-k", "httptools"]
    done = subprocess.run(
        [*command, "-W", "ignore"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=600,
    )
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S+?::(\w+)", done.stdout, re.MULTILINE))
    counted = re.search(r"(\d+) passed", done.stdout)
    assert failed <= DIFFERENT, done.stdout[-5000:]
    assert counted is not None and int(counted[1]) >= FEWEST, done.stdout + done.stderr
