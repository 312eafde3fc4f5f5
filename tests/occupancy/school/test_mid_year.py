"""Who comes and goes in the middle of a year, and who changes places."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db.models import Q

from access import selectors
from access.models import KeyHolding, Person
from access.services import leaving
from audit.actions import Action
from audit.models import Event
from occupancy.errors.claims import CompartmentTaken
from occupancy.models import Assignment, Recovery
from occupancy.selectors import forms
from occupancy.selectors.forms import KeyIs
from occupancy.services.custody import moving
from occupancy.services.ending import leavers, recovery
from tests.factories.cast import SETUP, Estate
from tests.factories.school import PupilFactory
from tests.factories.school_year import SchoolYear

DAY = dt.timedelta(days=1)


def listed(year: SchoolYear, at: dt.datetime, form: str = "7A") -> dict[str, list[str]]:
    found = forms.pupils(Q(registration_group=year.school.form(form)), at)
    return {one.name: [has.compartment.number for has in one.doors] for one in found}


def test_an_arrival_has_a_door_and_a_key_the_same_morning(
    year: SchoolYear, at: dt.datetime
) -> None:
    new = PupilFactory.create(
        registration_group=year.school.form("7A"), given_name="Noor", family_name="New"
    )
    year.give(new, year.keyed_doors[0], at)
    year.hand_out(new, year.keyed_doors[0], at)
    assert listed(year, at)["Noor New"] == ["K1"]
    has = next(
        one for one in forms.pupils(Q(pk=new.pk), at)[0].doors
    )  # fmt: skip
    assert has.key is KeyIs.OUT


def test_a_leaver_is_let_go_after_the_last_day_and_the_door_is_emptied_first(
    year: SchoolYear, at: dt.datetime
) -> None:
    leaver, other, _third = year.school.of("7A")
    claim = year.give(leaver, year.keyed_doors[0], at)
    year.hand_out(leaver, year.keyed_doors[0], at)
    Person.objects.filter(pk=leaver.pk).update(leaves_on=at.date())
    over = at + DAY
    with time_machine.travel(over, tick=False):
        assert leaving.leave_due(at=over) == 1
        assert leavers.recover_all(at=over) == 1
        with pytest.raises(CompartmentTaken):
            year.give(other, year.keyed_doors[0], over)
        assert leaver.given_name not in str(listed(year, over))
        # The key is still out: the office finds it among what leavers have.
        gone = selectors.leavers(Q(pk=leaver.pk), over)
        assert [one.person for one in gone] == [leaver]
        assert not gone[0].has.is_empty
        assert KeyHolding.objects.get(person=leaver).returned_at is None
        case = Recovery.objects.get(claim=claim)
        recovery.opened_by_key(
            recovery_id=case.pk, user_id=year.tutor.pk, at=over, reason="the spare key"
        )
        recovery.empty(recovery_id=case.pk, found=False, actor=SETUP, at=over)
        recovery.close(recovery_id=case.pk, actor=SETUP, at=over)
        assert year.give(other, year.keyed_doors[0], over).holder == other


def test_two_pupils_swap_and_each_needs_the_other_key(
    year: SchoolYear, estate: Estate, at: dt.datetime
) -> None:
    one, two, _third = year.school.of("7A")
    first = year.give(one, year.keyed_doors[0], at)
    second = year.give(two, year.keyed_doors[1], at)
    year.hand_out(one, year.keyed_doors[0], at)
    year.hand_out(two, year.keyed_doors[1], at)
    moving.swap(claim_ids=[first.pk, second.pk], actor=SETUP, at=at, reason="both asked")
    assert listed(year, at)["Pupil1 Of7A"] == ["K2"]
    assert listed(year, at)["Pupil2 Of7A"] == ["K1"]
    found = forms.pupils(Q(pk__in=[one.pk, two.pk]), at)
    assert [pupil.doors[0].key for pupil in found] == [KeyIs.HERE, KeyIs.HERE]
    assert Event.objects.filter(action=Action.SWAPPED).exists()


def test_a_pupil_moves_to_a_free_door_and_leaves_the_old_one_free(
    year: SchoolYear, at: dt.datetime
) -> None:
    one, two, _third = year.school.of("7A")
    claim = year.give(one, year.keyed_doors[0], at)
    moving.move(
        claim_id=claim.pk, compartment_id=year.dial_doors[0].pk, actor=SETUP, at=at,
        reason="a broken arm",
    )  # fmt: skip
    assert listed(year, at)["Pupil1 Of7A"] == ["C1"]
    year.give(two, year.keyed_doors[0], at)
    assert Assignment.objects.filter(closed_at=None).count() == 2


def test_a_transfer_gives_the_same_door_to_another_pupil(year: SchoolYear, at: dt.datetime) -> None:
    one, two, _third = year.school.of("7A")
    claim = year.give(one, year.keyed_doors[0], at)
    moving.transfer(
        claim_id=claim.pk, to_person_id=two.pk, actor=SETUP, at=at, reason="a friend moves away"
    )
    assert listed(year, at) == {"Pupil1 Of7A": [], "Pupil2 Of7A": ["K1"], "Pupil3 Of7A": []}
