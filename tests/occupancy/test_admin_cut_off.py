"""A bank that is cut off, in the administration: what is not confirmed, and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import User
from occupancy.models import Assignment, Claim, Policy
from tests import factories
from tests.admin_pages import signed_in, verb
from tests.cut_off import answer, cut_off, works_alone, write_down
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)
REFUSED = "Staff who may override can give a free door on the map."
LISTS = {"occupancy_claim": "assignment", "occupancy_reservation": "reservation"}


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def desk(estate: Estate) -> Estate:
    User.objects.update(is_staff=True)
    Policy.objects.update(renewals=3)
    works_alone(estate)
    answer(estate)
    return estate


def held(desk: Estate, at: dt.datetime, door: int = 1, kind: str = "assignment") -> Claim:
    answer(desk)
    return Claim.objects.create(
        compartment=desk.doors[door - 1], kind=kind, holder=factories.PersonFactory(
            organisation=desk.organisation
        ), policy=desk.policy, starts_at=at, started_at=at if kind == "assignment" else None,
        due_at=at + HOUR, ends_at=at + HOUR,
    )  # fmt: skip


def listed(user: User, name: str) -> list[int]:
    address = reverse(f"admin:{name}_changelist")
    shown = signed_in(user).get(address, {"confirmed": "no"})
    assert shown.status_code == 200
    return [row.pk for row in shown.context["cl"].result_list]


@pytest.mark.parametrize(("name", "kind"), LISTS.items())
def test_the_list_shows_what_the_lockers_do_not_have_yet(
    desk: Estate, at: dt.datetime, name: str, kind: str
) -> None:
    known = held(desk, at, 1, kind)
    write_down(desk)
    new = held(desk, at, 2, kind)
    assert listed(desk.olga, name) == [new.pk]
    assert listed(desk.nina, name) == []
    write_down(desk)
    assert listed(desk.olga, name) == []
    Claim.objects.filter(pk=known.pk).update(due_at=at, ends_at=at + HOUR / 2)
    assert listed(desk.olga, name) == [known.pk]


def test_what_is_closed_is_not_waited_for(desk: Estate, at: dt.datetime) -> None:
    claim = held(desk, at)
    Claim.objects.filter(pk=claim.pk).update(closed_at=at, closed_how="finished")
    assert listed(desk.olga, "occupancy_claim") == []


def test_it_asks_as_much_for_many(desk: Estate, at: dt.datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            listed(desk.olga, "occupancy_claim")
        return len(asked)

    held(desk, at)
    few = queries()
    held(desk, at, 2)
    held(desk, at, 3)
    assert queries() == few


def refused(page: Any) -> bool:
    return page.status_code == 200 and REFUSED in page.content.decode()


def test_staff_are_told_where_a_door_can_be_given_all_the_same(
    desk: Estate, at: dt.datetime
) -> None:
    mine = held(desk, at)
    held(desk, at, 2)
    cut_off(desk)
    where = {"bank": desk.bank.pk, "number": "3", "reason": "ill"}
    assert refused(verb(desk.olga, "renew", mine, post="1"))
    assert refused(verb(desk.olga, "transfer", mine, person="1002", reason="ill"))
    assert refused(verb(desk.olga, "move", mine, **where))
    assert refused(verb(desk.olga, "swap", mine, **{**where, "number": "2"}))
    assert Assignment.objects.filter(closed_at=None).count() == 2


def test_a_list_of_doors_to_give_names_it_at_every_line(desk: Estate) -> None:
    cut_off(desk)
    body = {"bank": desk.bank.pk, "policy": desk.policy.pk, "step": "try", "people": "1001;1\n"}
    answered = signed_in(desk.olga).post(reverse("admin:occupancy_claim_give"), body)
    [row] = answered.context["rows"]
    assert REFUSED in row["problem"]
