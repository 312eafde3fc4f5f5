"""The doors of a form open one after another, and dials turn before somebody else has them."""

from __future__ import annotations

import datetime as dt

import pytest

from access.errors.combinations import LocksChanged, NoCombination
from access.models import Lock
from access.services import combinations
from audit.actions import Action
from audit.models import Event
from lockers.models import Command
from maintenance.errors.collections import CollectionNotBegun, CollectionOver, NoDoorsToOpen
from maintenance.services.collections import closing, opening, rotating
from occupancy.models import DayEndDoor
from occupancy.services.custody import giving
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.school import PupilFactory
from tests.factories.school_collections import TermEnd, term_end

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def end(estate: Estate, at: dt.datetime) -> TermEnd:
    return term_end(estate, at)


def open_doors(end: TermEnd, form: str, at: dt.datetime) -> None:
    opening.open_doors(
        collection_id=end.collection.pk, form=end.school.form(form).pk, stagger_ms=2000,
        actor=SETUP, at=at,
    )  # fmt: skip


def test_the_electronic_doors_of_a_form_open_one_after_another(
    end: TermEnd, at: dt.datetime
) -> None:
    another = PupilFactory.create(registration_group=end.school.form("7A"))
    giving.give(
        policy_id=end.estate.policy.pk, compartment_id=end.estate.doors[2].pk,
        person_id=another.pk, actor=SETUP, at=at,
    )  # fmt: skip
    end.begin(at)
    Command.objects.all().delete()
    open_doors(end, "7A", at)
    asked = Command.objects.order_by("not_before").values_list("compartment__number", "not_before")
    # Door 2 is another form's; doors with keys and dials are opened by hand.
    assert list(asked) == [("1", at), ("3", at + 2 * SECOND)]
    assert DayEndDoor.objects.count() == 2
    assert Event.objects.get(action=Action.DAY_ENDED).reason == "Summer 2027: 7A"


def test_what_is_emptied_stays_shut(end: TermEnd, at: dt.datetime) -> None:
    end.say(1, "emptied", "yes", at)
    with pytest.raises(NoDoorsToOpen):
        open_doors(end, "7A", at)


def test_it_takes_a_collection_that_goes_on(estate: Estate, at: dt.datetime) -> None:
    end = term_end(estate, at, begun=False)
    with pytest.raises(CollectionNotBegun):
        open_doors(end, "7A", at)
    end.begin(at)
    closing.close(collection_id=end.collection.pk, actor=SETUP, at=at)
    with pytest.raises(CollectionOver):
        open_doors(end, "7A", at)


def rotate(end: TermEnd, at: dt.datetime, expected: str | None = None) -> list[combinations.Line]:
    steps = rotating.plan(end.collection.pk, at)
    return rotating.rotate(
        collection_id=end.collection.pk, expected=expected or combinations.fingerprint(steps),
        reason="Term end", actor=SETUP, at=at,
    )  # fmt: skip


def test_a_collected_dial_goes_on_to_its_next_combination_once(
    end: TermEnd, at: dt.datetime
) -> None:
    assert rotating.plan(end.collection.pk, at) == []  # nobody gave one back yet
    end.all_back(3, at)
    assert [(line.position, line.combination) for line in rotate(end, at)] == [(2, "65-43-21")]
    assert Lock.objects.get(compartment__number="C1").position == 2
    assert end.line(3).rotated_at == at
    with pytest.raises(NoCombination):
        rotate(end, at)


def test_the_dial_of_who_has_it_by_now_stays(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(3, at)
    seen = combinations.fingerprint(rotating.plan(end.collection.pk, at))
    giving.give(
        policy_id=end.estate.policy.pk, compartment_id=end.claims[2].compartment_id,
        person_id=end.estate.ben.pk, actor=SETUP, at=at,
    )  # fmt: skip
    with pytest.raises(LocksChanged):
        rotate(end, at, seen)
    assert rotating.plan(end.collection.pk, at) == []


def test_a_lock_with_one_combination_stays_and_is_told(end: TermEnd, at: dt.datetime) -> None:
    lock = factories.LockFactory.create(compartment=end.estate.doors[0])
    combinations.store(lock=lock, combinations={4: "11-22-33"}, actor=SETUP, at=at)
    end.all_back(1, at)
    step = rotating.plan(end.collection.pk, at)[0]
    assert (step.before, step.after) == (4, 4)
    end.all_back(3, at)
    assert len(rotate(end, at)) == 1
    assert end.line(1).rotated_at is None
