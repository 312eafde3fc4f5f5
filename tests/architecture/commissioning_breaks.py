"""The constraints of commissioning, broken on purpose around the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from lockers.models import Commissioning, CommissioningStep, Inquiry
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)


def begun(estate: Estate, **values: Any) -> Commissioning:
    return Commissioning.objects.create(
        bank=estate.bank, bridge=estate.bridge, begun_by=1, begun_at=NINE, **values
    )


def running_twice(estate: Estate) -> None:
    begun(estate)
    begun(estate)


def one_version_twice(estate: Estate) -> None:
    begun(estate, state="live", version=1)
    begun(estate, state="live", version=1)


def one_channel_twice(estate: Estate) -> None:
    row = begun(estate)
    asked = Inquiry.objects.create(
        bridge=estate.bridge, kind="try_door", question={}, asked_by=1, asked_at=NINE, deadline=NINE
    )
    for _each in range(2):
        CommissioningStep.objects.create(commissioning=row, board=0, channel=0, tried=asked)


BREAKS: dict[str, Callable[[Estate], object]] = {
    "lockers_one_running_commissioning_per_bank": running_twice,
    "lockers_one_commissioning_per_version": one_version_twice,
    "lockers_one_step_per_channel": one_channel_twice,
}
