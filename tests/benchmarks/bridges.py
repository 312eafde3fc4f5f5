"""A bridge on a small box: what it takes of memory, and how long reading a full wire takes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from kiosk.bridge import protocol
from lockers.drivers.base import BoardSpec
from tests.benchmarks.figures import median, percentile
from tests.benchmarks.place import Place
from tests.bridge.server_end import ServerEnd
from tests.drivers.peers.lcb8a import Emulator, open_boards

BOARDS = 8
CYCLES = 50
# At 9600 baud five bytes there and seven back take 12.5 ms; a board thinks for some 20 ms.
REPLY_MS = 33
# With PINs checked all the time, at the cost that the server sets.
PINS = """
import runpy, threading
from access import hashing
def check():
    verifier = hashing.pin_verifier("482916")
    while hashing.pin_matches(verifier, "482916"):
        pass
threading.Thread(target=check, daemon=True).start()
runpy.run_module("kiosk.bridge", run_name="__main__", alter_sys=True)
"""


def measure(place: Place) -> dict[str, Any]:
    """Return the cycle of eight boards and the peak memory with four of them and PINs."""
    with tempfile.TemporaryDirectory(prefix="lockwright-bench-") as folder:
        emulator = Emulator(
            *({"address": unit, "channels": 8} for unit in range(1, BOARDS + 1)),
            pty=Path(folder) / "wire",
        )
        emulator.start()
        try:
            for unit in range(1, BOARDS + 1):
                emulator.ask("set", board=unit, late_ms=REPLY_MS)
            cycles = asyncio.run(_cycles(emulator.address))
            memory = asyncio.run(_memory(emulator.address, Path(folder) / "state"))
        finally:
            emulator.stop()
    return {
        "poll_cycle_ms": {
            "p50": median(cycles),
            "p99": round(percentile(cycles, 0.99), 2),
            "boards": BOARDS,
        },
        "bridge_resident_mb": memory,
    }


async def _cycles(address: str) -> list[float]:
    _bus, boards = open_boards(
        [BoardSpec(unit, "lcb8a", address, unit, 8) for unit in range(1, BOARDS + 1)]
    )
    took = []
    for _ in range(CYCLES):
        begun = time.perf_counter()
        await asyncio.gather(*(board.read(deadline=time.monotonic() + 5) for board in boards))
        took.append((time.perf_counter() - begun) * 1000)
    for board in boards:
        await board.close()
    return took


async def _memory(address: str, state: Path) -> float:
    server = ServerEnd(
        protocol.Config(
            config_hash="bench",
            controllers=[
                protocol.ControllerConfig(
                    controller_id=unit, driver="lcb8a", address=address, unit=unit
                )
                for unit in range(1, 5)
            ],
            compartments=[
                protocol.CompartmentConfig(
                    compartment_id=n, number=str(n), bank_id=1, controller_id=1 + n // 8,
                    channel=n % 8, pulse_ms=300,
                )
                for n in range(32)
            ],
        )
    )  # fmt: skip
    await server.start()
    command = [sys.executable, "-c", PINS, "--server", server.url, "--state", str(state),
               "--enrolment-code", server.code]  # fmt: skip
    bridge = subprocess.Popen(command, env={**os.environ}, stderr=subprocess.DEVNULL)
    try:
        await server.until(lambda: list(server.boards().values()) == ["ok"] * 4, within_s=30)
        await asyncio.sleep(5)
        status = Path(f"/proc/{bridge.pid}/status").read_text()
        return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)
    finally:
        bridge.terminate()
        bridge.wait(10)
        await server.stop()
