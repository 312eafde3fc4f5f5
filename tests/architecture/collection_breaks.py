"""The constraints of collections, broken around the services (see test_constraints)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from lockers.models import AcademicSession
from maintenance.models import Collection, CollectionEntry, CollectionLine
from occupancy.models import Claim
from tests.architecture import policy_breaks
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ALL_BACK: dict[str, Any] = {"emptied": True, "key": "back", "condition": "good"}


def collection(estate: Estate, **values: Any) -> Collection:
    session, _new = AcademicSession.objects.get_or_create(
        site=estate.site, name="2026/27", starts_on=dt.date(2026, 9, 1),
        ends_on=dt.date(2027, 7, 21),
    )  # fmt: skip
    row: dict[str, Any] = {
        "site": estate.site, "session": session, "name": f"{uuid.uuid4()}",
        "starts_on": NINE.date(), "ends_on": NINE.date(), **values,
    }  # fmt: skip
    return Collection.objects.create(**row)


def line(estate: Estate, **values: Any) -> CollectionLine:
    policy_breaks.assignment(estate)
    claim = Claim.objects.latest("pk")
    row: dict[str, Any] = {
        "claim": claim, "person": estate.amira, "compartment": claim.compartment, **values,
    }  # fmt: skip
    row.setdefault("collection", collection(estate) if "collection" not in values else None)
    return CollectionLine.objects.create(**row)


def two_lines(estate: Estate) -> None:
    first = line(estate)
    CollectionLine.objects.create(
        collection=first.collection, claim=first.claim, person=first.person,
        compartment=first.compartment,
    )  # fmt: skip


def early_entry(estate: Estate) -> None:
    CollectionEntry.objects.create(
        entry_id=uuid.uuid4(), line=line(estate), about="key", answer="back", happened_at=NINE,
        received_at=NINE - DAY,
    )  # fmt: skip


BREAKS: dict[str, Callable[[Estate], object]] = {
    "maintenance_one_collection_per_name": lambda e: [
        collection(e, name="A") for _each in range(2)
    ],
    "maintenance_collection_ends_after_it_starts": lambda e: collection(
        e, ends_on=NINE.date() - DAY
    ),
    "maintenance_collection_reminds_before_it_ends": lambda e: collection(
        e, remind_from=NINE.date() + DAY
    ),
    # Without a beginning there is nothing to close.
    "maintenance_collection_is_closed_after_it_began": lambda e: collection(e, closed_at=NINE),
    "maintenance_one_line_per_use_collected": two_lines,
    "maintenance_line_is_done_when_all_is_said": lambda e: line(e, emptied=True, done_at=NINE),
    "maintenance_only_damage_is_charged": lambda e: line(
        e, condition="good", damage_minor=100, currency="GBP"
    ),
    "maintenance_collection_entry_came_after_it_happened": early_entry,
    # Nobody looked whether it is empty: unknown is no yes.
    "maintenance_cleared_is_who_gave_all_back": lambda e: line(
        e, key="back", condition="good", cleared_at=NINE
    ),
}
