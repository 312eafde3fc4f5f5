"""Rules of the office become what a pupil may have."""

from __future__ import annotations

from typing import Any

import pytest

from access.models import Person
from lockers.models import Area, Bank
from occupancy.models import Allotment, AllotmentRule
from occupancy.services.allotting import drawing, problems
from tests.occupancy.allotting.conftest import CLOSES, August

pytestmark = pytest.mark.django_db


def rule(august: August, *, is_exclusive: bool = False, **named: list[Any]) -> AllotmentRule:
    made = AllotmentRule.objects.create(allotment=august.allotment, is_exclusive=is_exclusive)
    for name, rows in named.items():
        getattr(made, name).set(rows)
    return made


def banks_for(august: August, pupil: Person) -> set[str]:
    """Return in which banks the problem lets a pupil have a door."""
    made = problems.make(august.allotment, CLOSES)
    ticket = august.entry(pupil).ticket
    one = next(one for one in made.problem.applicants if one.ticket == ticket)
    names = dict(Bank.objects.values_list("pk", "name"))
    pools = made.problem.profiles[one.profile].pools
    return {names[made.problem.pools[pool].bank] for pool in pools}


@pytest.fixture(autouse=True)
def _opened(august: August) -> None:
    august.opened()


def test_without_a_rule_everybody_may_have_everything(august: August) -> None:
    assert banks_for(august, august.school.pupils[0]) == {"North", "South"}


def test_a_rule_for_a_year_leaves_the_other_year_free(august: August) -> None:
    rule(august, year_groups=[august.school.years[0]], banks=[august.north])
    assert banks_for(august, august.school.of("7A")[0]) == {"North"}
    assert banks_for(august, august.school.of("8A")[0]) == {"North", "South"}


def test_a_rule_that_keeps_its_doors_shuts_out_the_others(august: August) -> None:
    rule(august, year_groups=[august.school.years[0]], banks=[august.north], is_exclusive=True)
    assert banks_for(august, august.school.of("7A")[0]) == {"North"}
    assert banks_for(august, august.school.of("8A")[0]) == {"South"}


def test_two_rules_for_one_pupil_add_up(august: August) -> None:
    rule(august, year_groups=[august.school.years[0]], banks=[august.north])
    rule(august, registration_groups=[august.school.form("7B")], banks=[august.south])
    assert banks_for(august, august.school.of("7B")[0]) == {"North", "South"}
    assert banks_for(august, august.school.of("7A")[0]) == {"North"}


def test_a_house_and_a_year_in_one_rule_mean_both(august: August) -> None:
    house = august.school.houses[0]
    rule(
        august, year_groups=[august.school.years[0]], houses=[house], banks=[august.south],
    )  # fmt: skip
    of_it, other = (
        next(p for p in august.school.of("7A") if (p.house == house) is wanted)
        for wanted in (True, False)
    )
    assert banks_for(august, of_it) == {"South"}
    assert banks_for(august, other) == {"North", "South"}


def test_access_needs_are_a_hard_rule_and_come_first(august: August) -> None:
    pupil = august.school.pupils[-1]
    Person.objects.filter(pk=pupil.pk).update(needs_low_door=True)
    august.south.compartments.filter(number="S6").update(is_accessible=True)
    made = problems.make(august.allotment, CLOSES)
    one = next(one for one in made.problem.applicants if one.ticket == august.entry(pupil).ticket)
    assert one.comes_first
    (pool,) = made.problem.profiles[one.profile].pools
    low = august.south.compartments.get(number="S6")
    assert made.problem.pools[pool].doors == (low.pk,)
    august.frozen()
    _problem, outcome = drawing.drawn(Allotment.objects.get())
    given = {got.ticket: got.door for got in outcome.given}
    assert given[one.ticket] == low.pk


def test_who_needs_what_no_door_has_is_told_so(august: August) -> None:
    pupil = august.school.pupils[0]
    Person.objects.filter(pk=pupil.pk).update(needs_charging=True)
    assert banks_for(august, pupil) == set()


def test_a_bank_near_the_form_room_is_a_shorter_walk(august: August) -> None:
    site = august.school.site
    house = Area.objects.create(site=site, name="House", kind="building")
    near = Area.objects.create(site=site, name="Ground", kind="floor", parent=house)
    far = Area.objects.create(site=site, name="Annexe", kind="building")
    room = august.school.form("7A").room
    assert room is not None
    Area.objects.filter(pk=room.pk).update(parent=near, kind="room")
    Bank.objects.filter(pk=august.north.pk).update(area=near)
    Bank.objects.filter(pk=august.south.pk).update(area=far)
    made = problems.make(august.allotment, CLOSES)
    ticket = august.entry(august.school.of("7A")[0]).ticket
    one = next(one for one in made.problem.applicants if one.ticket == ticket)
    profile = made.problem.profiles[one.profile]
    walk = {made.problem.pools[pool].bank: metres
            for pool, metres in zip(profile.pools, profile.walks, strict=True)}  # fmt: skip
    # Out of the room, ten metres; or out of room, floor and building and into another.
    assert walk == {august.north.pk: 10, august.south.pk: 10 + 40 + 120 + 120}


def test_a_door_out_of_service_or_of_somebody_else_is_not_given(august: August) -> None:
    august.north.compartments.filter(number="N1").update(service_status="fault")
    made = problems.make(august.allotment, CLOSES)
    assert len(made.problem.pool_of) == 13
