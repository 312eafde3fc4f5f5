"""How to break every constraint of bookings, series and desk bookings, around the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from occupancy.models import Claim, DeskBooking, Occurrence, Series
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
NOON = NINE + dt.timedelta(hours=3)


def booking(estate: Estate, **values: Any) -> Claim:
    return Claim.objects.create(
        **{
            "compartment": estate.doors[0],
            "kind": "reservation",
            "holder": estate.amira,
            "policy": estate.policy,
            "starts_at": NINE,
            "ends_at": NOON,
            **values,
        }
    )


def series(estate: Estate, **values: Any) -> Series:
    return Series.objects.create(
        **{
            "person": estate.amira,
            "bank": estate.bank,
            "rule": "FREQ=DAILY",
            "first_day": NINE.date(),
            "starts_at": dt.time(9),
            "ends_at": dt.time(12),
            "booked_by": "person:1",
            "made_at": NINE,
            **values,
        }
    )


def _one_time_twice(estate: Estate) -> None:
    row = series(estate)
    for _twice in range(2):
        Occurrence.objects.create(series=row, starts_at=NINE, skipped_why="closed")


def _one_outside_id_twice(estate: Estate) -> None:
    for door in estate.doors[:2]:
        DeskBooking.objects.create(
            organisation=estate.organisation, external_id="desk-1",
            claim=booking(estate, compartment=door),
        )  # fmt: skip


BREAKS: dict[str, Callable[[Estate], object]] = {
    "occupancy_only_a_booking_lapses": lambda e: booking(e, lapses_at=NINE),
    "occupancy_booking_is_a_window_to_come": lambda e: booking(e, started_at=NINE),
    "occupancy_series_has_a_rule": lambda e: series(e, rule=""),
    "occupancy_series_ends_after_it_is_made": lambda e: series(
        e, ended_at=NINE - dt.timedelta(seconds=1)
    ),
    "occupancy_series_books_a_time_once": _one_time_twice,
    "occupancy_time_is_booked_or_explained": lambda e: Occurrence.objects.create(
        series=series(e), starts_at=NINE
    ),
    "occupancy_one_booking_of_an_outside_id": _one_outside_id_twice,
    "occupancy_outside_id_is_not_empty": lambda e: DeskBooking.objects.create(
        organisation=e.organisation, external_id="", claim=booking(e)
    ),
    "occupancy_desk_is_booked_or_was_cancelled": lambda e: DeskBooking.objects.create(
        organisation=e.organisation, external_id="desk-2"
    ),
}
