"""The fixtures: a fake master on each event loop and HTTP implementation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_master import PROTOCOLS, FakeMaster

STACKS = [(loop, http) for loop in ("asyncio", "uvloop") for http in PROTOCOLS]


@pytest.fixture(params=STACKS, ids=["-".join(stack) for stack in STACKS])
def master(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeMaster]:
    """A master whose workers run on one of the stacks."""
    loop, http = request.param
    fake = FakeMaster(tmp_path, loop, http)
    yield fake
    fake.close()


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_master(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeMaster]:
    """A master for what does not depend on the HTTP implementation."""
    fake = FakeMaster(tmp_path, request.param, "httptools")
    yield fake
    fake.close()


@pytest.fixture
def one_master(tmp_path: Path) -> Iterator[FakeMaster]:
    """A master for what depends on neither. `FERRICORN_TEST_HTTP` names another HTTP implementation to show that."""
    fake = FakeMaster(tmp_path, http=os.environ.get("FERRICORN_TEST_HTTP", "h11"))
    yield fake
    fake.close()
