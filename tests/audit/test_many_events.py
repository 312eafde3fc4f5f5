"""Many events at once are the same rows as one after the other."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from audit.actions import Action
from audit.models import Event
from audit.services import events
from audit.services.events import Actor, Line

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 17, 9, 30, 15, 123456, tzinfo=dt.timezone(dt.timedelta(hours=1)))
FULL: dict[str, Any] = {
    "action": Action.CLAIMED, "actor": Actor.job("a job with a name of more than forty characters"),
    "at": AT, "organisation_id": 1, "site_id": 2, "bank_id": 3, "compartment_id": 4,
    "person_id": 5, "subject": "x" * 90, "reason": 'She said: "öffne\\it" %s \N{DOOR}',
    "data": {"claim": 7, "until": AT, "kinds": ["a", None], "is_visit": False, "day": AT.date()},
}  # fmt: skip
BARE: dict[str, Any] = {"action": Action.CLAIMED, "actor": Actor.anonymous(), "at": AT}


def rows() -> list[tuple[Any, ...]]:
    fields = [field.attname for field in Event._meta.fields]
    told = [name for name in fields if name not in ("id", "recorded_at")]
    return list(Event.objects.order_by("pk").values_list(*told))


@pytest.mark.parametrize("values", [FULL, BARE])
def test_an_event_is_the_same_row_alone_and_among_many(values: dict[str, Any]) -> None:
    events.record(**values)
    events.record_many([Line(**values), Line(**values)])
    alone, *many = rows()
    assert many == [alone, alone]
    assert alone[0] == AT


def test_many_are_one_statement_and_keep_their_order(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        events.record_many(Line(**{**BARE, "subject": f"{n:04}"}) for n in range(3000))
    told = list(Event.objects.order_by("pk").values_list("subject", flat=True))
    assert told == sorted(told)
    assert len(told) == 3000


def test_none_at_all_are_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        events.record_many([])
