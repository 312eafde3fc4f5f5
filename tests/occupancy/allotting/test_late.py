"""Late arrivals, and the doors that were held back for them."""

from __future__ import annotations

import datetime as dt

import pytest

from access.models import Person
from audit.models import Event
from occupancy.models import Allotment, Assignment, Entry
from occupancy.services.allotting import applying, waiting
from tests.factories.cast import SETUP
from tests.factories.school import PupilFactory
from tests.occupancy.allotting.conftest import CLOSES, August
from tests.occupancy.allotting.test_waiting import LATER, free, order

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(august: August) -> August:
    """Of six doors two are held back; four were given, so eight pupils wait."""
    Allotment.objects.update(held_back=34)
    august.allotment.refresh_from_db()
    august.allotment.banks.set([august.south])
    august.opened()
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    return august


def newcomer(august: August, form: str = "7A", **more: object) -> Person:
    found: Person = PupilFactory(
        registration_group=august.school.form(form), starts_on=dt.date(2026, 9, 14), **more
    )
    return found


def plan(august: August, *, releases_reserve: bool = False) -> waiting.Plan:
    return waiting.plan(allotment=august.allotment, at=LATER, releases_reserve=releases_reserve)


def who(made: waiting.Plan) -> list[Person]:
    return [turn.place.person for turn in made.lines]


def serve(august: August, *, releases_reserve: bool = False) -> list[waiting.Turn]:
    return waiting.serve(
        allotment=august.allotment, actor=SETUP, at=LATER, releases_reserve=releases_reserve
    )


def test_who_waits_gets_nothing_of_the_reserve(held: August) -> None:
    made = plan(held)
    assert (made.free, made.held_back, made.lines) == (2, 2, [])
    assert len(made.waits) == 8


def test_a_late_arrival_gets_a_door_of_the_reserve_though_others_wait(held: August) -> None:
    pupil = newcomer(held)
    (turn,) = serve(held)
    assert turn.place.person == pupil and turn.place.came is waiting.Came.LATE and turn.is_reserve
    use = Assignment.objects.get(holder=pupil)
    assert use.due_at == dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC)
    event = Event.objects.get(action="assignment.allotted", person_id=pupil.pk)
    assert event.reason == "Came after the draw. This door was held back for late arrivals."
    # They took no part in the draw: no ticket is made up for them.
    assert not Entry.objects.filter(person=pupil).exists()
    assert plan(held).held_back == 1


def test_a_released_reserve_goes_to_who_waits_first(held: August) -> None:
    newcomer(held)
    first, second = order(held)[:2]
    assert who(plan(held, releases_reserve=True)) == [first, second]
    serve(held, releases_reserve=True)
    assert Assignment.objects.filter(holder__in=[first, second]).count() == 2
    assert plan(held).lines == []


def test_a_door_that_comes_free_beyond_the_reserve_goes_to_who_waits(held: August) -> None:
    pupil = newcomer(held)
    first = order(held)[0]
    given = Assignment.objects.filter(closed_at=None).select_related("compartment").first()
    assert given is not None
    free(given.compartment.number)
    made = plan(held)
    assert who(made) == [first, pupil]
    assert [turn.is_reserve for turn in made.lines] == [False, True]


def test_the_door_of_a_late_arrival_who_leaves_is_held_back_again(held: August) -> None:
    pupil = newcomer(held)
    serve(held)
    free(Assignment.objects.get(holder=pupil).compartment.number)
    Person.objects.filter(pk=pupil.pk).update(starts_on=None, leaves_on=dt.date(2026, 9, 10))
    made = plan(held)
    assert made.held_back == 2 and made.lines == []


def test_no_more_late_arrivals_are_served_than_there_are_doors(held: August) -> None:
    came = [newcomer(held) for _each in range(3)]
    assert {turn.place.person for turn in serve(held)} < set(came)
    assert len(plan(held).waits) == 9 and plan(held).lines == []


def test_a_late_arrival_with_access_needs_comes_before_the_others_who_are_late(
    held: August,
) -> None:
    newcomer(held)
    needs = newcomer(held, needs_low_door=True)
    held.south.compartments.update(is_accessible=True)
    late = [one.person for one in plan(held).waits if one.came is waiting.Came.LATE]
    assert late[0] == needs


def test_who_comes_next_term_does_not_block_a_door_now(held: August) -> None:
    pupil = newcomer(held)
    Person.objects.filter(pk=pupil.pk).update(starts_on=dt.date(2027, 1, 4))
    assert pupil not in [one.person for one in plan(held).waits]


def test_a_newcomer_of_a_year_that_takes_no_part_gets_none(held: August) -> None:
    held.allotment.years.filter(year_group__rank=7).delete()
    pupil = newcomer(held, "7A")
    assert pupil not in [one.person for one in plan(held).waits]


def test_without_a_reserve_late_arrivals_come_behind_who_waits(august: August) -> None:
    august.allotment.banks.set([august.south])
    august.opened()
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    pupil = newcomer(august)
    free("S1")
    assert who(plan(august)) == [order(august)[0]]
    assert plan(august).waits[-1].person == pupil


def test_where_nobody_waits_a_late_arrival_gets_any_free_door(august: August) -> None:
    august.opened()
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    pupil = newcomer(august)
    (turn,) = serve(august)
    assert turn.place.person == pupil and not turn.is_reserve
    assert turn.why == "Came after the draw, and nobody who waits can have this door."
