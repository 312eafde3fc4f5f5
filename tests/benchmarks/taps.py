"""From the tap's HTTP request to the first byte of the pulse at the board, with 200 idle maps."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from audit.services.events import Actor
from lockers.models import Bank, Bridge, BridgePresence, Controller, Door
from lockers.services import bridge_keys
from tests.benchmarks import http, pushes
from tests.benchmarks.board import Board
from tests.benchmarks.figures import RUNS, median, percentile
from tests.benchmarks.place import Place

TAPS_A_RUN = 20
IDLE_MAPS = 200


def measure(place: Place) -> dict[str, Any]:
    """Return the delay of one tap a second at a Modbus TCP board, in milliseconds."""
    place.empty()
    return asyncio.run(_measure(place, pushes.cookie()))


async def _measure(place: Place, cookie: str) -> dict[str, Any]:
    board = Board()
    listening = await board.serve()
    port = listening.sockets[0].getsockname()[1]
    code = await sync_to_async(_wire)(place, port)
    with tempfile.TemporaryDirectory() as state:
        bridge = subprocess.Popen(
            [sys.executable, "-m", "kiosk.bridge", "--server", f"http://127.0.0.1:{place.port}",
             "--state", str(Path(state) / "bridge"), "--enrolment-code", code],
            env={**os.environ},
        )  # fmt: skip
        try:
            await _until(lambda: sync_to_async(_is_ready)(place))
            browsers = await pushes.open_maps(place, cookie, IDLE_MAPS)
            delays = [
                [await _tap(place, board, run * TAPS_A_RUN + n) for n in range(TAPS_A_RUN)]
                for run in range(RUNS)
            ]
            for browser in browsers:
                browser.transport.close()
        finally:
            bridge.terminate()
            bridge.wait(10)
            listening.close()
    every = [delay for run in delays for delay in run]
    return {
        "tap_to_wire_ms": {
            "p50": median([percentile(run, 0.5) for run in delays]),
            "p99": round(percentile(every, 0.99), 2),
            "taps": len(every),
        }
    }


def _wire(place: Place, port: int) -> str:
    """Point the first bank's boards at our board; return an enrolment code for its bridge."""
    bank = Bank.objects.select_related("site").get(pk=place.banks[0])
    Controller.objects.filter(bridge=bank.bridge).update(
        address=f"tcp://127.0.0.1:{port}", state="offline"
    )
    # One board of 32 doors is what stands here.
    first = Controller.objects.filter(bridge=bank.bridge).order_by("pk")[0]
    Controller.objects.filter(bridge=bank.bridge).exclude(pk=first.pk).delete()
    BridgePresence.objects.filter(bridge=bank.bridge).delete()
    Door.objects.filter(compartment__bank=bank).update(state="unknown")
    bridge = Bridge.objects.get(pk=bank.bridge_id)
    return bridge_keys.make_code(bridge=bridge, actor=Actor.job("bench"), at=timezone.now())


def _is_ready(place: Place) -> bool:
    bank = Bank.objects.get(pk=place.banks[0])
    return (
        BridgePresence.objects.filter(bridge=bank.bridge, connection__isnull=False).exists()
        and Controller.objects.filter(bridge=bank.bridge, state="ok").exists()
        and Door.objects.filter(compartment__bank=bank, state="closed").count() >= 32
    )


async def _until(condition: Any, within_s: float = 30) -> None:
    until = time.monotonic() + within_s
    while not await condition():
        if time.monotonic() > until:
            raise AssertionError("the bridge did not get ready")
        await asyncio.sleep(0.1)


async def _tap(place: Place, board: Board, number: int) -> float:
    body = json.dumps({"badge": place.badge(number), "choice": {"any": True}}).encode()
    headers = {
        "Authorization": f"Terminal {place.terminal_token(0)}",
        "Idempotency-Key": uuid.uuid4().hex,
    }
    request = http.request("127.0.0.1", place.port, "/kiosk/claim", body, headers)
    seen = len(board.pulses)
    begun = time.perf_counter()
    load = await http.run("127.0.0.1", place.port, [request], 1)
    if set(load.statuses) != {200}:
        raise AssertionError(f"a tap was refused: {dict(load.statuses)}")
    until = begun + 5
    while len(board.pulses) == seen:
        if time.perf_counter() > until:
            raise AssertionError("no pulse arrived")
        await asyncio.sleep(0.001)
    delay = (board.pulses[seen] - begun) * 1000
    # The door is pushed shut and given back, for there are 32 doors and 100 taps.
    board.open.clear()
    await asyncio.sleep(0.5)
    await sync_to_async(place.empty_claims)()
    await asyncio.sleep(max(0.0, begun + 1 - time.perf_counter()))
    return delay
