"""What the step before saving says is what happens: the same change, looked at and then made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction

from audit.errors import Refusal
from occupancy.choices import AtEnd, UseModel
from occupancy.models import Assignment, CompartmentGroup, Policy
from occupancy.services.bookings import reservations
from occupancy.services.claims import claiming
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import giving
from occupancy.services.ending import expiry
from occupancy.services.policies import policies, previews, rulebooks
from occupancy.services.policies.previews import Effect
from tests import factories
from tests.factories.cast import SETUP, Estate

HOUR = dt.timedelta(hours=1)
# Six in the morning, by when whatever ends tonight is over.
MORNING_AFTER = dt.datetime(2026, 11, 18, 6, tzinfo=dt.UTC)
FIXED = {"model": UseModel.FIXED, "days": 30}


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def changed(policy: Policy, **values: Any) -> Effect:
    """Look at a change, and make it; return what was said before."""
    before = rulebooks.attached_from(policy)
    for name, value in values.items():
        setattr(policy, name, value)
    after = rulebooks.attached_from(policy) if policy.is_active else None
    effect = previews.effect_of(
        organisation_id=policy.organisation_id, before=before, after=after, at=_now()
    )
    policy.save(update_fields=list(values))
    return effect


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def used(estate: Estate, count: int = 3) -> list[Assignment]:
    """Let three people have a door each since an hour ago."""
    people = [estate.amira, estate.ben, factories.PersonFactory(organisation=estate.organisation)]
    return [
        giving.give(policy_id=estate.policy.pk, person_id=one.pk, compartment_id=door.pk,
                    actor=SETUP, at=_now() - HOUR)
        for one, door in zip(people[:count], estate.doors, strict=False)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (FIXED, {"model": UseModel.DAY_USE}),
        (FIXED, {"model": UseModel.DAY_USE, "at_end": AtEnd.HOLD}),
        (FIXED, {"model": UseModel.DAY_USE, "ends_at_time": dt.time(8)}),
        (FIXED, {"model": UseModel.SESSION, "lasts": 3 * HOUR}),
        (FIXED, {"model": UseModel.SHARED, "lasts": 48 * HOUR}),
        (FIXED, {"model": UseModel.SHIFT, "shifts": [dt.time(6), dt.time(14), dt.time(22)]}),
        (FIXED, {"model": UseModel.DAY_USE, "grace": 8 * HOUR}),
        (FIXED, {"model": UseModel.DAY_USE, "grace": 5 * HOUR}),
        (FIXED, {"days": 1}),
        (FIXED, {"model": UseModel.PERMANENT}),
        ({"at_end": AtEnd.HOLD}, {"at_end": AtEnd.RELEASE}),
        ({}, {"ends_at_time": dt.time(12)}),
    ],
)
def test_what_would_be_released_tonight_is_released_tonight(
    estate: Estate, was: dict[str, Any], becomes: dict[str, Any]
) -> None:
    Policy.objects.filter(pk=estate.policy.pk).update(**was)
    estate.policy.refresh_from_db()
    held = used(estate)
    # One of them somebody finishes; one staff already empty: neither is anybody's to release.
    Assignment.objects.filter(pk=held[1].pk).update(closed_at=_now(), closed_how="finished")

    def released() -> set[int]:
        """Run the night's job, see whom it released, and take it back."""
        with transaction.atomic():
            expiry.expire_due(at=MORNING_AFTER)
            found = Assignment.objects.filter(closed_how="expired").values_list("pk", flat=True)
            gone = set(found)
            transaction.set_rollback(True)
        return gone

    anyway = released()
    effect = changed(estate.policy, **becomes)
    policies.follow(policy_id=estate.policy.pk, actor=SETUP, at=_now())
    assert released() - anyway == set(effect.released)
    assert set(effect.holding) == {held[0].pk, held[2].pk}


def offered(estate: Estate, people: list[Any]) -> dict[int, set[int]]:
    """Return by person the doors they could take now, as the kiosk would ask."""
    found: dict[int, set[int]] = {}
    for one in people:
        try:
            plan = claiming.look(
                person_id=one.pk, bank_id=estate.bank.pk, wanted=Wanted(), at=_now()
            )
        except Refusal:
            continue
        found[one.pk] = {choice.door.id for choice in plan.choices}
    return found


