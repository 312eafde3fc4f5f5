"""The bridge runs on a small computer that has its own few dependencies and nothing else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from access import passes
from kiosk.bridge import protocol
from tests.bridge.conftest import config
from tests.bridge.server_end import ServerEnd
from tests.bridge.test_passes import AMIRAS, OTHER, at_reader

ROOT = Path(__file__).resolve().parents[2]
# Without site-packages: what is not in the folder is not there.
BARE = [sys.executable, "-I", "-S", "-c"]
RUN = (
    "import runpy, sys; sys.path[:0] = [sys.argv.pop(1)]; runpy.run_module({!r}, alter_sys=True{})"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``pip install .`` would bring: the base dependencies with theirs, and the packages."""
    folder = tmp_path_factory.mktemp("installed")
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
    for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]:
        name = pattern.rstrip("*")
        (folder / name).symlink_to(ROOT / name)
    return folder


def test_there_is_no_django_in_it(installed: Path) -> None:
    assert not (installed / "django").exists()
    asked = subprocess.run(
        [*BARE, RUN.format("django", ""), str(installed)], capture_output=True, text=True
    )
    assert "No module named django" in asked.stderr


async def test_it_enrols_and_opens_a_door(installed: Path, tmp_path: Path) -> None:
    server = ServerEnd(config())
    await server.start()
    process = await asyncio.create_subprocess_exec(
        *BARE, RUN.format("kiosk.bridge", ', run_name="__main__"'), str(installed),
        "--server", server.url, "--state", str(tmp_path / "bridge"),
        "--enrolment-code", server.code,
    )  # fmt: skip
    try:
        await server.until(lambda: server.doors().get(1) == "closed", within_s=20)
        command = await server.order(1)
        await server.until(lambda: "command_opened" in server.kinds(command))
    finally:
        process.terminate()
        await process.wait()
        await server.stop()


async def test_it_refuses_a_forged_pass(installed: Path, tmp_path: Path) -> None:
    async def show(_reads: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"~{passes.sign(AMIRAS, OTHER)}\r".encode())
        await writer.drain()

    line = await asyncio.start_server(show, "127.0.0.1", 0)
    server = ServerEnd(at_reader(line))
    await server.start()
    process = await asyncio.create_subprocess_exec(
        *BARE, RUN.format("kiosk.bridge", ', run_name="__main__"'), str(installed),
        "--server", server.url, "--state", str(tmp_path / "bridge"),
        "--enrolment-code", server.code,
    )  # fmt: skip
    try:
        await server.until(lambda: "scan_refused" in server.kinds(), within_s=20)
        told = next(event for event in server.events.values() if event.kind == "scan_refused")
        assert protocol.decode_refused(told.detail).code == "pass_unknown_key"
    finally:
        process.terminate()
        await process.wait()
        line.close()
        await server.stop()
