"""Rounds are made ahead, once each, and close the doors that are free."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from lockers.models import BridgePresence, Compartment, OpeningHours, SpecialDay
from maintenance.errors.rounds import NoDoors, NoOpenDay
from maintenance.models import Round, RoundPlan, RoundStop
from maintenance.services.rounds import closing, making, planning
from occupancy.errors.reservations import DoorClosedThen, LockersClosedThen
from occupancy.models import Claim, Policy
from occupancy.services.bookings import closures, many_closures, reservations
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.claims import assignments
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.maintenance.rounds.walked import DAY, HOUR, plan, planned, stop

EVENING = dt.datetime(2026, 11, 17, 18, tzinfo=dt.UTC)


def held_on() -> list[dt.date]:
    return [one.starts_at.date() for one in Round.objects.order_by("starts_at")]


def test_rounds_come_some_days_ahead_and_never_twice(estate: Estate, at: dt.datetime) -> None:
    plan(estate, rule="FREQ=DAILY", days_ahead=3)
    assert planning.plan_due(at) == 4
    assert planning.plan_due(at) == 0
    assert planning.plan_due(at + DAY) == 1
    assert held_on() == [(at + n * DAY).date() for n in range(5)]
    one = Round.objects.earliest("starts_at")
    assert (one.starts_at, one.due_at) == (EVENING, EVENING + 15 * HOUR / 60)
    assert Event.objects.filter(action=Action.ROUND_PLANNED).count() == 5


def test_a_day_on_which_no_job_ran_is_made_up_for(estate: Estate, at: dt.datetime) -> None:
    plan(estate, rule="FREQ=DAILY", days_ahead=1)
    planning.plan_due(at)
    planning.plan_due(at + 4 * DAY)
    assert held_on() == [(at + n * DAY).date() for n in range(6)]


def test_a_new_schedule_makes_no_rounds_of_the_past(estate: Estate, at: dt.datetime) -> None:
    plan(estate, rule="FREQ=DAILY", days_ahead=1, first_day=(at - 30 * DAY).date())
    assert planning.plan_due(at) == 2


def test_free_doors_are_closed_while_it_is_there_and_held_ones_visited(
    estate: Estate, at: dt.datetime
) -> None:
    assignments.claim(
        person_id=estate.ben.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=estate.doors[1].pk),
    )  # fmt: skip
    # Overdue when the round comes: the things are still inside.
    Claim.objects.update(at_end="hold")
    one = planned(estate, at, days_ahead=1)
    free, held = stop(one, "1"), stop(one, "2")
    assert free.closure is not None and not free.is_visit
    assert (free.closure.starts_at, free.closure.ends_at) == (one.starts_at, one.due_at)
    assert (held.closure, held.is_visit, held.hindrance) == (None, True, "")
    assert not Claim.objects.filter(compartment=estate.doors[1], kind="closure").exists()
    told = Event.objects.filter(action=Action.CLOSURE_PLANNED)
    assert sorted(event.data["is_visit"] for event in told) == [False, False, True]
    assert {event.reason for event in told} == {"Weekly cleaning"}


def test_a_booking_moves_to_an_equal_door_and_what_cannot_move_makes_it_a_visit(
    estate: Estate, at: dt.datetime
) -> None:
    Policy.objects.update(books_ahead=DAY)
    spare = factories.CompartmentFactory(
        bank=factories.BankFactory(site=estate.site, bridge=estate.bridge, name="B"), number="9",
        column=1, size=estate.small, controller=estate.controller, channel=9,
    )  # fmt: skip
    for door in (estate.doors[0], estate.doors[2]):
        with transaction.atomic():
            reservations.reserve(
                person_id=factories.PersonFactory(
                    organisation=estate.organisation, home_site=estate.site
                ).pk,
                bank_id=estate.bank.pk, wanted=Wanted(compartment_id=door.pk), actor=SETUP, at=at,
                starts_at=EVENING, ends_at=EVENING + HOUR,
            )  # fmt: skip
    one = planned(estate, at)
    assert stop(one, "1").closure is not None
    assert Claim.objects.get(compartment=spare).kind == "reservation"
    # The large door has no equal: its booking stays, and the round only visits.
    large = stop(one, "3")
    assert (large.closure, large.is_visit) == (None, True)
    assert "booked" in large.hindrance


def test_a_reservation_across_a_round_is_refused_with_its_reason(
    estate: Estate, at: dt.datetime
) -> None:
    Policy.objects.update(books_ahead=DAY)
    planned(estate, at)
    ask = {
        "person_id": estate.ben.pk, "bank_id": estate.bank.pk, "actor": SETUP, "at": at,
        "starts_at": EVENING - HOUR, "ends_at": EVENING + HOUR,
    }  # fmt: skip
    with pytest.raises(DoorClosedThen) as refused, transaction.atomic():
        reservations.reserve(wanted=Wanted(compartment_id=estate.doors[0].pk), **ask)
    said = str(refused.value)
    assert "Weekly cleaning" in said and "18:00" in said and "18:15" in said
    with pytest.raises(LockersClosedThen) as refused_all, transaction.atomic():
        reservations.reserve(wanted=Wanted(), **ask)
    assert "Weekly cleaning" in str(refused_all.value)


def test_a_door_under_a_round_is_not_given_and_says_why(estate: Estate, at: dt.datetime) -> None:
    planned(estate, at)
    BridgePresence.objects.update(last_seen_at=EVENING + HOUR)
    with pytest.raises(DoorClosedThen) as refused:
        assignments.claim(
            person_id=estate.ben.pk, bank_id=estate.bank.pk, actor=SETUP,
            at=EVENING + HOUR / 6, wanted=Wanted(compartment_id=estate.doors[0].pk),
        )  # fmt: skip
    assert "Weekly cleaning" in str(refused.value)


def test_closed_days_are_left_out_by_the_calendar_of_the_site(
    estate: Estate, at: dt.datetime
) -> None:
    for weekday in range(5):
        OpeningHours.objects.create(
            site=estate.site, weekday=weekday, opens_at=dt.time(8), closes_at=dt.time(20)
        )
    SpecialDay.objects.create(site=estate.site, date=(at + DAY).date(), name="Fire drill")
    plan(estate, rule="FREQ=DAILY", days_ahead=6)
    planning.plan_due(at)
    assert [one.isoweekday() for one in held_on()] == [2, 4, 5, 1]


def test_a_site_without_an_open_day_is_refused_clearly_and_never_loops(
    estate: Estate, at: dt.datetime
) -> None:
    OpeningHours.objects.create(
        site=estate.site, weekday=0, opens_at=dt.time(8), closes_at=dt.time(20)
    )
    for n in range(100):
        SpecialDay.objects.create(site=estate.site, date=(at + n * DAY).date(), name="Closed")
    one = plan(estate, rule="FREQ=DAILY", on_closed_day="next")
    assert planning.plan_due(at) == 0
    with pytest.raises(NoOpenDay):
        planning.plan_now(plan_id=one.pk, actor=SETUP, at=at)
    RoundPlan.objects.update(on_closed_day="skip")
    assert planning.plan_now(plan_id=one.pk, actor=SETUP, at=at) == 0


def test_a_round_goes_only_to_doors_of_its_kind(estate: Estate, at: dt.datetime) -> None:
    one = plan(estate, kind="ppe", name="Helmets")
    with pytest.raises(NoDoors):
        planning.plan_now(plan_id=one.pk, actor=SETUP, at=at)
    Compartment.objects.filter(pk=estate.doors[2].pk).update(is_ppe=True)
    assert planning.plan_now(plan_id=one.pk, actor=SETUP, at=at) == 2
    assert set(RoundStop.objects.values_list("compartment", flat=True)) == {estate.doors[2].pk}
    Compartment.objects.filter(pk=estate.doors[0].pk).update(service_status="decommissioned")
    assert len(making.doors_for("cleaning", [estate.bank.pk])) == 2


def test_a_changed_schedule_makes_what_has_not_begun_anew(estate: Estate, at: dt.datetime) -> None:
    one = plan(estate, rule="FREQ=DAILY", days_ahead=3)
    planning.plan_due(at)
    begun, off = Round.objects.order_by("day")[:2]
    Round.objects.filter(pk=begun.pk).update(begun_at=at)
    closing.call_off(round_id=off.pk, actor=SETUP, at=at, reason="Strike")
    RoundPlan.objects.filter(pk=one.pk).update(starts_at=dt.time(6), minutes_per_door=10)
    planning.plan_anew(plan_id=one.pk, actor=SETUP, at=at)
    rounds = list(Round.objects.order_by("day"))
    assert [each.pk for each in rounds[:2]] == [begun.pk, off.pk]
    assert {each.starts_at.hour for each in rounds[2:]} == {6}
    for each in rounds[2:]:
        assert stop(each).planned_until - stop(each).planned_from == HOUR / 2
    open_ = Claim.objects.filter(kind="closure", closed_at__isnull=True)
    assert {claim.starts_at for claim in open_} == {
        each.starts_at for each in rounds if not each.is_cancelled
    }
    RoundPlan.objects.filter(pk=one.pk).update(is_active=False)
    planning.plan_anew(plan_id=one.pk, actor=SETUP, at=at)
    assert set(Round.objects.values_list("pk", flat=True)) == {begun.pk, off.pk}


def test_doors_that_a_crash_left_unclosed_are_closed_by_the_next_run(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(estate)
    with monkeypatch.context() as broken:
        broken.setattr(making, "close_doors", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            planning.plan_due(at)
    one = Round.objects.earliest("day")
    assert stop(one).closure is None
    planning.plan_due(at)
    assert stop(one).closure is not None


def test_many_doors_are_closed_in_few_statements(
    estate: Estate, at: dt.datetime, django_assert_max_num_queries: object
) -> None:
    for n in range(40):
        factories.CompartmentFactory(
            bank=estate.bank, number=f"N{n}", column=10 + n, size=estate.small
        )
    doors = list(Compartment.objects.filter(bank=estate.bank).values_list("pk", flat=True))
    with django_assert_max_num_queries(60):  # type: ignore[operator]  # a fixture of pytest-django
        came = many_closures.plan_many(
            bank_id=estate.bank.pk, compartment_ids=doors, starts_at=EVENING,
            ends_at=EVENING + HOUR, actor=SETUP, at=at, reason="Paint",
        )  # fmt: skip
    assert set(came.closed) == set(doors)
    assert Event.objects.filter(action=Action.CLOSURE_PLANNED, reason="Paint").count() == 43
    lifted = many_closures.lift_many(claim_ids=came.closed.values(), actor=SETUP, at=at)
    assert lifted == 43
    assert not Claim.objects.filter(kind="closure", closed_at__isnull=True).exists()


def test_many_at_once_come_to_the_same_as_each_by_itself(estate: Estate, at: dt.datetime) -> None:
    assignments.claim(
        person_id=estate.ben.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=estate.doors[1].pk),
    )  # fmt: skip
    Claim.objects.filter(kind="assignment").update(ends_at=None, due_at=None)
    Claim.objects.create(compartment=estate.doors[2], kind="closure", starts_at=EVENING)
    ids = [door.pk for door in estate.doors]
    window = {"starts_at": EVENING, "ends_at": EVENING + HOUR, "at": at, "reason": "x"}
    with transaction.atomic():
        came = many_closures.plan_many(
            bank_id=estate.bank.pk, compartment_ids=ids, actor=SETUP, **window
        )
        transaction.set_rollback(True)
    assert (set(came.closed), came.visited, set(came.refused)) == (
        {ids[0]}, {ids[1]: estate.ben.pk}, {ids[2]},
    )  # fmt: skip
    singly = closures.plan(compartment_id=ids[1], actor=Actor.job("x"), **window)
    assert (singly.is_visit, singly.holder_id) == (True, estate.ben.pk)
