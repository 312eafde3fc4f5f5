"""Every mistake planted in a driver is noticed by the test that is named for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parents[1]
FAMILIES = (
    *("kerong_cu16", "lcb8a", "modbus_relay", "mqtt_openlocker", "mqtt_relay", "osdp"),
    *("uhppote", "winnsen", "wkly"),
)
UNCHANGED = Path("lockers/drivers/base.py")


class Mutation(NamedTuple):
    """One mistake, and the test that sees it."""

    file: str
    old: str
    new: str
    why: str
    seen_by: str


Run = Callable[..., dict[str, Any]]
MUTATIONS: dict[str, list[Mutation]] = {
    family: [Mutation(*one) for one in import_module(f"tests.drivers.mutations.{family}").MUTATIONS]
    for family in FAMILIES
}
PLANTED = [
    pytest.param(mutation, id=f"{family} {number}: {mutation.why}")
    for family, mutations in MUTATIONS.items()
    for number, mutation in enumerate(mutations)
]


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """Run tests against the package in a folder, as ``python -m pytest`` does, only sooner."""
    nursery = subprocess.Popen(
        [sys.executable, "-P", str(FOLDER / "nursery.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        text=True,
    )
    assert nursery.stdin is not None and nursery.stdout is not None
    orders, answers = nursery.stdin, nursery.stdout

    def run(folder: Path, *tests: str) -> dict[str, Any]:
        nodes = [str(FOLDER / test) for test in tests]
        orders.write(json.dumps({"folder": str(folder), "tests": nodes}) + "\n")
        orders.flush()
        told: dict[str, Any] = json.loads(answers.readline())
        return told

    yield run
    orders.close()
    assert nursery.wait(10) == 0


def copied(folder: Path, changed: Path, text: str) -> Path:
    """Make a copy of the package that differs in one file; all others are linked."""
    for depth in range(1, len(changed.parts)):
        room = Path(*changed.parts[:depth])
        (folder / room).mkdir()
        for entry in (PROJECT / room).iterdir():
            if entry.name not in ("__pycache__", changed.parts[depth]):
                (folder / room / entry.name).symlink_to(entry)
    (folder / changed).write_text(text)
    return folder


@pytest.mark.parametrize("mutation", PLANTED)
def test_a_planted_mistake_is_noticed(mutation: Mutation, run: Run, tmp_path: Path) -> None:
    text = (PROJECT / mutation.file).read_text()
    assert text.count(mutation.old) == 1, f"{mutation.file} does not say {mutation.old!r} once"
    changed = text.replace(mutation.old, mutation.new)
    told = run(copied(tmp_path, Path(mutation.file), changed), mutation.seen_by)
    assert told["code"] == 1, told["printed"]
    # A test that failed, not a fixture that did.
    assert "\nFAILED " in told["printed"], told["printed"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_tests_pass_without_the_mistakes(family: str, run: Run, tmp_path: Path) -> None:
    text = (PROJECT / UNCHANGED).read_text()
    tests = sorted({mutation.seen_by for mutation in MUTATIONS[family]})
    told = run(copied(tmp_path, UNCHANGED, text), *tests)
    assert told["code"] == 0, told["printed"]
