"""From a badge at a wired reader to the first byte of the pulse, while the server is away."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from audit.services.events import Actor
from lockers.choices import ReaderTransport
from lockers.models import Bank, Reader
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests.benchmarks import taps
from tests.benchmarks.board import Board
from tests.benchmarks.figures import median, percentile
from tests.benchmarks.place import Place
from tests.servers import ASGI, free_port, serving

PEOPLE, TAPS, PAUSE_S = 20, 200, 0.1


def measure(place: Place) -> dict[str, Any]:
    """Return the delay of a tap that the access list decides, in milliseconds."""
    place.empty()
    return asyncio.run(_measure(place))


async def _measure(place: Place) -> dict[str, Any]:
    board = Board()
    listening = await board.serve()
    wires: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    reader = await asyncio.start_server(lambda _in, out: wires.put(out), "127.0.0.1", 0)
    await sync_to_async(_hold_doors)(place, _port(reader))
    code = await sync_to_async(taps._wire)(place, _port(listening))
    port = free_port()
    with tempfile.TemporaryDirectory() as state:
        # Leaving the block cuts the line.
        with serving(ASGI, port):
            bridge = subprocess.Popen(
                [sys.executable, "-m", "kiosk.bridge", "--server", f"http://127.0.0.1:{port}",
                 "--state", state, "--enrolment-code", code],
                env={**os.environ}, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            wire = await asyncio.wait_for(wires.get(), 60)
            await taps._until(lambda: sync_to_async(_has_grants)(Path(state)), 60)
        try:
            await asyncio.sleep(2)
            delays = [await _tap(board, wire, place.badge(n % PEOPLE)) for n in range(TAPS)]
        finally:
            bridge.terminate()
            bridge.wait(20)
            listening.close()
            reader.close()
    return {
        "tap_to_wire_offline_ms": {
            "p50": median(delays),
            "p99": round(percentile(delays, 0.99), 2),
            "taps": len(delays),
        }
    }


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def _hold_doors(place: Place, port: int) -> None:
    """Let people have doors of the first bank, and hang a reader there."""
    bank = Bank.objects.get(pk=place.banks[0])
    Reader.objects.filter(bank=bank).delete()
    Reader.objects.create(
        bank=bank, name="Bench", transport=ReaderTransport.WIRED, prefix="~", suffix="\r",
        address=f"tcp://127.0.0.1:{port}",
    )  # fmt: skip
    for number in range(PEOPLE):
        person = place.first_person + number
        assignments.claim(
            person_id=person, bank_id=bank.pk, wanted=Wanted(), actor=Actor.person(person),
            at=timezone.now(), opens=False,
        )  # fmt: skip


def _has_grants(state: Path) -> bool:
    path = state / "access.sqlite"
    if not path.exists():
        return False
    with sqlite3.connect(path) as base:
        found = base.execute("SELECT count(*) FROM sqlite_master WHERE name = 'entry'").fetchone()
        if not found[0]:
            return False
        rows = base.execute("SELECT count(*) FROM entry WHERE key LIKE 'place:grant:%'").fetchone()
    return int(rows[0]) >= PEOPLE


async def _tap(board: Board, wire: asyncio.StreamWriter, badge: str) -> float:
    seen = len(board.pulses)
    begun = time.perf_counter()
    wire.write(badge.encode())
    while len(board.pulses) == seen:
        if time.perf_counter() > begun + 5:
            raise AssertionError("no pulse arrived")
        await asyncio.sleep(0.0005)
    delay = (board.pulses[seen] - begun) * 1000
    # The door is pushed shut, and the next one steps up.
    board.open.clear()
    await asyncio.sleep(PAUSE_S)
    return delay
