"""A cabinet that cannot be built says which field is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.cabinet.plan import BadPlan, load
from kiosk.cabinet.steel import Cabinet
from tests.cabinet.process import plan

Spoil = Callable[[dict[str, Any]], object]


def bank(config: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = config["banks"][0]
    return first


def test_a_good_plan_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cabinet.json"
    path.write_text(json.dumps(plan()))
    read = load(path)
    assert read.banks[0].doors[15].number == "16"
    assert read.banks[0].readers[1].door == "1"


def test_a_door_may_stand_open_and_a_board_be_without_power_from_the_start(tmp_path: Path) -> None:
    config = plan()
    bank(config)["doors"][3]["open"] = bank(config)["boards"][1]["silent"] = True
    path = tmp_path / "cabinet.json"
    path.write_text(json.dumps(config))
    (built, *_rest) = Cabinet(load(path)).banks.values()
    assert [door.plan.number for door in built.doors.values() if door.is_open] == ["4"]
    assert [board.plan.unit for board in built.boards.values() if board.is_silent] == [2]


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda c: c.pop("title"), "title"),
        (lambda c: c.update(colour="red"), "colour"),
        (lambda c: c.update(banks=[]), "$.banks"),
        (lambda c: bank(c).update(modbus_port=70000), "$.banks[0].modbus_port"),
        (lambda c: bank(c).update(bank="A B"), "$.banks[0].bank"),
        (lambda c: bank(c)["doors"][3].update(hinge="top"), "$.banks[0].doors[3].hinge"),
        (lambda c: bank(c)["doors"][3].update(unit=5), "$.banks[0].doors[3].unit"),
        (lambda c: bank(c)["doors"][3].update(channel=8), "$.banks[0].doors[3].channel"),
        (lambda c: bank(c)["doors"][3].update(channel=2), "$.banks[0].doors[3].channel"),
        (lambda c: bank(c)["doors"][3].update(number="1"), "$.banks[0].doors[3].number"),
        (lambda c: bank(c)["doors"][3].update(x_mm=2000), "$.banks[0].doors[3].width_mm"),
        (lambda c: bank(c)["doors"][3].update(y_mm=2000), "$.banks[0].doors[3].height_mm"),
        (lambda c: bank(c)["boards"][1].update(unit=1), "$.banks[0].boards[1].unit"),
        (lambda c: bank(c)["readers"][1].update(door="77"), "$.banks[0].readers[1].door"),
        (lambda c: bank(c)["readers"][0].update(suffix=""), "$.banks[0].readers[0].suffix"),
        (
            lambda c: (bank(c).update(modbus_port=8100), bank(c)["readers"][0].update(port=8100)),
            "$.banks[0].readers[0].port",
        ),
        (lambda c: c["banks"].append(bank(c)), "$.banks[1].bank"),
    ],
)
def test_a_bad_plan_is_refused_with_the_place(tmp_path: Path, spoil: Spoil, place: str) -> None:
    config = plan()
    spoil(config)
    path = tmp_path / "cabinet.json"
    path.write_text(json.dumps(config))
    with pytest.raises(BadPlan) as refusal:
        load(path)
    assert place in str(refusal.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_file_that_is_no_plan_ends_the_program_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cabinet.json"
    path.write_text(text)
    command = [sys.executable, "-m", "kiosk.cabinet", "--page-port", "0", "--config", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("The cabinet cannot be built: ")
    assert "Traceback" not in ended.stderr
