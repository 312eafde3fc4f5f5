"""What is filled in wrong in a schedule of rounds is said beside the field that is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from maintenance.models import Round, RoundPlan
from maintenance.services.rounds import planning
from tests.factories.cast import Estate
from tests.factories.upkeep import ChecklistFactory
from tests.maintenance.rounds import walked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def sent(estate: Estate, **wrong: Any) -> Any:
    """Send the form of a new schedule as Max fills it in, with something that may be wrong."""
    assign_perm("maintain_site", estate.max, estate.site)
    client = Client()
    client.force_login(estate.max)
    told = {
        "site": estate.site.pk, "name": "Weekly", "kind": "cleaning", "banks": [estate.bank.pk],
        "rule": "FREQ=WEEKLY;BYDAY=WE", "first_day": "2026-11-17", "last_day": "",
        "starts_at": "18:00", "on_closed_day": "skip", "minutes_per_door": 5, "days_ahead": 14,
        "closes_doors": "on", "is_active": "on", **wrong,
    }  # fmt: skip
    return client.post(reverse("admin:maintenance_roundplan_add"), told)


def mistakes(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200, answer.get("Location")
    assert not RoundPlan.objects.exists()
    found: dict[str, list[str]] = answer.context["adminform"].form.errors
    return dict(found)


def test_what_is_right_is_planned(estate: Estate) -> None:
    assert sent(estate).status_code == 302
    days = Round.objects.order_by("day").values_list("day", flat=True)
    assert list(days) == [dt.date(2026, 11, 18), dt.date(2026, 11, 25)]


def test_a_last_day_before_the_first(estate: Estate) -> None:
    found = mistakes(sent(estate, last_day="2026-11-16"))
    assert found == {"last_day": ["The last day is before the first one."]}


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ""),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31", ""),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-11-20"),
        ("FREQ=DAILY;UNTIL=20261101", ""),
    ],
)
def test_a_rule_that_never_comes(estate: Estate, rule: str, last: str) -> None:
    found = mistakes(sent(estate, rule=rule, last_day=last))
    assert found == {"rule": ["This gives no day: choose other days, or other dates."]}


@pytest.mark.parametrize("rule", ["every week", "FREQ=WEEKLY;BYDAY=", "FREQ=MONTHLY;BYDAY=6MO"])
def test_a_rule_that_is_not_understood(estate: Estate, rule: str) -> None:
    (said,) = mistakes(sent(estate, rule=rule))["rule"]
    assert said.startswith("This repetition is not understood.")


def test_a_week_without_a_day_is_that_of_the_first_day(estate: Estate) -> None:
    assert sent(estate, rule="FREQ=WEEKLY").status_code == 302
    assert {day.weekday() for day in Round.objects.values_list("day", flat=True)} == {1}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("first_day", "2026-02-30"), ("starts_at", "25:00"), ("minutes_per_door", "0"),
        ("days_ahead", "91"), ("rule", ""), ("banks", []),
    ],
)  # fmt: skip
def test_what_is_no_date_no_time_and_no_number(estate: Estate, field: str, text: Any) -> None:
    assert list(mistakes(sent(estate, **{field: text}))) == [field]


def test_no_site_but_a_checklist(estate: Estate) -> None:
    items = ChecklistFactory(organisation=estate.organisation)
    assert list(mistakes(sent(estate, site="", checklist=items.pk))) == ["site"]


@pytest.mark.parametrize(
    ("sunday", "begins"),
    [
        # 01:30 does not exist: when the gap is over. It comes twice: the first time.
        (dt.date(2027, 3, 28), dt.datetime(2027, 3, 28, 1, 0, tzinfo=dt.UTC)),
        (dt.date(2027, 10, 31), dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC)),
    ],
)
def test_a_round_in_the_hour_of_a_clock_change_is_held_once(
    estate: Estate, sunday: dt.date, begins: dt.datetime
) -> None:
    walked.plan(
        estate, rule="FREQ=DAILY", first_day=sunday, last_day=sunday, starts_at=dt.time(1, 30)
    )
    eve = dt.datetime.combine(sunday, dt.time(12), dt.UTC) - walked.DAY
    assert planning.plan_due(eve) == 1
    assert planning.plan_due(eve + walked.HOUR) == 0
    one = Round.objects.get()
    assert one.starts_at == begins
    assert one.due_at > one.starts_at
