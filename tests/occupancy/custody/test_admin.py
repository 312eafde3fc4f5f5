"""Giving, handing on and sharing at the staff's desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from access.models import Role, User
from audit.errors import Again
from occupancy.choices import UseModel
from occupancy.models import Assignment, Policy, Share
from occupancy.services.claims import renewals
from occupancy.services.custody import giving
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import Estate
from tests.occupancy.custody.conftest import STAFF, told

GIVE = "admin:occupancy_claim_give"
NUMBERS = ("1001", "1002", "1003")


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    """Stop the clock at the instant at which the estate was built."""
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def mine(estate: Estate, at: dt.datetime) -> Assignment:
    """Amira's door 1 until midnight."""
    return giving.give(
        policy_id=estate.policy.pk, person_id=estate.amira.pk,
        compartment_id=estate.doors[0].pk, actor=STAFF, at=at,
    )  # fmt: skip


def give(estate: Estate, step: str, user: User | None = None, **posted: Any) -> Any:
    body = {"bank": estate.bank.pk, "policy": estate.policy.pk, "step": step, **posted}
    return signed_in(user or estate.olga).post(reverse(GIVE), body)


def verb(user: User, name: str, claim: Assignment, **posted: Any) -> Any:
    address = reverse(f"admin:occupancy_claim_{name}", args=[claim.pk])
    return signed_in(user).post(address, posted)


# Only who began the transaction can begin it anew.
@pytest.mark.django_db(transaction=True)
def test_what_asks_to_be_done_again_is_done_again(
    estate: Estate, mine: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    Policy.objects.filter(pk=estate.policy.pk).update(renewals=1)
    renew, asked = renewals.renew, []

    def lost_a_race_once(**given: Any) -> Assignment:
        asked.append(given)
        if len(asked) == 1:
            raise Again
        return renew(**given)

    monkeypatch.setattr(renewals, "renew", lost_a_race_once)
    assert verb(estate.olga, "renew", mine).status_code == 302
    assert len(asked) == 2
    assert Assignment.objects.get(pk=mine.pk).renewals == 1


def test_a_list_is_tried_first_and_nothing_is_written(estate: Estate) -> None:
    page = give(estate, "try", people="\n".join(NUMBERS))
    text = page.content.decode()
    assert page.status_code == 200
    assert "What would come of it" in text
    assert "One line would fail" in text
    assert not Assignment.objects.exists()


def test_then_it_is_done_line_by_line_and_what_failed_stays_on_the_page(estate: Estate) -> None:
    page = give(estate, "give", people="1001\n1002 ; 3\n1003")
    assert "What became of it" in page.content.decode()
    held = Assignment.objects.order_by("compartment__number")
    assert [(one.holder, one.compartment.number) for one in held] == [
        (estate.amira, "1"), (estate.ben, "3"),
    ]  # fmt: skip
    (event, _other) = told("assignment.given")
    assert (event.actor_kind, event.actor_id) == ("staff", str(estate.olga.pk))


def test_a_role_gets_a_door(estate: Estate) -> None:
    duty = Role.objects.create(organisation=estate.organisation, name="Duty manager")
    kept = factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="Duty", model=UseModel.ROLE
    )
    answer = give(estate, "give", policy=kept.pk, role=duty.pk)
    assert answer.status_code == 302
    assert Assignment.objects.get().role == duty


@pytest.mark.parametrize("people", ["", "nobody", "1001; 99", "\n".join(["1001"] * 501)])
def test_what_cannot_be_read_is_said_before_anything_happens(estate: Estate, people: str) -> None:
    page = give(estate, "give", people=people)
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert not Assignment.objects.exists()


def test_only_banks_and_policies_that_are_ones_own(estate: Estate) -> None:
    page = give(estate, "give", user=estate.nina, people="1001")
    assert page.status_code in (200, 404)
    assert not Assignment.objects.exists()


def test_renewed_shared_moved_and_transferred_at_the_desk(estate: Estate, mine: Assignment) -> None:
    estate.policy.renewals = 1
    estate.policy.save()
    assert verb(estate.olga, "renew", mine).status_code == 302
    mine.refresh_from_db()
    assert mine.renewals == 1
    shared = verb(estate.olga, "share", mine, person="1002", until="2026-11-17T10:30",
                  is_one_opening="on", note="A parcel")  # fmt: skip
    assert shared.status_code == 302
    made = Share.objects.get()
    assert made.until == dt.datetime(2026, 11, 17, 10, 30, tzinfo=dt.UTC)
    assert made.is_one_opening
    why = {"reason": "New desks"}
    verb(estate.olga, "move", mine, bank=estate.bank.pk, number="2", **why)
    moved = Assignment.objects.get(closed_at__isnull=True)
    assert moved.compartment.number == "2"
    verb(estate.olga, "transfer", moved, person="1002", **why)
    theirs = Assignment.objects.get(closed_at__isnull=True)
    assert theirs.holder == estate.ben
    giving.give(
        policy_id=estate.policy.pk, person_id=estate.amira.pk,
        compartment_id=estate.doors[2].pk, actor=STAFF, at=theirs.starts_at,
    )  # fmt: skip
    verb(estate.olga, "swap", theirs, bank=estate.bank.pk, number="3", **why)
    now = Assignment.objects.filter(closed_at__isnull=True).order_by("compartment__number")
    assert [one.holder for one in now] == [estate.amira, estate.ben]


def test_a_refusal_is_said_on_the_page_and_recorded(estate: Estate, mine: Assignment) -> None:
    page = verb(estate.olga, "transfer", mine, person="1003", reason="x")
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert told("request.refused")[0].data["wanted"] == "transfer"
    unknown = verb(estate.olga, "transfer", mine, person="9999", reason="x")
    assert "Nobody here has that number" in unknown.content.decode()


@pytest.mark.parametrize("name", ["renew", "transfer", "move", "swap", "share"])
def test_to_staff_of_another_site_it_is_not_there(
    estate: Estate, mine: Assignment, name: str
) -> None:
    assert verb(estate.nina, name, mine, person="1002", reason="x").status_code == 404
    mine.refresh_from_db()
    assert mine.closed_at is None
