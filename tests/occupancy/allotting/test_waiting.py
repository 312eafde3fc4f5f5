"""Who waits after a draw, in order; and doors that come free given to them."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import Grant, Notice, Person
from access.services import holds
from audit.models import Event
from lockers.models import Compartment
from occupancy.choices import ClosedHow
from occupancy.errors.allotments import NotApplied, ServingChanged, YearIsOver
from occupancy.models import Allotment, AllotmentRule, Allotted, Assignment
from occupancy.services.allotting import applying, links, waiting, words
from occupancy.services.claims import assignments
from occupancy.services.custody import giving
from tests.factories.cast import SETUP
from tests.factories.school import PupilFactory
from tests.occupancy.allotting.conftest import AUGUST, CLOSES, August

pytestmark = pytest.mark.django_db
LATER = CLOSES + dt.timedelta(days=20)


@pytest.fixture
def drawn(august: August) -> August:
    """Six doors were given to twelve pupils: six wait."""
    august.allotment.banks.set([august.south])
    august.opened()
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    return august


def order(august: August) -> list[Person]:
    rows = Allotted.objects.filter(waiting__isnull=False).order_by("waiting")
    return [one.entry.person for one in rows.select_related("entry__person")]


def free(number: str) -> Compartment:
    """Let whoever has a door give it back."""
    claim = Assignment.objects.get(compartment__number=number, closed_at=None)
    assignments.release(claim_id=claim.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=LATER)
    return claim.compartment


def serve_next(august: August) -> waiting.Turn | None:
    return waiting.serve_next(allotment=august.allotment, actor=SETUP, at=LATER)


def names(august: August) -> list[tuple[int, Person]]:
    found = waiting.standing(allotment=august.allotment, at=LATER)
    return [(one.position, one.person) for one in found]


def test_who_waits_stands_in_the_order_of_the_draw(drawn: August) -> None:
    assert names(drawn) == list(enumerate(order(drawn), 1))


def test_nobody_is_given_a_door_while_none_is_free(drawn: August) -> None:
    assert serve_next(drawn) is None
    assert Assignment.objects.count() == 6


def test_a_door_that_comes_free_goes_to_the_first_for_the_rest_of_the_year(drawn: August) -> None:
    first, second = order(drawn)[:2]
    door = free("S2")
    turn = serve_next(drawn)
    assert turn is not None and (turn.place.person, turn.door) == (first, door)
    use = Assignment.objects.get(holder=first)
    assert use.compartment == door and use.due_at == dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC)
    assert Grant.objects.get(claim_id=use.pk).person == first
    event = Event.objects.filter(action="assignment.allotted").latest("pk")
    assert event.person_id == first.pk and event.compartment_id == door.pk
    assert event.reason == "Number 1 of those who wait, and the first whom this door fits."
    # The next one has moved up.
    assert names(drawn)[0] == (1, second)


def test_the_one_who_gave_it_back_has_had_theirs(drawn: August) -> None:
    before = Assignment.objects.get(compartment__number="S2").holder
    free("S2")
    assert before not in [person for _at, person in names(drawn)]


def test_the_ticket_says_why_afterwards(drawn: August) -> None:
    first = order(drawn)[0]
    free("S2")
    serve_next(drawn)
    result = Allotted.objects.get(entry__person=first)
    assert result.waiting is None and result.compartment is not None
    assert words.why(result) == (
        "You waited, and on 13 Sep 2026 a door came free. You were number 1 of those who"
        " waited, and the first whom it fits."
    )


def test_who_has_a_door_by_now_or_left_is_skipped(drawn: August) -> None:
    first, second, third = order(drawn)[:3]
    door = free("S1")
    giving.give(policy_id=drawn.allotment.policy_id, person_id=first.pk, compartment_id=door.pk,
                actor=SETUP, at=LATER)  # fmt: skip
    Person.objects.filter(pk=second.pk).update(leaves_on=dt.date(2026, 9, 1))
    assert names(drawn)[0] == (1, third)


def test_who_is_on_hold_is_passed_over_until_that_is_settled(drawn: August) -> None:
    first, second = order(drawn)[:2]
    hold = holds.place(person=first, reason="Key", actor=SETUP, at=CLOSES, ends_at=None)
    free("S1")
    turn = serve_next(drawn)
    assert turn is not None and turn.place.person == second
    holds.lift(hold=hold, actor=SETUP, at=LATER, reason="back")
    assert names(drawn)[0] == (1, first)


def test_whom_no_free_door_fits_is_passed_over_and_keeps_the_place(drawn: August) -> None:
    first, second = order(drawn)[:2]
    Person.objects.filter(pk=first.pk).update(needs_low_door=True)
    free("S4")
    turn = serve_next(drawn)
    assert turn is not None and turn.place.person == second and turn.place.position == 2
    assert names(drawn)[0] == (1, first)


def test_rules_of_the_allotment_count_still(drawn: August) -> None:
    form = order(drawn)[-1].registration_group
    assert form is not None
    kept = AllotmentRule.objects.create(allotment=drawn.allotment, is_exclusive=True)
    kept.registration_groups.set([form])
    kept.banks.set([drawn.south])
    of_it = [one for one in order(drawn) if one.registration_group == form]
    free("S4")
    turn = serve_next(drawn)
    assert turn is not None and turn.place.person == of_it[0]


def test_the_first_wish_that_can_be_had_counts(drawn: August) -> None:
    first = order(drawn)[0]
    drawn.wish(first, drawn.south.compartments.get(number="S5"))
    for number in ("S1", "S5"):
        free(number)
    turn = serve_next(drawn)
    assert turn is not None and turn.door.number == "S5" and turn.wish == 0


def test_a_door_back_from_repair_is_given_too(drawn: August) -> None:
    bank = drawn.south.compartments.get(number="S1")
    free("S1")
    Compartment.objects.filter(pk=bank.pk).update(service_status="out_of_service")
    assert serve_next(drawn) is None
    Compartment.objects.filter(pk=bank.pk).update(service_status="in_service")
    turn = serve_next(drawn)
    assert turn is not None and turn.door == bank


def test_all_free_doors_at_once_as_it_was_looked_at(drawn: August) -> None:
    first, second = order(drawn)[:2]
    free("S1"), free("S2")
    looked = waiting.plan(allotment=drawn.allotment, at=LATER)
    assert [one.place.person for one in looked.lines] == [first, second]
    given = waiting.serve(allotment=drawn.allotment, actor=SETUP, at=LATER, expected=looked.digest)
    assert len(given) == 2
    assert Assignment.objects.filter(holder__in=[first, second]).count() == 2


def test_what_changed_since_the_look_is_given_to_nobody(drawn: August) -> None:
    free("S1")
    looked = waiting.plan(allotment=drawn.allotment, at=LATER)
    free("S2")
    with pytest.raises(ServingChanged):
        waiting.serve(allotment=drawn.allotment, actor=SETUP, at=LATER, expected=looked.digest)
    assert Assignment.objects.filter(closed_at=None).count() == 4


def test_nobody_waits_before_the_doors_were_given_or_after_the_year(august: August) -> None:
    august.opened()
    with pytest.raises(NotApplied):
        waiting.plan(allotment=august.allotment, at=CLOSES)
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    with pytest.raises(YearIsOver):
        waiting.plan(allotment=august.allotment, at=dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC))


def test_they_are_told_by_e_mail_where_they_have_an_address(drawn: August) -> None:
    Person.objects.filter(pk=order(drawn)[0].pk).update(email="first@school.example")
    free("S1"), free("S2")
    waiting.serve(allotment=drawn.allotment, actor=SETUP, at=LATER)
    letter = Notice.objects.get(to="first@school.example")
    assert letter.kind == "claim_news" and letter.facts["number"] == "S1"
    assert mail.outbox == []


def test_who_was_on_hold_at_the_draw_comes_behind_who_was_drawn(august: August) -> None:
    august.allotment.banks.set([august.south])
    august.opened()
    pupil = august.school.pupils[0]
    hold = holds.place(person=pupil, reason="Key", actor=SETUP, at=AUGUST, ends_at=None)
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    assert pupil not in [person for _at, person in names(august)]
    holds.lift(hold=hold, actor=SETUP, at=LATER, reason="back")
    assert names(august)[-1] == (6, pupil)
    for number in range(1, 7):
        free(f"S{number}")
    given = waiting.serve(allotment=august.allotment, actor=SETUP, at=LATER)
    assert given[-1].place.person == pupil and given[-1].place.came is waiting.Came.SETTLED
    assert not Allotted.objects.filter(entry__person=pupil).exists()


def test_more_who_wait_take_no_more_statements(drawn: August) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            waiting.plan(allotment=Allotment.objects.get(), at=LATER)
        return len(queries)

    free("S1")
    few = counted()
    for number in ("S2", "S3", "S4"):
        free(number)
    for _each in range(3):
        PupilFactory(registration_group=drawn.school.form("7A"))
    assert counted() == few


def test_the_page_behind_the_link_tells_the_place_as_of_now(drawn: August) -> None:
    second = order(drawn)[1]
    (slip,) = links.hand_out(allotment=drawn.allotment, people=[second.pk], at=LATER)
    browser, address = Client(), f"/wishes/{slip.link}/"
    with time_machine.travel(LATER, tick=False):
        assert browser.post(address, {"code": slip.code}).status_code == 302
        assert ">2<" in browser.get(address).content.decode()
        free("S3")
        serve_next(drawn)
        page = browser.get(address).content.decode()
        assert ">1<" in page and "is your place among those who wait" in page
        free("S4")
        serve_next(drawn)
        page = browser.get(address).content.decode()
        assert ">S4<" in page and "a door came free" in page


def page_behind(drawn: August, pupil: Person) -> str:
    """Return what somebody sees behind a new letter, with the pages' clock at LATER."""
    (slip,) = links.hand_out(allotment=drawn.allotment, people=[pupil.pk], at=LATER)
    browser, address = Client(), f"/wishes/{slip.link}/"
    with time_machine.travel(LATER, tick=False):
        assert browser.post(address, {"code": slip.code}).status_code == 302
        return browser.get(address).content.decode()


def test_a_door_that_the_office_gave_by_hand_is_shown(drawn: August) -> None:
    pupil = order(drawn)[3]
    door = free("S6")
    giving.give(policy_id=drawn.allotment.policy_id, person_id=pupil.pk, compartment_id=door.pk,
                actor=SETUP, at=LATER)  # fmt: skip
    page = page_behind(drawn, pupil)
    assert ">S6<" in page and "The school office gave you this door after the draw." in page


def test_who_is_cleared_after_the_draw_sees_their_place_at_the_end(august: August) -> None:
    august.allotment.banks.set([august.south])
    august.opened()
    pupil = august.school.pupils[0]
    hold = holds.place(person=pupil, reason="Key", actor=SETUP, at=AUGUST, ends_at=None)
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    assert "something of last year is not settled yet" in page_behind(august, pupil)
    holds.lift(hold=hold, actor=SETUP, at=LATER, reason="back")
    page = page_behind(august, pupil)
    assert ">6<" in page and "Now you wait behind those who did." in page