@pytest.mark.parametrize(
    "becomes",
    [
        {"person_kinds": ["staff"]},
        {"person_kinds": ["student"], "is_exclusive": True},
        {"needs": ["low_door"]},
        {"is_active": False},
        {"model": UseModel.PERMANENT},
    ],
)
def test_who_could_no_longer_get_a_door_no_longer_gets_one(
    estate: Estate, becomes: dict[str, Any]
) -> None:
    group = CompartmentGroup.objects.create(organisation=estate.organisation, name="Two")
    group.compartments.set(estate.doors[:2])
    factories.PolicyFactory(organisation=estate.organisation, group=group, name="Closer",
                            person_kinds=["staff"], is_exclusive=True)  # fmt: skip
    people = [estate.amira, estate.ben]
    before = offered(estate, people)
    effect = changed(estate.policy, **becomes)
    after = offered(estate, people)
    lost = {who for who in before if before[who] - after[who]}
    assert set(effect.lose.people) == lost
    assert set(effect.lose.doors) == {
        door for who in before for door in before[who] - after[who]
    }  # fmt: skip
    assert bool(effect.closed_banks) == (not any(after.values()))


def test_who_would_newly_get_a_door_gets_it(estate: Estate) -> None:
    Policy.objects.filter(pk=estate.policy.pk).update(person_kinds=["student"])
    estate.policy.refresh_from_db()
    people = [estate.amira, estate.ben]
    before = offered(estate, people)
    effect = changed(estate.policy, person_kinds=[])
    after = offered(estate, people)
    assert set(effect.gain.people) == {who for who in after if after[who] - before[who]}
    assert set(effect.gain.people) == {estate.amira.pk}


# The database refuses a policy for bookings under which nobody may book.
@pytest.mark.parametrize(
    ("model", "books_ahead"),
    [
        (UseModel.PERMANENT, None),
        (UseModel.PERMANENT, dt.timedelta(days=7)),
        (UseModel.EXCEPTION, None),
        (UseModel.EXCEPTION, dt.timedelta(days=7)),
        (UseModel.RESERVATION, dt.timedelta(days=7)),
    ],
)
def test_what_can_be_booked_is_not_lost_whatever_its_model(
    estate: Estate, model: UseModel, books_ahead: dt.timedelta | None
) -> None:
    effect = changed(estate.policy, model=model, books_ahead=books_ahead, days=3)
    starts_at = _now() + HOUR
    try:
        with transaction.atomic():
            reservations.reserve(
                person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(),
                starts_at=starts_at, ends_at=starts_at + HOUR, actor=SETUP, at=_now(),
            )  # fmt: skip
        can_book = True
    except Refusal:
        can_book = False
    assert can_book is (books_ahead is not None)
    assert bool(effect.lose) is not can_book
    assert bool(effect.closed_banks) is not can_book


def test_a_role_books_nothing_so_its_doors_are_lost(estate: Estate) -> None:
    effect = changed(estate.policy, model=UseModel.ROLE, books_ahead=dt.timedelta(days=7))
    assert estate.amira.pk in effect.lose.people


def test_who_would_exceed_a_limit_keeps_what_they_have_and_gets_no_more(estate: Estate) -> None:
    Policy.objects.filter(pk=estate.policy.pk).update(limit_per_person=2)
    estate.policy.refresh_from_db()
    for door in estate.doors[:2]:
        giving.give(policy_id=estate.policy.pk, person_id=estate.amira.pk, compartment_id=door.pk,
                    actor=SETUP, at=_now() - HOUR)  # fmt: skip
    effect = changed(estate.policy, limit_per_person=1)
    assert effect.over_limit == (estate.amira.pk,)
    assert Assignment.objects.filter(holder=estate.amira, closed_at__isnull=True).count() == 2
    assert offered(estate, [estate.amira])[estate.amira.pk] == set()
