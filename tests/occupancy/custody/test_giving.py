"""Staff give doors from afar: to people, roles and departments, one by one and many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from access.errors.decisions import NotAllowed
from access.models import Department, Grant, Notice, Person, Role
from audit.services import idempotency
from lockers.models import BridgePresence, Command
from occupancy.choices import ClosedHow, UseModel
from occupancy.errors.claims import CompartmentTaken, NoSuchCompartment, NotTheHolder
from occupancy.errors.custody import (
    EndMissing,
    EndsTooEarly,
    EndsTooLate,
    PersonNotHere,
    PolicyNotInUse,
    ReasonMissing,
    WrongHolder,
)
from occupancy.errors.policies import LimitReached, NotForYou
from occupancy.models import Assignment, Claim, CompartmentGroup, Policy, Quota
from occupancy.services.claims import assignments
from occupancy.services.custody import giving
from occupancy.services.custody.giving import Row
from tests import factories
from tests.factories.cast import Estate
from tests.occupancy.custody.conftest import STAFF, told

HOUR = dt.timedelta(hours=1)


def give(estate: Estate, policy: Policy, at: dt.datetime, **values: Any) -> Assignment:
    if not {"compartment_id", "bank_id"} & set(values):
        values["compartment_id"] = estate.doors[0].pk
    if not {"person_id", "role_id", "department_id"} & set(values):
        values["person_id"] = estate.amira.pk
    return giving.give(policy_id=policy.pk, actor=STAFF, at=at, **values)


def test_a_permanent_door_is_given_without_opening_it(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    estate.amira.email = "amira@example.org"
    estate.amira.save(update_fields=["email"])
    BridgePresence.objects.update(connection=None)
    own = policy("Named", UseModel.PERMANENT)
    got = give(estate, own, at)
    assert (got.holder, got.policy, got.due_at, got.started_at) == (estate.amira, own, None, at)
    assert Grant.objects.get(claim_id=got.pk).person == estate.amira
    assert not Command.objects.exists()
    (event,) = told("assignment.given")
    assert (event.person_id, event.data["claim"]) == (estate.amira.pk, got.pk)
    assert Notice.objects.get().facts["what"] == "given"


def test_the_policy_that_staff_choose_governs_however_close_others_are(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    factories.PolicyFactory(
        organisation=estate.organisation, bank=estate.bank, name="At the bank", limit_per_person=3
    )
    month = policy("Month", UseModel.FIXED, days=30)
    got = give(estate, month, at)
    assert got.policy == month
    assert got.due_at == dt.datetime(2026, 12, 17, tzinfo=dt.UTC)
    assert Quota.objects.filter(claim=got).count() == 3


def test_limits_hold_for_what_is_given_too(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    give(estate, estate.policy, at)
    with pytest.raises(LimitReached) as refused:
        give(estate, policy("Named", UseModel.PERMANENT), at, compartment_id=estate.doors[1].pk)
    idempotency.settle(refused.value)
    assert told("request.refused")[0].data["failed"][0]["policy"] == "Day use"


def test_an_exception_with_a_reason_goes_over_the_limits_of_others_not_over_its_own(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    give(estate, estate.policy, at)
    odd = policy("Odd cases", UseModel.EXCEPTION, days=3)
    second = {"compartment_id": estate.doors[1].pk}
    with pytest.raises(ReasonMissing):
        give(estate, odd, at, **second)
    got = give(estate, odd, at, reason="Two wheelchairs", **second)
    assert told("assignment.given")[-1].reason == "Two wheelchairs"
    assert [one.policy for one in got.quotas.all()] == [odd]
    with pytest.raises(LimitReached):
        give(estate, odd, at, reason="More", compartment_id=estate.doors[2].pk)


def test_doors_that_are_kept_for_others_stay_kept_except_for_an_exception(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    row = CompartmentGroup.objects.create(organisation=estate.organisation, name="Row 1")
    row.compartments.set([estate.doors[0]])
    factories.PolicyFactory(
        organisation=estate.organisation, group=row, name="Facilities", is_exclusive=True,
        person_kinds=["contractor"],
    )  # fmt: skip
    with pytest.raises(NotForYou):
        give(estate, estate.policy, at)
    best = give(estate, estate.policy, at, bank_id=estate.bank.pk)
    assert best.compartment == estate.doors[1]
    odd = policy("Odd cases", UseModel.EXCEPTION, days=3)
    assert give(estate, odd, at, reason="Asked for").compartment == estate.doors[0]


def test_only_whom_the_policy_is_for_and_who_may_use_lockers(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    students = policy("Students", UseModel.PERMANENT, person_kinds=["student"])
    with pytest.raises(NotForYou):
        give(estate, students, at)
    with pytest.raises(NotAllowed):
        give(estate, estate.policy, at, person_id=estate.carla.pk)
    with pytest.raises(PersonNotHere):
        give(estate, estate.policy, at, person_id=factories.PersonFactory().pk)
    assert give(estate, students, at, person_id=estate.ben.pk).holder == estate.ben


def test_only_under_a_policy_in_use_here(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    with pytest.raises(PolicyNotInUse):
        give(estate, policy("Old", UseModel.PERMANENT, is_active=False), at)
    with pytest.raises(PolicyNotInUse):
        give(estate, factories.PolicyFactory(), at)


def test_an_end_is_set_earlier_than_the_policys_or_later_by_exception(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    with pytest.raises(EndsTooEarly):
        give(estate, estate.policy, at, ends_at=at)
    with pytest.raises(EndsTooLate):
        give(estate, estate.policy, at, ends_at=at + dt.timedelta(days=2))
    assert give(estate, estate.policy, at, ends_at=at + HOUR).due_at == at + HOUR
    odd = policy("Odd cases", UseModel.EXCEPTION, days=3)
    month = at + dt.timedelta(days=30)
    got = give(
        estate, odd, at, ends_at=month, reason="Long leave", compartment_id=estate.doors[1].pk
    )
    assert got.due_at == month
    window = policy("Booked", UseModel.RESERVATION, books_ahead=dt.timedelta(days=7))
    with pytest.raises(EndMissing):
        give(estate, window, at, person_id=estate.ben.pk, compartment_id=estate.doors[2].pk)


def test_not_a_door_that_somebody_has_or_has_booked(estate: Estate, at: dt.datetime) -> None:
    give(estate, estate.policy, at)
    with pytest.raises(CompartmentTaken):
        give(estate, estate.policy, at, person_id=estate.ben.pk)
    Claim.objects.create(
        compartment=estate.doors[1], kind="reservation", holder=estate.amira,
        policy=estate.policy, starts_at=at + HOUR, ends_at=at + 2 * HOUR,
    )  # fmt: skip
    ben = {"person_id": estate.ben.pk, "compartment_id": estate.doors[1].pk}
    with pytest.raises(CompartmentTaken):
        give(estate, estate.policy, at, **ben)
    assert give(estate, estate.policy, at, ends_at=at + HOUR, **ben).holder == estate.ben
    with pytest.raises(NoSuchCompartment):
        give(estate, estate.policy, at, compartment_id=0)


def test_what_ended_without_being_tidied_up_is_no_obstacle(estate: Estate, at: dt.datetime) -> None:
    give(estate, estate.policy, at)
    tomorrow = at + dt.timedelta(days=1)
    assert give(estate, estate.policy, tomorrow).starts_at == tomorrow
    assert Assignment.objects.filter(closed_how=ClosedHow.EXPIRED).count() == 1


def test_whoever_has_the_role_now_opens_and_none_of_them_finishes(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    duty = Role.objects.create(organisation=estate.organisation, name="Duty manager")
    kept = policy("Duty", UseModel.ROLE)
    got = give(estate, kept, at, role_id=duty.pk)
    assert (got.holder, got.role) == (None, duty)
    assert not got.quotas.exists()

    def open_as(person: Person) -> object:
        return assignments.open_again(claim_id=got.pk, person_id=person.pk, actor=STAFF, at=at)

    with pytest.raises(NotAllowed):
        open_as(estate.amira)
    Person.objects.filter(pk=estate.amira.pk).update(role=duty)
    assert open_as(estate.amira)
    with pytest.raises(NotTheHolder):
        assignments.release(
            claim_id=got.pk, how=ClosedHow.FINISHED, actor=STAFF, at=at, person_id=estate.amira.pk
        )
    Person.objects.filter(pk=estate.amira.pk).update(role=None)
    with pytest.raises(NotAllowed):
        open_as(estate.amira)


def test_a_department_gets_a_door_under_its_policy_only(
    estate: Estate, policy: Callable[..., Policy], at: dt.datetime
) -> None:
    post = Department.objects.create(organisation=estate.organisation, name="Post room")
    other = Department.objects.create(organisation=estate.organisation, name="Sales")
    kept = policy("Post", UseModel.DEPARTMENT)
    kept.departments.set([post])
    with pytest.raises(NotForYou):
        give(estate, kept, at, department_id=other.pk)
    for wrong in ({"person_id": estate.amira.pk}, {"person_id": 1, "department_id": post.pk}):
        with pytest.raises(WrongHolder):
            give(estate, kept, at, **wrong)
    with pytest.raises(PersonNotHere):
        give(estate, kept, at, department_id=factories.DepartmentFactory().pk)
    assert give(estate, kept, at, department_id=post.pk).department == post


def test_many_are_given_each_for_itself_and_every_failure_is_named(
    estate: Estate, at: dt.datetime
) -> None:
    rows = [
        Row(estate.policy.pk, person_id=estate.amira.pk, bank_id=estate.bank.pk),
        Row(estate.policy.pk, person_id=estate.carla.pk, bank_id=estate.bank.pk),
        Row(estate.policy.pk, person_id=estate.ben.pk, compartment_id=estate.doors[0].pk),
        Row(estate.policy.pk, person_id=estate.ben.pk, compartment_id=estate.doors[2].pk),
    ]
    dry = giving.give_many(rows, actor=STAFF, at=at, dry_run=True)
    assert not Assignment.objects.exists()
    assert not told("request.refused")
    real = giving.give_many(rows, actor=STAFF, at=at, dry_run=False)
    for outcomes in (dry, real):
        assert [one.refusal.code if one.refusal else None for one in outcomes] == [
            None, "person_suspended", "compartment_taken", None,
        ]  # fmt: skip
        assert [one.assignment.compartment.number if one.assignment else None
                for one in outcomes] == ["1", None, None, "3"]  # fmt: skip
    assert Assignment.objects.count() == 2
    assert len(told("request.refused")) == 2
