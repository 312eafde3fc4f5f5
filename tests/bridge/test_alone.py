"""The bridge runs on a small computer that has its own few dependencies and nothing else."""

from __future__ import annotations

import asyncio
import configparser
import datetime as dt
import os
import shutil
import subprocess
import sys
import tomllib
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, distribution
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from packaging.requirements import Requirement

from access import hashing, passes
from access.access_list import entries, proof
from access.access_list.entries import Entry
from kiosk.bridge import protocol, watchdog
from tests.bridge.conftest import config
from tests.bridge.server_end import BRIDGE_ID, SERVER_KEY, ServerEnd
from tests.bridge.test_passes import AMIRAS, OTHER, at_reader
from tests.drivers.peers.wkly import Emulator

ROOT = Path(__file__).resolve().parents[2]
PIP = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check"]
FROM_HERE = ["--quiet", "--no-deps", "--no-index"]
PEOPLE = 5_000

# A PIN is checked all the time, by the verifier and at the cost that the server has.
CHECKING_PINS = """
import runpy, threading
from access import hashing
def check():
    verifier = hashing.pin_verifier("482916")
    while hashing.pin_matches(verifier, "482916"):
        pass
threading.Thread(target=check, daemon=True).start()
runpy.run_module("kiosk.bridge", run_name="__main__", alter_sys=True)
"""


def four_boards(address: str) -> protocol.Config:
    """Four boards on one wire, with a door on each of their channels."""
    return protocol.Config(
        config_hash="four",
        controllers=[
            protocol.ControllerConfig(
                controller_id=n, driver="wkly", address=address, unit=n, channels=12
            )
            for n in range(4)
        ],
        compartments=[
            protocol.CompartmentConfig(
                compartment_id=n, number=str(n), bank_id=1, controller_id=n // 12, channel=n % 12
            )
            for n in range(48)
        ],
    )


def everybody() -> list[Entry]:
    """A site with some thousand people, who each have a badge and a PIN; every door is taken."""
    since = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    verifier = hashing.pin_verifier("274951")
    people: list[Entry] = []
    for n in range(1, PEOPLE + 1):
        digest = hashing.badge_digest(b"k" * 32, f"number:{n}")
        people += [
            entries.Person(id=n, status="active", department_id=n % 40, number=digest),
            entries.Badge(id=n, person_id=n, digest=digest[::-1]),
            entries.Pin(id=PEOPLE + n, person_id=n, verifier=verifier),
        ]
    doors = [entries.Door(id=n, bank_id=1, number=str(n), service_status="in_service")
             for n in range(48)]  # fmt: skip
    grants = [
        entries.Granted(
            id=n, compartment_id=n, begins=since, person_id=n + 1, claim=entries.Claim(n, since)
        )
        for n in range(48)
    ]
    offer = entries.Offer(
        number=1, bank_id=1, policy_id=1, people=tuple(range(1, PEOPLE + 1)), doors=tuple(range(48))
    )
    place: list[Entry] = [entries.Organisation(id=1, badge_key=b"k" * 32), entries.Bank(id=1)]
    return [*people, *doors, *grants, *place, offer]


async def give(server: ServerEnd, told: list[Entry]) -> None:
    """Give a bridge its access list, and wait until it is on its disk."""
    texts = {entry.key: entries.written(entry) for entry in told}
    left = iter(texts.items())
    while part := dict(islice(left, 1_000)):
        raw = {key: msgspec.Raw(text) for key, text in part.items()}
        await server.send(protocol.ListPut(entries=raw))
    found = {key: proof.fingerprint(key, text) for key, text in texts.items()}
    digest = proof.digest(proof.of_buckets(found))
    signature = proof.sign(SERVER_KEY, bridge_id=BRIDGE_ID, version=1, digest=digest)
    await server.send(
        protocol.ListSigned(version=1, digest=digest, signature=signature, is_whole=True)
    )
    await server.until(
        lambda: any(isinstance(one, protocol.ListKept) for one in server.heard), within_s=60
    )


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment into which pip installed this checkout, and nothing else but what it needs.

    The needed packages are linked from here: no network is asked for them.
    """
    folder = tmp_path_factory.mktemp("box")
    source = folder / "source"
    # Building writes beside the sources.
    for name in ("access", "lockers", "kiosk"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [*PIP, "wheel", *FROM_HERE, "--no-build-isolation", "-w", str(folder), str(source)],
        check=True,
    )
    (wheel,) = folder.glob("lockwright-*.whl")
    place = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = str(place / "bin" / "python")
    subprocess.run([*PIP, "--python", python, "install", *FROM_HERE, str(wheel)], check=True)
    _link_dependencies(packages_of(place))
    return place


def packages_of(box: Path) -> Path:
    """Return the folder of the packages of an environment."""
    (found,) = box.glob("lib/python*/site-packages")
    return found


def _link_dependencies(folder: Path) -> None:
    """Link the base dependencies with theirs, as pip would bring them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    waiting = [Requirement(line) for line in project["project"]["dependencies"]]
    seen: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if requirement.name.lower() in seen:
            continue
        seen.add(requirement.name.lower())
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue  # for another system
        for line in found.requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed)
        for name in {Path(str(file)).parts[0] for file in found.files or []} - {"..", "bin"}:
            target = folder / name
            if not target.exists():
                target.symlink_to(Path(str(found.locate_file(name))))


