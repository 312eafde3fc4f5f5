"""An allotment from the first wish to the last door."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Grant
from access.services import holds, leaving
from audit.models import Event
from occupancy.allotment.__main__ import differences
from occupancy.allotment.problem import NONE
from occupancy.choices import ClosedHow, KeepsDoor
from occupancy.errors.allotments import (
    AppliedAlready,
    CommittedAlready,
    DoorsChanged,
    FrozenAlready,
    NotCommitted,
    NotFrozen,
    NothingToAllot,
    SealMissing,
    StillOpen,
    WishesGone,
)
from occupancy.models import Allotment, Allotted, Assignment, Entry, Quota
from occupancy.services.allotting import applying, drawing, waiting
from tests.factories.cast import SETUP
from tests.factories.school import PupilFactory
from tests.occupancy.allotting.conftest import AUGUST, CLOSES, August

pytestmark = pytest.mark.django_db


def test_the_seed_is_published_as_its_hash_before_anybody_wishes(august: August) -> None:
    august.opened()
    allotment = Allotment.objects.get()
    assert allotment.seed == "" and len(allotment.commitment) == 64
    assert august.allotment.commitment not in allotment.sealed_seed
    assert Entry.objects.count() == 12
    opened = Event.objects.get(action="allotment.opened")
    assert opened.data["commitment"] == allotment.commitment


def test_nobody_can_try_a_second_seed(august: August) -> None:
    august.opened()
    with pytest.raises(CommittedAlready):
        august.opened()


def test_without_a_key_no_seed_is_made(august: August, settings: object) -> None:
    settings.COMBINATION_KEYS = []  # type: ignore[attr-defined]
    with pytest.raises(SealMissing):
        august.opened()
    assert Allotment.objects.get().commitment == "" and not Entry.objects.exists()


def test_the_input_is_frozen_when_the_window_is_over_and_then_the_seed_is_revealed(
    august: August,
) -> None:
    with pytest.raises(NotCommitted):
        august.frozen()
    august.opened()
    with pytest.raises(StillOpen):
        drawing.freeze(allotment=august.allotment, actor=SETUP, at=CLOSES - dt.timedelta(seconds=1))
    august.frozen()
    allotment = Allotment.objects.get()
    assert hashlib.sha256(bytes.fromhex(allotment.seed)).hexdigest() == allotment.commitment
    assert allotment.frozen_input is not None
    assert hashlib.sha256(bytes(allotment.frozen_input)).hexdigest() == allotment.digest
    with pytest.raises(FrozenAlready):
        august.frozen()


def test_everybody_gets_a_door_until_the_last_day_of_the_year(august: August) -> None:
    august.opened()
    august.frozen()
    applied = applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    assert (applied.given, applied.kept, applied.ended, applied.waiting) == (12, 0, 0, 0)
    given = Assignment.objects.filter(policy=august.allotment.policy)
    assert {one.holder_id for one in given} == {pupil.pk for pupil in august.school.pupils}
    # 21 July 2027 is the last day; British summer time is an hour ahead.
    assert {one.due_at for one in given} == {dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC)}
    assert Grant.objects.filter(claim_id__in=given.values("pk")).count() == 12
    assert Quota.objects.filter(claim__in=given).count() == 12
    assert Event.objects.filter(action="assignment.allotted").count() == 12
    with pytest.raises(AppliedAlready):
        applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)


def test_nothing_is_given_before_the_input_is_frozen(august: August) -> None:
    august.opened()
    with pytest.raises(NotFrozen):
        applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)


def test_a_wish_that_can_be_had_is_had(august: August) -> None:
    august.opened()
    first, second = august.school.pupils[:2]
    door = august.south.compartments.get(number="S3")
    august.wish(first, door)
    august.wish(second, august.south)
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    assert Allotted.objects.get(entry__person=first).compartment == door
    got = Allotted.objects.get(entry__person=second)
    assert got.compartment is not None and got.compartment.bank == august.south
    assert got.because["wish"] == 0


def test_who_gets_none_waits_in_the_order_of_the_draw(august: August) -> None:
    august.allotment.banks.set([august.south])
    august.opened()
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    waiting = Allotted.objects.filter(waiting__isnull=False).order_by("waiting")
    assert [one.waiting for one in waiting] == [1, 2, 3, 4, 5, 6]
    assert [one.place for one in waiting] == sorted(one.place for one in waiting)


def test_doors_held_back_for_late_arrivals_stay_free(august: August) -> None:
    Allotment.objects.update(held_back=15)
    august.allotment.refresh_from_db()
    august.opened()
    august.frozen()
    applied = applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    # 15 % of 14 doors are 2: twelve are given.
    assert applied.given == 12
    problem, _outcome = drawing.drawn(Allotment.objects.get())
    assert sum(pool.held_back for pool in problem.pools) == 2


class TestLastYearsDoors:
    """Somebody has a door from the year before."""

    @pytest.fixture
    def last_year(self, august: August) -> August:
        from occupancy.services.custody import giving

        for at, pupil in enumerate(august.school.pupils[:3]):
            door = august.north.compartments.get(number=f"N{at + 1}")
            giving.give(
                policy_id=august.allotment.policy_id, person_id=pupil.pk,
                compartment_id=door.pk, actor=SETUP, at=AUGUST,
            )  # fmt: skip
        return august

    def test_who_asks_to_keep_it_keeps_it_and_goes_on(self, last_year: August) -> None:
        last_year.opened()
        pupil = last_year.school.pupils[0]
        Entry.objects.filter(person=pupil).update(wants_to_keep=True)
        last_year.frozen()
        before = Assignment.objects.get(holder=pupil)
        applied = applying.apply(allotment=last_year.allotment, actor=SETUP, at=CLOSES)
        after = Assignment.objects.get(holder=pupil)
        assert after.pk == before.pk and after.due_at == dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC)
        assert applied.kept >= 1 and Grant.objects.get(claim_id=after.pk).ends_at == after.ends_at

    def test_a_year_that_keeps_its_doors_takes_no_part(self, last_year: August) -> None:
        last_year.allotment.years.filter(year_group__rank=7).update(keeps=KeepsDoor.ALWAYS)
        last_year.opened()
        last_year.frozen()
        problem, _outcome = drawing.drawn(Allotment.objects.get())
        assert len(problem.applicants) == 9
        applying.apply(allotment=last_year.allotment, actor=SETUP, at=CLOSES)
        for at, pupil in enumerate(last_year.school.pupils[:3]):
            assert Assignment.objects.get(holder=pupil).compartment.number == f"N{at + 1}"

    def test_a_door_given_meanwhile_stops_all_of_it(self, august: August) -> None:
        from occupancy.services.custody import giving

        august.opened()
        august.frozen()
        stranger = PupilFactory(
            organisation=august.school.organisation, home_site=august.school.site
        )
        _problem, outcome = drawing.drawn(Allotment.objects.get())
        drawn = next(one.door for one in outcome.given if one.door != NONE)
        giving.give(
            policy_id=august.allotment.policy_id, person_id=stranger.pk,
            compartment_id=drawn, actor=SETUP, at=CLOSES,
        )  # fmt: skip
        with pytest.raises(DoorsChanged):
            applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
        assert Assignment.objects.count() == 1


def test_the_door_of_who_left_after_the_draw_stays_free_for_who_waits(august: August) -> None:
    august.allotment.banks.set([august.south])
    august.opened()
    august.frozen()
    _problem, outcome = drawing.drawn(Allotment.objects.get())
    ticket, door = next((one.ticket, one.door) for one in outcome.given if one.door != NONE)
    gone = Entry.objects.get(ticket=ticket).person
    leaving.leave(person=gone, actor=SETUP, at=CLOSES)
    applied = applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    assert (applied.given, applied.waiting) == (5, 6)
    assert not Assignment.objects.filter(holder=gone).exists()
    turn = waiting.serve_next(allotment=Allotment.objects.get(), actor=SETUP, at=CLOSES)
    assert turn is not None and turn.door.pk == door


def test_who_is_on_hold_gets_no_door_before_that_is_settled(august: August) -> None:
    pupil = august.school.pupils[0]
    august.opened()
    holds.place(person=pupil, reason="Key of last year", actor=SETUP, at=AUGUST, ends_at=None)
    august.frozen()
    applied = applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    assert applied.given == 11 and not Assignment.objects.filter(holder=pupil).exists()
    assert Entry.objects.filter(person=pupil).exists()
    assert not Allotted.objects.filter(entry__person=pupil).exists()


def test_a_wish_for_a_bank_that_closed_stops_the_freezing_by_name(august: August) -> None:
    august.opened()
    pupil = august.school.pupils[0]
    august.wish(pupil, august.south)
    august.allotment.banks.set([august.north])
    with pytest.raises(WishesGone) as refused:
        august.frozen()
    assert f"{pupil}: South" in str(refused.value)


def test_without_pupils_or_doors_there_is_nothing_to_allot(august: August) -> None:
    august.opened()
    august.allotment.banks.set([])
    with pytest.raises(NothingToAllot):
        august.frozen()


def test_the_draw_is_checked_without_the_program_that_made_it(august: August) -> None:
    august.opened()
    august.frozen()
    allotment = Allotment.objects.get()
    assert allotment.frozen_input is not None
    _problem, outcome = drawing.drawn(allotment)
    told = {
        "seed": allotment.seed,
        "commitment": allotment.commitment,
        "digest": allotment.digest,
        "input": json.loads(bytes(allotment.frozen_input)),
        "given": {one.ticket: one.door for one in outcome.given},
        "waiting": list(outcome.waiting),
    }
    assert differences(told) == []
    first = outcome.given[0].ticket
    told["given"] = {**told["given"], first: NONE}
    assert [line.startswith(first) for line in differences(told)] == [True]
    assert len(differences({**told, "seed": "00" * 32})) > 1


def test_more_pupils_take_no_more_statements(august: August) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            Allotment.objects.update(
                committed_at=None, commitment="", sealed_seed="", frozen_at=None,
                frozen_input=None, digest="", seed="", applied_at=None,
            )  # fmt: skip
            august.allotment.refresh_from_db()
            august.opened()
            august.frozen()
            applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
        found = len(queries)
        Assignment.objects.filter(policy=august.allotment.policy).update(
            closed_at=CLOSES + dt.timedelta(hours=1), closed_how=ClosedHow.RELEASED_BY_STAFF
        )
        Entry.objects.all().delete()
        return found

    few = counted()
    form = august.school.form("7A")
    for _each in range(2):
        PupilFactory(registration_group=form)
    assert counted() == few
