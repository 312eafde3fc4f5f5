"""How fast yesterday's journal comes in, what a door waits meanwhile, and when a bridge is back.

The bridge is the real one, its board a simulated one; the server is the one that is measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from django.utils import timezone

from audit.services.events import Actor
from kiosk.bridge import identity, protocol
from kiosk.bridge.identity import Identity
from kiosk.bridge.journal import file, lines
from kiosk.bridge.journal.lines import Entry
from kiosk.bridge.protocol.signed import new_key
from lockers import introduction
from lockers.models import Bank, Bridge, BridgePresence, Command, Controller, Door, LockEvent
from lockers.services import bridge_keys, commands
from tests.benchmarks.figures import median
from tests.benchmarks.place import Place
from tests.servers import ASGI, free_port, serving

LINES = 100_000
# How long the server stays away each time, beside its own start.
AWAY_S = (0, 1, 2, 5, 10, 20)


def measure(place: Place) -> dict[str, Any]:
    """Return events replayed a second, how long a door waits meanwhile, and a reconnect."""
    place.empty()
    bank = Bank.objects.select_related("bridge").get(pk=place.banks[0])
    assert bank.bridge is not None
    doors = _simulate(bank)
    with tempfile.TemporaryDirectory() as state:
        _enrol(bank.bridge, Path(state))
        figures = _replay(place, bank.bridge, doors, Path(state))
        figures |= _reconnect(bank.bridge, Path(state))
    return figures


def _simulate(bank: Bank) -> list[int]:
    """Give the bank one simulated board; return its doors."""
    first, *others = Controller.objects.filter(bridge=bank.bridge).order_by("pk")
    Controller.objects.filter(pk__in=[one.pk for one in others]).delete()
    profile = {"closes_after_ms": 200}
    Controller.objects.filter(pk=first.pk).update(
        driver="simulator", address="sim://bench/1", profile=profile
    )
    BridgePresence.objects.filter(bridge=bank.bridge).delete()
    Door.objects.filter(compartment__bank=bank).update(state="unknown")
    return list(bank.compartments.filter(controller=first).values_list("pk", flat=True))


def _enrol(bridge: Bridge, state: Path) -> None:
    key = new_key()
    Bridge.objects.filter(pk=bridge.pk).update(
        public_key=introduction.public_key(key).hex(), enrolled_at=timezone.now()
    )
    who = Identity(bridge_id=bridge.pk, key=key, server_keys=bridge_keys.server_keys())
    identity.save(state / identity.FILE, who)


@contextmanager
def _running(state: Path, port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk.bridge", "--server", f"http://127.0.0.1:{port}",
         "--state", str(state)],
        env={**os.environ},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _write_yesterday(state: Path, doors: list[int]) -> None:
    """Write a day without the server: doors that were forced, closed, and commands of somebody."""
    base, _ = file.opened(state / "journal.sqlite")
    kinds: list[protocol.EventKind] = ["door_forced", "door_closed", "door_unknown", "board_state"]
    begun = int(timezone.now().timestamp() * 1000) - LINES
    entries = [
        Entry(
            protocol.Event(
                seq=n,
                kind=kinds[n % len(kinds)],
                occurred_at_ms=begun + n,
                compartment_id=doors[n % len(doors)] if n % 4 < 3 else None,
                controller_id=1 if n % 4 == 3 else None,
                detail="ok" if n % 4 == 3 else "",
            )
        )
        for n in range(1, LINES + 1)
    ]
    lines.write(base, uuid.uuid4(), entries)
    base.close()


def _replay(place: Place, bridge: Bridge, doors: list[int], state: Path) -> dict[str, Any]:
    _write_yesterday(state, doors)
    waits: list[float] = []
    with _running(state, place.port):
        _until(lambda: LockEvent.objects.filter(bridge=bridge).exists())
        begun = time.perf_counter()
        _until(lambda: Door.objects.filter(compartment__in=doors, state="closed").exists())
        while _stored(bridge) < LINES:
            waits.append(_open(doors[len(waits) % len(doors)]))
        took = time.perf_counter() - begun
    return {
        "events_replayed_per_s": round(LINES / took),
        "open_while_replaying_ms": {
            "p50": median([1000 * wait for wait in waits]),
            "worst": round(1000 * max(waits)),
            "opens": len(waits),
        },
    }


def _stored(bridge: Bridge) -> int:
    return int(BridgePresence.objects.values_list("last_seq", flat=True).get(bridge=bridge))


def _open(door: int) -> float:
    """Open a door and wait until somebody at the screen would be told; return the seconds."""
    begun = time.perf_counter()
    command = commands.request_open(
        compartment_id=door, purpose="bench", actor=Actor.job("bench"), at=timezone.now()
    )
    told = ["opened", "closed"]
    _until(lambda: Command.objects.filter(pk=command, status__in=told).exists(), pause_s=0.005)
    return time.perf_counter() - begun


def _reconnect(bridge: Bridge, state: Path) -> dict[str, Any]:
    """Return how long after a restarted server answers its bridge is back."""
    port = free_port()
    waits: list[float] = []
    before = _connection(bridge)
    with _running(state, port):
        for away_s in AWAY_S:
            time.sleep(away_s)
            with serving(ASGI, port):
                begun = time.perf_counter()
                _until(partial(_is_another, bridge, before), 0.01)
                waits.append(time.perf_counter() - begun)
                before = _connection(bridge)
    # The first is no return.
    return {"reconnect_s": {"p50": median(waits[1:]), "worst": round(max(waits[1:]), 2)}}


def _is_another(bridge: Bridge, before: uuid.UUID | None) -> bool:
    return _connection(bridge) not in (None, before)


def _connection(bridge: Bridge) -> uuid.UUID | None:
    return BridgePresence.objects.values_list("connection", flat=True).get(bridge=bridge)


def _until(condition: Callable[[], bool], pause_s: float = 0.05, within_s: float = 120) -> None:
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            raise AssertionError("it did not happen in time")
        time.sleep(pause_s)
