"""Transfer, swap and move: one step, with nobody in between, and everything goes along."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import transaction

from access.errors.decisions import NotAllowed
from access.models import Grant, Notice, Role
from audit.services import idempotency
from occupancy.choices import ClosedHow, UseModel
from occupancy.errors.claims import (
    AssignmentAlreadyReleased,
    CompartmentTaken,
    NoSuchCompartment,
    NotTheHolder,
    UndoOver,
)
from occupancy.errors.custody import (
    InRecovery,
    NotWhileOverdue,
    NotWithThemselves,
    PersonNotHere,
    ReasonMissing,
    SameDoors,
)
from occupancy.errors.policies import LimitReached, NotForYou, SizeNotAllowed
from occupancy.models import Assignment, Claim, Quota
from occupancy.services.claims import assignments
from occupancy.services.custody import giving, moving
from tests import factories
from tests.factories.cast import Estate
from tests.occupancy.custody.conftest import STAFF, told

HOUR = dt.timedelta(hours=1)
WHY = "Sits elsewhere now"


def transfer(claim: Assignment, to_id: int, at: dt.datetime, reason: str = WHY) -> Assignment:
    return moving.transfer(claim_id=claim.pk, to_person_id=to_id, actor=STAFF, at=at, reason=reason)


def move(claim: Assignment, door_id: int, at: dt.datetime) -> Assignment:
    return moving.move(claim_id=claim.pk, compartment_id=door_id, actor=STAFF, at=at, reason=WHY)


def swap(at: dt.datetime, *claims: Assignment) -> tuple[Assignment, Assignment]:
    return moving.swap(claim_ids=[c.pk for c in claims], actor=STAFF, at=at, reason=WHY)


def may_open(estate: Estate, door: int) -> set[int | None]:
    grants = Grant.objects.filter(compartment=estate.doors[door - 1], revoked_at__isnull=True)
    return set(grants.values_list("person_id", flat=True))


def test_a_transferred_door_is_the_others_with_its_end_and_its_renewals(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    old = claim(estate.amira, at, 1)
    Assignment.objects.filter(pk=old.pk).update(renewals=2)
    new = transfer(old, estate.ben.pk, at + HOUR)
    old.refresh_from_db()
    assert (old.closed_at, old.closed_how) == (at + HOUR, ClosedHow.HANDED_ON)
    assert (new.holder, new.follows_id, new.due_at) == (estate.ben, old.pk, old.due_at)
    assert (new.compartment_id, new.policy_id, new.renewals) == (
        old.compartment_id, old.policy_id, 2,
    )  # fmt: skip
    assert may_open(estate, 1) == {estate.ben.pk}
    open_numbers = Quota.objects.filter(is_open=True)
    assert [one.holder_id for one in open_numbers] == [estate.ben.pk]
    (event,) = told("assignment.transferred")
    assert (event.person_id, event.reason) == (estate.ben.pk, WHY)
    assert event.data["follows"] == old.pk
    assert event.data["before_holder"] == estate.amira.pk


def test_limits_hold_for_whom_it_is_transferred_to(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    mine = claim(estate.amira, at, 1)
    claim(estate.ben, at, 2)
    with pytest.raises(LimitReached) as refused:
        transfer(mine, estate.ben.pk, at)
    idempotency.settle(refused.value)
    mine.refresh_from_db()
    assert mine.closed_at is None
    assert may_open(estate, 1) == {estate.amira.pk}
    assert told("request.refused")[0].data["wanted"] == "transfer"


def test_only_to_whom_the_policy_is_for_and_who_may_use_lockers(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    estate.policy.person_kinds = ["staff"]
    estate.policy.save()
    mine = claim(estate.amira, at)
    with pytest.raises(NotForYou):
        transfer(mine, estate.ben.pk, at)
    with pytest.raises(NotAllowed):
        transfer(mine, estate.carla.pk, at)
    with pytest.raises(PersonNotHere):
        transfer(mine, factories.PersonFactory().pk, at)
    with pytest.raises(NotWithThemselves):
        transfer(mine, estate.amira.pk, at)


def test_what_is_over_overdue_or_in_recovery_is_not_handed_on(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    mine = claim(estate.amira, at)
    with pytest.raises(NotTheHolder):
        moving.transfer(claim_id=0, to_person_id=estate.ben.pk, actor=STAFF, at=at, reason=WHY)
    with pytest.raises(ReasonMissing):
        transfer(mine, estate.ben.pk, at, reason=" ")
    assert mine.due_at is not None
    with pytest.raises(NotWhileOverdue):
        transfer(mine, estate.ben.pk, mine.due_at)
    Assignment.objects.filter(pk=mine.pk).update(recovery_at=at, at_end="hold")
    with pytest.raises(InRecovery):
        transfer(mine, estate.ben.pk, at)
    Assignment.objects.filter(pk=mine.pk).update(closed_at=at, closed_how="finished")
    with pytest.raises(AssignmentAlreadyReleased):
        transfer(mine, estate.ben.pk, at)


def test_two_swap_their_doors_in_one_step_each_with_their_own_end(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    long = factories.PolicyFactory(
        organisation=estate.organisation, bank=estate.bank, name="Month", model=UseModel.FIXED,
        days=30, person_kinds=["student"],
    )  # fmt: skip
    one, other = claim(estate.amira, at, 1), claim(estate.ben, at, 2)
    assert other.policy == long
    first, second = swap(at + HOUR, one, other)
    assert (first.holder, first.compartment.number, first.due_at) == (estate.amira, "2", one.due_at)
    assert (second.holder, second.compartment.number) == (estate.ben, "1")
    assert (second.due_at, second.policy) == (other.due_at, long)
    assert (first.follows_id, second.follows_id) == (one.pk, other.pk)
    assert may_open(estate, 1) == {estate.ben.pk}
    assert may_open(estate, 2) == {estate.amira.pk}
    assert Claim.objects.filter(closed_at__isnull=True).count() == 2
    assert len(told("assignment.swapped")) == 2


def test_a_swap_that_one_of_them_may_not_have_changes_nothing(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    one, other = claim(estate.amira, at, 1), claim(estate.ben, at, 3)
    estate.policy.sizes.set([estate.large])
    with pytest.raises(SizeNotAllowed):
        swap(at, one, other)
    with pytest.raises(SameDoors):
        swap(at, one, one)
    for row in (one, other):
        row.refresh_from_db()
        assert row.closed_at is None
    assert may_open(estate, 1) == {estate.amira.pk}


def test_a_booking_in_the_way_of_the_longer_end_refuses_the_swap(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    one, other = claim(estate.amira, at, 1), claim(estate.ben, at, 2)
    later = dt.datetime(2026, 11, 18, 9, tzinfo=dt.UTC)
    Claim.objects.create(
        compartment=estate.doors[1], kind="reservation", holder=estate.ben, policy=estate.policy,
        starts_at=later, ends_at=later + HOUR,
    )  # fmt: skip
    Assignment.objects.filter(pk=one.pk).update(due_at=later + HOUR, ends_at=later + HOUR)
    with pytest.raises(CompartmentTaken):
        swap(at, one, other)


def test_somebody_is_moved_to_another_door(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    mine = claim(estate.amira, at, 1)
    new = move(mine, estate.doors[2].pk, at + HOUR)
    assert (new.holder, new.compartment.number, new.follows_id) == (estate.amira, "3", mine.pk)
    assert may_open(estate, 1) == set()
    assert may_open(estate, 3) == {estate.amira.pk}
    assert told("assignment.moved")[0].data["before_compartment"] == estate.doors[0].pk


def test_not_to_a_door_that_somebody_has_or_that_is_out_of_service(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    mine = claim(estate.amira, at, 1)
    claim(estate.ben, at, 2)
    with pytest.raises(CompartmentTaken):
        move(mine, estate.doors[1].pk, at)
    with pytest.raises(SameDoors):
        move(mine, estate.doors[0].pk, at)
    with pytest.raises(NoSuchCompartment):
        move(mine, 0, at)
    estate.doors[2].service_status = "out_of_service"
    estate.doors[2].save()
    with pytest.raises(NoSuchCompartment):
        move(mine, estate.doors[2].pk, at)


def test_the_door_of_a_role_can_be_moved_too(estate: Estate, at: dt.datetime) -> None:
    duty = Role.objects.create(organisation=estate.organisation, name="Duty manager")
    kept = factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="Duty", model=UseModel.ROLE
    )
    mine = giving.give(
        policy_id=kept.pk, role_id=duty.pk, compartment_id=estate.doors[0].pk, actor=STAFF, at=at
    )
    new = move(mine, estate.doors[1].pk, at + HOUR)
    assert (new.role, new.due_at) == (duty, None)


def test_undo_does_not_bring_back_what_was_handed_on(
    estate: Estate, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    mine = claim(estate.amira, at, 1)
    transfer(mine, estate.ben.pk, at)
    with pytest.raises(UndoOver), transaction.atomic():
        assignments.undo_release(claim_id=mine.pk, person_id=estate.amira.pk, actor=STAFF, at=at)


def test_both_are_told(estate: Estate, claim: Callable[..., Assignment], at: dt.datetime) -> None:
    for person in (estate.amira, estate.ben):
        person.email = f"{person.given_name.lower()}@example.org"
        person.save(update_fields=["email"])
    transfer(claim(estate.amira, at, 1), estate.ben.pk, at)
    told_of = {(notice.to, notice.facts["what"]) for notice in Notice.objects.all()}
    assert told_of == {
        ("amira@example.org", "transferred_away"),
        ("ben@example.org", "transferred_to"),
    }
