"""Locks with batteries: their model, what was read, and how often they were opened."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from lockers.models import Command, LockEvent
from maintenance.models import AssetModel, Battery, BatteryReading
from tests.factories import upkeep
from tests.factories.cast import Estate

DAY = dt.timedelta(days=1)
REPLACED = dt.date(2026, 9, 1)


def model(estate: Estate, **values: Any) -> AssetModel:
    """Return a model that is low at 4200 mV."""
    made: AssetModel = upkeep.AssetModelFactory(
        organisation=estate.organisation,
        **{"battery_type": "4 x AA", "battery_low_mv": 4200, **values},
    )
    return made


def battery(estate: Estate, door: int = 0, **values: Any) -> Battery:
    """Return the battery of a door, replaced on the first of September."""
    given = {"compartment": estate.doors[door], "replaced_on": REPLACED, **values}
    if "model" not in given:
        given["model"] = model(estate)
    return Battery.objects.create(**given)


def sink(
    estate: Estate, door: int = 0, *, begin: int = 6000, a_day: float = -10, over: int = 60
) -> None:
    """Let a door have been read every day since the replacement."""
    noon = dt.datetime.combine(REPLACED, dt.time(12), dt.UTC)
    BatteryReading.objects.bulk_create(
        BatteryReading(
            compartment=estate.doors[door], millivolts=round(begin + a_day * n), at=noon + n * DAY
        )
        for n in range(over)
    )


def opened(estate: Estate, count: int, at: dt.datetime, door: int = 0) -> None:
    """Let a door have opened so often."""
    Command.objects.bulk_create(
        Command(
            id=uuid.uuid4(), compartment=estate.doors[door], bridge=estate.bridge, purpose="claim",
            actor_kind="job", status="opened", requested_at=at, deadline=at + DAY, actuated_at=at,
        )
        for _each in range(count)
    )  # fmt: skip


def told(
    estate: Estate, detail: str, at: dt.datetime, *, seq: int = 1, door: int = 0, **more: Any
) -> LockEvent:
    """Return a line of the journal that tells a voltage."""
    return LockEvent.objects.create(
        bridge=estate.bridge, journal=uuid.UUID(int=7), seq=seq, compartment=estate.doors[door],
        occurred_at=at, **{"kind": "battery_level", "detail": detail, "received_at": at, **more},
    )  # fmt: skip
