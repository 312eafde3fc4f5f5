"""How to break every constraint of openings by two adults and of doors booked for many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from occupancy.models import BookedSet, SearchOpening
from tests import factories
from tests.architecture.policy_breaks import NINE, NOON, assignment
from tests.factories.cast import Estate

_MINUTE = dt.timedelta(minutes=1)


def search(estate: Estate, times: int = 1, **values: Any) -> None:
    claim = assignment(estate)
    for _time in range(times):
        SearchOpening.objects.create(
            **{
                "compartment": claim.compartment, "claim": claim, "kind": "search",
                "reason": "a smell", "requested_by": estate.olga, "requested_at": NINE, **values,
            }
        )  # fmt: skip


def confirmed(estate: Estate, **values: Any) -> None:
    search(estate, **{"confirmed_by": estate.max, "confirmed_at": NINE + _MINUTE, **values})


def booked_set(estate: Estate, **values: Any) -> None:
    BookedSet.objects.create(
        **{
            "bank": estate.bank, "name": "Maths", "starts_at": NINE, "ends_at": NOON,
            "made_by": estate.olga, "made_at": NINE, **values,
        }
    )  # fmt: skip


BREAKS: dict[str, Callable[[Estate], object]] = {
    "occupancy_search_has_a_reason": lambda e: search(e, reason=""),
    "occupancy_search_takes_two": lambda e: confirmed(e, confirmed_by=e.olga),
    "occupancy_search_is_confirmed_within_minutes": lambda e: confirmed(
        e, confirmed_at=NINE + 6 * _MINUTE
    ),
    "occupancy_confirmed_search_is_not_called_off": lambda e: confirmed(e, cancelled_at=NOON),
    "occupancy_search_uses_a_key_once_confirmed": lambda e: search(
        e, key=factories.KeyFactory(lock=factories.LockFactory(compartment__bank=e.bank))
    ),
    "occupancy_search_outcome_is_whole": lambda e: confirmed(
        e, found="nothing", recorded_at=NOON, recorded_by=e.olga, is_pupil_present=True
    ),
    "occupancy_search_says_what_was_found": lambda e: confirmed(
        e, found="taken", recorded_at=NOON, recorded_by=e.olga, is_pupil_present=True,
        is_guardian_told=True,
    ),
    "occupancy_one_search_waits_per_door": lambda e: search(e, times=2),
    "occupancy_booked_set_has_a_name": lambda e: booked_set(e, name=""),
    "occupancy_booked_set_ends_after_it_starts": lambda e: booked_set(e, ends_at=NINE),
    "occupancy_booked_set_is_given_up_after_it_is_made": lambda e: booked_set(
        e, cancelled_at=NINE - _MINUTE
    ),
}  # fmt: skip