def on_disk(folder: Path) -> int:
    """Return the bytes that a folder takes on a disk with blocks of 4 KiB."""
    files = [
        Path(at) / name for at, _, names in os.walk(folder, followlinks=True) for name in names
    ]
    return sum(-(-file.stat().st_size // 4096) * 4096 for file in files)


@asynccontextmanager
async def started(box: Path, server: ServerEnd, state: Path) -> AsyncIterator[Process]:
    """Run the bridge of a box as its service manager does, enrolled with a code."""
    async with enrolling(server, state, str(box / "bin" / "lockwright-bridge")) as process:
        yield process


@asynccontextmanager
async def enrolling(server: ServerEnd, state: Path, *command: str) -> AsyncIterator[Process]:
    """Run a command that is a bridge, against a server's end that lives as long."""
    await server.start()
    process = await asyncio.create_subprocess_exec(
        *command, "--server", server.url, "--state", str(state), "--enrolment-code", server.code
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()
        await server.stop()


async def two_heartbeats(server: ServerEnd) -> None:
    """Wait until a bridge showed twice more that it lives."""

    def beats() -> int:
        return sum(isinstance(one, protocol.Health) for one in server.heard)

    wanted = beats() + 2
    await server.until(lambda: beats() >= wanted, within_s=20)


def peak(process: Process) -> int:
    """Return the most bytes of memory that a process ever had."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_it_takes_less_than_45_mb(box: Path) -> None:
    assert 20_000_000 < on_disk(packages_of(box)) < 45_000_000


def test_nothing_that_the_bridge_is_made_of_was_left_behind(box: Path) -> None:
    made_of = {
        file.relative_to(ROOT)
        for part in ("kiosk/bridge", "lockers/drivers", "access/access_list", "access/badges")
        for file in (ROOT / part).rglob("*")
        if file.is_file() and file.suffix not in (".pyc", ".md")
    }
    assert made_of
    assert [file for file in made_of if not (packages_of(box) / file).exists()] == []


def test_it_is_started_by_one_command_and_kept_up_by_systemd(box: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation says
    unit.read(packages_of(box) / "kiosk" / "bridge" / "lockwright-bridge.service")
    program, *arguments = unit["Service"]["ExecStart"].split()
    assert program == "/opt/lockwright/bin/lockwright-bridge"
    told = subprocess.run(
        [box / "bin" / "lockwright-bridge", "--help"], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    asked = {one for one in arguments if one.startswith("--")}
    assert asked and all(one in told.stdout for one in asked)
    assert unit["Service"]["Restart"] == "always"
    assert int(unit["Service"]["WatchdogSec"]) < watchdog.STALLED_AFTER_S


async def test_four_boards_and_pins_fit_into_80_mb_and_5000_people_into_20_more(
    box: Path, tmp_path: Path
) -> None:
    emulator = Emulator(tmp_path)
    await emulator.start("0,1,2,3", 12)
    server = ServerEnd(four_boards(emulator.address))
    command = [str(box / "bin" / "python"), "-I", "-c", CHECKING_PINS]
    try:
        async with enrolling(server, tmp_path / "bridge", *command) as process:
            await server.until(lambda: list(server.boards().values()) == ["ok"] * 4, within_s=20)
            await two_heartbeats(server)
            assert 30_000_000 < peak(process) < 80_000_000
            await give(server, everybody())
            await two_heartbeats(server)
            assert peak(process) < 100_000_000
    finally:
        await emulator.stop()


def test_there_is_no_django_in_it(box: Path) -> None:
    asked = subprocess.run(
        [box / "bin" / "python", "-I", "-c", "import django"], capture_output=True, text=True
    )
    assert "No module named 'django'" in asked.stderr


async def test_it_enrols_and_opens_a_door(box: Path, tmp_path: Path) -> None:
    server = ServerEnd(config())
    async with started(box, server, tmp_path / "bridge"):
        await server.until(lambda: server.doors().get(1) == "closed", within_s=20)
        command = await server.order(1)
        await server.until(lambda: "command_opened" in server.kinds(command))


async def test_it_refuses_a_forged_pass(box: Path, tmp_path: Path) -> None:
    async def show(_reads: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"~{passes.sign(AMIRAS, OTHER)}\r".encode())
        await writer.drain()

    line = await asyncio.start_server(show, "127.0.0.1", 0)
    server = ServerEnd(at_reader(line))
    try:
        async with started(box, server, tmp_path / "bridge"):
            await server.until(lambda: "scan_refused" in server.kinds(), within_s=20)
            told = next(event for event in server.events.values() if event.kind == "scan_refused")
            assert protocol.decode_refused(told.detail).code == "pass_unknown_key"
    finally:
        line.close()
