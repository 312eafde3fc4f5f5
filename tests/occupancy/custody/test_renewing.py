"""Renewing: another term of the policy, while it is not overdue and nobody comes after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from access.errors.decisions import NotAllowed
from access.models import Grant, Person
from audit.services import idempotency
from audit.services.events import Actor
from occupancy.choices import ClosedHow, UseModel
from occupancy.errors.claims import AssignmentAlreadyReleased, NotTheHolder
from occupancy.errors.custody import (
    BookedByOthers,
    NothingToRenew,
    NotWhileOverdue,
    RenewedEnough,
)
from occupancy.models import Assignment, Claim, Policy
from occupancy.services.claims import assignments, renewals
from occupancy.services.custody import sharing
from tests.factories.cast import Estate
from tests.occupancy.custody.conftest import told

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def renew(claim: Assignment, who: Person, at: dt.datetime) -> Assignment:
    return renewals.renew(claim_id=claim.pk, person_id=who.pk, actor=Actor.person(who.pk), at=at)


def change(policy: Policy, **values: Any) -> None:
    for name, value in values.items():
        setattr(policy, name, value)
    policy.save()


def book(estate: Estate, door: int, starts_at: dt.datetime) -> None:
    Claim.objects.create(
        compartment=estate.doors[door - 1], kind="reservation", holder=estate.ben,
        policy=estate.policy, starts_at=starts_at, ends_at=starts_at + HOUR,
    )  # fmt: skip


def test_a_day_is_followed_by_the_next_one(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at)
    renewed = renew(mine, estate.amira, at + HOUR)
    midnight = dt.datetime(2026, 11, 18, tzinfo=dt.UTC)
    assert (mine.due_at, renewed.due_at) == (midnight, midnight + DAY)
    mine.refresh_from_db()
    assert (mine.ends_at, mine.renewals) == (midnight + DAY, 1)
    assert Grant.objects.get(claim_id=mine.pk).ends_at == midnight + DAY
    (event,) = told("assignment.renewed")
    assert event.data["claim"] == mine.pk
    assert event.data["until"].startswith("2026-11-19")


def test_a_month_follows_on_its_old_end_not_on_today(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, model=UseModel.FIXED, days=30, renewals=1)
    mine = claim(estate.amira, at)
    renewed = renew(mine, estate.amira, at + 20 * DAY)
    assert renewed.due_at is not None and mine.due_at is not None
    assert renewed.due_at == mine.due_at + 30 * DAY


def test_hours_count_anew_from_now(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    grace = dt.timedelta(minutes=10)
    change(estate.policy, model=UseModel.SHARED, lasts=2 * HOUR, grace=grace, renewals=1)
    mine = claim(estate.amira, at)
    renewed = renew(mine, estate.amira, at + HOUR)
    assert (renewed.due_at, renewed.ends_at) == (at + 3 * HOUR, at + 3 * HOUR + grace)


def test_a_shift_is_followed_by_the_next_shift(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(
        estate.policy, model=UseModel.SHIFT, shifts=[dt.time(6), dt.time(14), dt.time(22)],
        handover=dt.timedelta(minutes=15), renewals=1,
    )  # fmt: skip
    mine = claim(estate.amira, at)
    assert mine.due_at == dt.datetime(2026, 11, 17, 13, 45, tzinfo=dt.UTC)
    renewed = renew(mine, estate.amira, at + HOUR)
    assert renewed.due_at == dt.datetime(2026, 11, 17, 21, 45, tzinfo=dt.UTC)


def test_a_day_is_renewed_over_the_night_the_clocks_change(
    estate: Estate, claim: Callable[..., Assignment]
) -> None:
    change(estate.policy, renewals=1)
    saturday = dt.datetime(2026, 10, 24, 9, tzinfo=dt.UTC)
    mine = claim(estate.amira, saturday)
    assert mine.due_at == dt.datetime(2026, 10, 24, 23, tzinfo=dt.UTC)
    renewed = renew(mine, estate.amira, saturday)
    assert renewed.due_at == dt.datetime(2026, 10, 26, 0, tzinfo=dt.UTC)


def test_not_oftener_than_the_policy_allows(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    mine = claim(estate.amira, at)
    with pytest.raises(RenewedEnough):
        renew(mine, estate.amira, at)
    change(estate.policy, renewals=2)
    renew(mine, estate.amira, at)
    renew(mine, estate.amira, at)
    with pytest.raises(RenewedEnough) as refused:
        renew(mine, estate.amira, at)
    assert refused.value.facts == {"times": 2}
    idempotency.settle(refused.value)
    (event,) = told("request.refused")
    assert (event.data["code"], event.data["wanted"]) == ("renewed_enough", "renew")


def test_not_while_overdue_even_in_the_grace(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1, grace=HOUR)
    mine = claim(estate.amira, at)
    assert mine.due_at is not None
    with pytest.raises(NotWhileOverdue):
        renew(mine, estate.amira, mine.due_at)
    assert renew(mine, estate.amira, mine.due_at - dt.timedelta(seconds=1)).renewals == 1


def test_not_what_facilities_are_emptying(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at)
    Assignment.objects.filter(pk=mine.pk).update(recovery_at=at, at_end="hold")
    with pytest.raises(NotWhileOverdue):
        renew(mine, estate.amira, at)


def test_a_booking_that_follows_refuses_and_says_until_when(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at, 1)
    tomorrow_at_nine = at + DAY
    book(estate, 1, tomorrow_at_nine)
    with pytest.raises(BookedByOthers) as refused:
        renew(mine, estate.amira, at)
    assert refused.value.facts == {"until": tomorrow_at_nine.isoformat()}
    mine.refresh_from_db()
    assert mine.renewals == 0


def test_a_booking_of_another_door_or_a_later_day_does_not_matter(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at, 1)
    book(estate, 2, at + DAY)
    book(estate, 1, at + 2 * DAY)
    assert renew(mine, estate.amira, at).renewals == 1


def test_the_constraint_refuses_what_nobody_looked_for(
    estate: Estate,
    claim: Callable[..., Assignment],
    at: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at, 1)
    book(estate, 1, at + DAY)
    look = renewals._next_claim
    seen: list[object] = []

    def blind_at_first(*args: Any) -> Claim | None:
        seen.append(args)
        return None if len(seen) == 1 else look(*args)

    monkeypatch.setattr(renewals, "_next_claim", blind_at_first)
    with pytest.raises(BookedByOthers):
        renew(mine, estate.amira, at)


def test_only_the_holder_and_only_what_is_theirs_still(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at)
    with pytest.raises(NotTheHolder):
        renew(mine, estate.ben, at)
    with pytest.raises(NotTheHolder):
        renewals.renew(claim_id=0, person_id=estate.amira.pk, actor=Actor.job("t"), at=at)
    assignments.release(claim_id=mine.pk, how=ClosedHow.FINISHED, actor=Actor.job("t"), at=at)
    with pytest.raises(AssignmentAlreadyReleased):
        renew(mine, estate.amira, at)


def test_who_is_suspended_renews_nothing(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at)
    Person.objects.filter(pk=estate.amira.pk).update(status="suspended")
    with pytest.raises(NotAllowed):
        renew(mine, estate.amira, at)


def test_what_has_no_end_has_nothing_to_renew(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at)
    Assignment.objects.filter(pk=mine.pk).update(due_at=None, ends_at=None)
    with pytest.raises(NothingToRenew):
        renew(mine, estate.amira, at)


def test_a_share_keeps_its_own_time(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    change(estate.policy, renewals=1)
    mine = claim(estate.amira, at)
    sharing.share(
        claim_id=mine.pk, person_id=estate.amira.pk, with_id=estate.ben.pk, until=at + HOUR,
        actor=Actor.person(estate.amira.pk), at=at,
    )  # fmt: skip
    renew(mine, estate.amira, at)
    assert Grant.objects.get(claim_id=mine.pk, person=estate.ben).ends_at == at + HOUR
