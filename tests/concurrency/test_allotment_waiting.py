"""Two offices press at the same time: one free door goes to one pupil."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from occupancy.choices import ClosedHow
from occupancy.models import Allotment, Assignment, Claim
from occupancy.services.allotting import applying, drawing, waiting
from tests.concurrency.racing import together
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate
from tests.occupancy.allotting.conftest import CLOSES, August, prepared

pytestmark = pytest.mark.django_db(transaction=True)
LATER = CLOSES + dt.timedelta(days=20)
ONE_CLAIM = "occupancy_one_claim_per_compartment_and_time"
ONE_STARTED = "occupancy_one_started_claim_per_compartment"


@pytest.fixture
def drawn(transactional_db: None) -> August:
    """Six doors were given to twelve pupils, and two of them came back."""
    august = prepared(Estate.build(at=MORNING))
    august.allotment.banks.set([august.south])
    august.opened()
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    _free("S1")
    return august


def _free(number: str) -> None:
    Assignment.objects.filter(compartment__number=number, closed_at=None).update(
        closed_at=LATER, closed_how=ClosedHow.RELEASED_BY_STAFF
    )


def serve(august: August) -> Any:
    return waiting.serve_next(allotment=august.allotment, actor=SETUP, at=LATER)


def _doors() -> list[str]:
    found = Claim.objects.filter(closed_at=None, starts_at=LATER).select_related("compartment")
    return sorted(one.compartment.number for one in found)


def test_one_free_door_goes_to_one_pupil(drawn: August) -> None:
    first = waiting.standing(allotment=drawn.allotment, at=LATER)[0].person
    results = together(*[lambda: serve(drawn)] * 4)
    given = [one for one in results if one is not None]
    assert [one.place.person for one in given] == [first], results
    assert _doors() == ["S1"]


def test_two_free_doors_go_to_the_first_two(drawn: August) -> None:
    _free("S2")
    waits = waiting.standing(allotment=drawn.allotment, at=LATER)
    results = together(*[lambda: serve(drawn)] * 3)
    given = {one.place.person for one in results if one is not None}
    assert given == {one.person for one in waits[:2]}, results
    assert _doors() == ["S1", "S2"]


@pytest.fixture
def unguarded() -> Iterator[None]:
    """Take the constraints away that judge uses, and put them back."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE occupancy_claim DROP CONSTRAINT {ONE_CLAIM}")
        cursor.execute(f"DROP INDEX {ONE_STARTED}")
    yield
    Claim.objects.all().delete()
    with connection.schema_editor() as editor:
        for name in (ONE_CLAIM, ONE_STARTED):
            found = next(one for one in Claim._meta.constraints if one.name == name)
            editor.add_constraint(Claim, found)


def test_the_negative_control_gives_one_door_twice_without_constraints_and_lock(
    drawn: August, unguarded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another office comes between look and gift: proves that these tests could fail."""
    look, is_first = waiting.plan, [True]

    def look_and_wait(**asked: Any) -> waiting.Plan:
        made = look(**asked)
        if is_first:
            is_first.clear()
            assert all(one is not None for one in together(lambda: serve(drawn)))
        return made

    monkeypatch.setattr(waiting, "plan", look_and_wait)
    monkeypatch.setattr(
        drawing, "locked", lambda one: Allotment.objects.select_related("site").get(pk=one.pk)
    )
    assert serve(drawn) is not None
    assert _doors() == ["S1", "S1"]
