"""How to break every constraint of waiting lists and offers, around the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from occupancy.models import Claim, Offer, WaitingEntry
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
LATER = NINE + dt.timedelta(minutes=15)


def entry(estate: Estate, **values: Any) -> WaitingEntry:
    return WaitingEntry.objects.create(
        **{
            "person": estate.amira, "site": estate.site, "size": estate.small,
            "bank": estate.bank, "joined_at": NINE, **values,
        }
    )  # fmt: skip


def claim(estate: Estate, door: int = 0, **values: Any) -> Claim:
    return Claim.objects.create(
        **{
            "compartment": estate.doors[door], "kind": "offer", "holder": estate.amira,
            "starts_at": NINE, "due_at": LATER, "ends_at": LATER, **values,
        }
    )  # fmt: skip


def _two_offers(estate: Estate) -> None:
    one = entry(estate)
    for door in (0, 1):
        Offer.objects.create(entry=one, claim=claim(estate, door), made_at=NINE)


def _over_for_no_reason(estate: Estate) -> None:
    Offer.objects.create(
        entry=entry(estate), claim=claim(estate), made_at=NINE, closed_at=LATER, closed_how=""
    )


BREAKS: dict[str, Callable[[Estate], object]] = {
    "occupancy_offer_is_for_a_person_and_lapses": lambda e: claim(e, due_at=None, ends_at=None),
    "occupancy_one_place_on_a_waiting_list": lambda e: [entry(e) for _each in (1, 2)],
    "occupancy_waiting_ends_for_a_reason": lambda e: entry(e, closed_at=LATER),
    "occupancy_one_open_offer_at_a_time": _two_offers,
    "occupancy_offer_ends_for_a_reason": _over_for_no_reason,
}
