"""Which doors a bridge may give, as its list says it: told once, and not again for every use."""

from __future__ import annotations

import datetime as dt

import pytest

from access.access_list import entries
from access.access_list.entries import Granted, Offer
from lockers.models import Bank
from occupancy.choices import ClosedHow
from occupancy.models import Policy
from occupancy.services.claims import assignments
from occupancy.services.custody import giving
from tests.access_lists.making import made
from tests.factories.cast import SETUP, Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def office(estate: Estate) -> Estate:
    """An office whose bank works alone, cut off: what staff give there is beyond authority."""
    Bank.objects.update(works_alone=True)
    return estate


def written(estate: Estate, at: dt.datetime) -> dict[str, bytes]:
    return {entry.key: entries.written(entry) for entry in made(estate.bridge, at)}


def offers(estate: Estate, at: dt.datetime) -> list[Offer]:
    return [entry for entry in made(estate.bridge, at) if isinstance(entry, Offer)]


def test_people_are_offered_the_doors_of_their_policy(office: Estate, at: dt.datetime) -> None:
    found = offers(office, at)
    assert {offer.policy_id for offer in found} == {office.policy.pk}
    # Carla is suspended.
    assert {one for offer in found for one in offer.people} == {office.amira.pk, office.ben.pk}
    for offer in found:
        assert set(offer.doors) == {door.pk for door in office.doors}


def test_where_a_bank_does_not_work_alone_nothing_is_offered(
    office: Estate, at: dt.datetime
) -> None:
    Bank.objects.update(works_alone=False)
    assert offers(office, at) == []


def test_only_day_use_is_offered(office: Estate, at: dt.datetime) -> None:
    Policy.objects.update(model="permanent")
    assert offers(office, at) == []


def test_all_day_long_the_list_is_the_same_to_the_byte(office: Estate, at: dt.datetime) -> None:
    local = at.astimezone(office.site.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    first = written(office, midnight)
    assert any(key.startswith("place:offer:") for key in first)
    for minutes in (1, 7 * 60, 12 * 60 + 13, 24 * 60 - 1):
        assert written(office, midnight + dt.timedelta(minutes=minutes)) == first


def test_a_use_changes_nothing_but_its_own_grant(office: Estate, at: dt.datetime) -> None:
    before = written(office, at)
    Bank.objects.update(works_alone=False)  # as long as it takes to give a door
    claim = giving.give(
        policy_id=office.policy.pk, person_id=office.amira.pk, bank_id=office.bank.pk,
        actor=SETUP, at=at,
    )  # fmt: skip
    Bank.objects.update(works_alone=True)
    during = written(office, at)
    (grant,) = [one.key for one in made(office.bridge, at) if isinstance(one, Granted)]
    assert {key: text for key, text in during.items() if key != grant} == before
    assignments.release(
        claim_id=claim.pk, how=ClosedHow.FINISHED, actor=SETUP, at=at + HOUR,
        person_id=office.amira.pk,
    )  # fmt: skip
    assert written(office, at + HOUR) == before
