"""The constraints of allotments, broken around the services (see test_constraints)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from occupancy.models import (
    Allotment,
    AllotmentYear,
    Allotted,
    Entry,
    Preference,
    TrialRun,
)
from tests.factories.cast import Estate
from tests.factories.school import YearGroupFactory, academic_year

NINE = dt.datetime(2026, 8, 17, 9, tzinfo=dt.UTC)
TEN = NINE + dt.timedelta(hours=1)
HASH = "0" * 64
COMMITTED = {"committed_at": NINE, "commitment": HASH, "sealed_seed": "x"}
FROZEN = {"frozen_at": TEN, "frozen_input": b"{}", "digest": HASH, "seed": HASH}


def allotment(estate: Estate, **values: Any) -> Allotment:
    row: dict[str, Any] = {
        "site": estate.site, "policy": estate.policy, "name": "Hall", "code": "hall", **values
    }  # fmt: skip
    row.setdefault("session", academic_year(estate.site) if "session" not in values else None)
    return Allotment.objects.create(**row)


def entry(estate: Estate, **values: Any) -> Entry:
    row: dict[str, Any] = {
        "person": estate.ben, "ticket": "AAAA", "friend_code": "AAAA", **values
    }  # fmt: skip
    row.setdefault("allotment", allotment(estate) if "allotment" not in values else None)
    return Entry.objects.create(**row)


def two_allotments(estate: Estate) -> None:
    one = allotment(estate)
    allotment(estate, session=one.session, code="other")


def two_years(estate: Estate) -> None:
    one, year = allotment(estate), YearGroupFactory.create(organisation=estate.organisation)
    for _each in range(2):
        AllotmentYear.objects.create(allotment=one, year_group=year)


def two_entries(estate: Estate, **values: Any) -> None:
    """Make two that are alike in all but what is named for the second."""
    one = entry(estate, link_digest="a")
    alike = {"person": estate.amira, "ticket": "BBBB", "friend_code": "BBBB", "link_digest": "b"}
    entry(estate, allotment=one.allotment, **{**alike, **values})


def two_wishes(estate: Estate) -> None:
    one = entry(estate)
    for _each in range(2):
        Preference.objects.create(entry=one, rank=1, bank=estate.bank)


def two_trials(estate: Estate) -> None:
    one = allotment(estate)
    for _each in range(2):
        TrialRun.objects.create(allotment=one, method="turns", made_at=NINE, report={})


BREAKS: dict[str, Callable[[Estate], object]] = {
    "occupancy_one_allotment_per_name_and_year": two_allotments,
    "occupancy_allotment_window_ends_after_it_opens": lambda e: allotment(
        e, opens_at=TEN, closes_at=NINE
    ),
    "occupancy_allotment_commits_to_a_seed": lambda e: allotment(e, committed_at=NINE),
    "occupancy_allotment_is_frozen_before_its_seed_is_revealed": lambda e: allotment(e, **FROZEN),
    "occupancy_forgotten_allotment_has_no_input": lambda e: allotment(
        e, **COMMITTED, **FROZEN, forgotten_at=TEN
    ),
    "occupancy_allotment_is_frozen_before_it_is_applied": lambda e: allotment(
        e, **COMMITTED, applied_at=NINE
    ),
    "occupancy_allotment_holds_back_at_most_half": lambda e: allotment(e, held_back=51),
    "occupancy_one_line_per_year_of_an_allotment": two_years,
    "occupancy_one_ticket_per_pupil": lambda e: two_entries(e, person=e.ben),
    "occupancy_one_pupil_per_ticket": lambda e: two_entries(e, ticket="AAAA"),
    "occupancy_one_pupil_per_friend_code": lambda e: two_entries(e, friend_code="AAAA"),
    "occupancy_one_ticket_per_link": lambda e: two_entries(e, link_digest="a"),
    "occupancy_one_wish_per_rank": two_wishes,
    "occupancy_wish_is_for_one_thing": lambda e: Preference.objects.create(entry=entry(e), rank=1),
    "occupancy_a_ticket_gets_a_door_or_waits": lambda e: Allotted.objects.create(
        entry=entry(e), place=1
    ),
    "occupancy_one_trial_per_method": two_trials,
}
