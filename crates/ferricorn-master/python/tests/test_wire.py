"""The golden files that the Rust tests of the wire read as well."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from ferricorn_worker.talk import channel, scoreboard, tally
from ferricorn_worker.talk import start as start_message

GOLDEN = Path(__file__).parents[3] / "ferricorn-wire" / "tests" / "golden"


def read(name: str) -> Any:
    """One golden file."""
    return json.loads((GOLDEN / name).read_text())


@pytest.mark.parametrize("name", sorted(file.name for file in (GOLDEN / "to_worker").glob("start*.json")))
def test_start(name: str) -> None:
    message = read(f"to_worker/{name}")
    start = start_message.Start.from_message(channel.decode(json.dumps(message).encode()))
    load, worker = message["load"], message["worker"]
    assert start.load.app.target == load["app"]["target"]
    assert start.load.app.uvicorn == load["app"]["uvicorn"]
    assert start.load.backlog == load["backlog"]
    assert (start.load.hooks is None) == ("hooks" not in load)
    assert start.worker.worker_connections == worker["worker_connections"]
    optional = [worker["tally"]] if "tally" in worker else []
    assert start.worker.descriptors() == (worker["scoreboard"], worker["black_box"], *worker["handoff"], *optional)
    log, access = start.worker.log, worker["log"]["access"]
    assert (log.access is None) == (access is None)
    if log.access is not None:
        assert (log.access.file, log.access.format) == (access["file"], access["format"])
    for field in ("slot", "generation", "age", "master_pid", "row", "black_box", "workers", "count_websockets"):
        assert getattr(start.worker, field) == worker[field]
    for field in ("level", "error_file", "colors"):
        assert getattr(log, field) == worker["log"][field]


def test_the_first_message_to_a_template() -> None:
    message = read("to_template/load.json")
    order = start_message.LoadTemplate.from_message(message)
    assert order.warm is None
    warm = read("to_template/load_warm.json")
    assert start_message.LoadTemplate.from_message(warm).warm == start_message.Warm(
        tuple(warm["warm"]["watched"]), tuple(warm["warm"]["modules"])
    )
    assert order.load.app.target == message["load"]["app"]["target"]
    assert order.log.level == message["log"]["level"]
    for field in ("generation", "master_pid", "black_box", "look"):
        assert getattr(order, field) == message[field]


def test_a_forked_worker_has_other_numbers_for_its_descriptors() -> None:
    who = start_message.Start.from_message(read("to_worker/start.json")).worker
    numbers = {number: 100 + place for place, number in enumerate(who.descriptors())}
    assert who.with_numbers(numbers).descriptors() == tuple(range(100, 100 + len(numbers)))


@pytest.mark.parametrize("file", sorted((GOLDEN / "to_master").glob("*.json")), ids=lambda file: file.stem)
def test_messages_to_the_master(file: Path) -> None:
    message = json.loads(file.read_text())
    assert json.loads(channel.encode(message)) == message


def test_a_long_text_fits_into_a_packet() -> None:
    packet = channel.encode({"type": "boot_failed", "stage": "import", "text": "begin" + '"\n\udcff' * 100_000 + "end"})
    assert len(packet) <= channel.MAX_PACKET
    text = json.loads(packet)["text"]
    assert text.startswith("begin")
    assert "(cut)" in text
    assert text.endswith("end")


def test_the_layout_of_the_scoreboard() -> None:
    layout = read("scoreboard.json")
    assert layout.pop("max_packet") == channel.MAX_PACKET
    for group in ("words", "states"):
        for name, value in layout.pop(group).items():
            assert getattr(scoreboard, name.upper()) == value
    for name, value in layout.items():
        assert getattr(scoreboard, name.upper()) == value


def test_the_layout_of_the_tally_board() -> None:
    for name, value in read("tally.json").items():
        assert getattr(tally, name.upper()) == value, name
