"""A door of a round, done on a phone: once, by one, and usable again at once."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.conf import LazySettings

from audit.actions import Action
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from lockers.models import Command, Compartment
from maintenance.choices import StopResult
from maintenance.errors.rounds import (
    BadVoltage,
    ChecksMissing,
    EntryReused,
    PhotoMissing,
    RoundNotOver,
    RoundOver,
    StopDone,
    VoltageMissing,
)
from maintenance.models import BatteryReading, LateEntry, Round, StopCheck, Ticket
from maintenance.services.rounds import closing, doing, finding, planning
from occupancy.errors.recovery import BadPhoto
from occupancy.models import Claim
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.claims import assignments
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import TeamFactory
from tests.maintenance.rounds.walked import DAY, HOUR, checklist, do, plan, planned, stop
from tests.pictures import picture

EVENING = dt.datetime(2026, 11, 17, 18, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def folder(settings: LazySettings, tmp_path: object) -> None:
    """Keep photos of tests in a folder of their own."""
    settings.VAR_DIR = tmp_path


def test_a_door_that_is_done_can_be_used_again_at_once(estate: Estate, at: dt.datetime) -> None:
    one = planned(estate, at)
    Compartment.objects.filter(pk=estate.doors[0].pk).update(service_status="needs_cleaning")
    done = do(stop(one), estate.olga.pk, EVENING)
    assert (done.result, done.is_round_over) == (StopResult.PASSED, False)
    closure = stop(one).closure
    assert closure is not None and closure.closed_at == EVENING
    assert Compartment.objects.get(pk=estate.doors[0].pk).service_status == "in_service"
    assert Round.objects.get(pk=one.pk).begun_at == EVENING
    assert stop(one, "2").closure.closed_at is None  # type: ignore[union-attr]


def test_after_the_last_door_the_round_is_over(estate: Estate, at: dt.datetime) -> None:
    one = planned(estate, at)
    over = [do(stop(one, n), estate.olga.pk, EVENING).is_round_over for n in "123"]
    assert over == [False, False, True]
    assert Round.objects.get(pk=one.pk).closed_at == EVENING
    assert Event.objects.filter(action=Action.ROUND_CLOSED).count() == 1


def test_the_same_entry_sent_twice_is_one_and_answers_the_same(
    estate: Estate, at: dt.datetime
) -> None:
    items = checklist(estate, {"text": "Hinge", "fault": "damaged"})
    one = planned(estate, at, checklist=items)
    item = items.items.get()
    entry = {"entry_id": uuid.uuid4(), "checks": {item.pk: False}, "note": "bent"}
    first = do(stop(one), estate.olga.pk, EVENING, **entry)
    again = do(stop(one), estate.olga.pk, EVENING + HOUR, **entry)
    assert first == again
    assert StopCheck.objects.count() == Ticket.objects.count() == 1
    assert Event.objects.filter(action=Action.ROUND_STOP_DONE).count() == 1
    with pytest.raises(EntryReused):
        do(stop(one, "2"), estate.olga.pk, EVENING, **entry)


def test_what_somebody_else_did_meanwhile_is_told_and_what_was_sent_is_kept(
    estate: Estate, at: dt.datetime
) -> None:
    one = planned(estate, at)
    do(stop(one), estate.olga.pk, EVENING)
    entry = uuid.uuid4()
    for _sent in range(2):
        with pytest.raises(StopDone) as refused:
            do(
                stop(one), estate.max.pk, EVENING + HOUR, entry_id=entry, note="smells",
                happened_at=EVENING,
            )  # fmt: skip
        assert "olga" in str(refused.value) and "18:00" in str(refused.value)
        idempotency.settle(refused.value)
    late = LateEntry.objects.get()
    assert (late.note, late.sent_by, late.happened_at) == ("smells", estate.max.pk, EVENING)
    assert stop(one).done_by == estate.olga.pk


def test_what_comes_after_the_round_was_called_off_is_kept_too(
    estate: Estate, at: dt.datetime
) -> None:
    one = planned(estate, at)
    closing.call_off(round_id=one.pk, actor=SETUP, at=at, reason="Strike")
    assert not Claim.objects.filter(kind="closure", closed_at=None, starts_at=EVENING).exists()
    with pytest.raises(RoundOver) as refused:
        do(stop(one), estate.olga.pk, EVENING, note="done all the same")
    idempotency.settle(refused.value)
    assert LateEntry.objects.get().note == "done all the same"
    with pytest.raises(RoundOver):
        closing.call_off(round_id=one.pk, actor=SETUP, at=at, reason="Again")


def test_an_item_that_is_not_right_opens_the_ticket_it_names_with_its_photo(
    estate: Estate, at: dt.datetime
) -> None:
    items = checklist(
        estate, {"text": "Hinge", "fault": "damaged", "needs_photo": True}, {"text": "Clean"}
    )
    one = planned(estate, at, checklist=items, kind="inspection")
    hinge, clean = items.items.order_by("position")
    said = {hinge.pk: False, clean.pk: True}
    with pytest.raises(PhotoMissing, match="Hinge"):
        do(stop(one), estate.olga.pk, EVENING, checks=said)
    with pytest.raises(ChecksMissing, match="Clean"):
        do(stop(one), estate.olga.pk, EVENING, checks={hinge.pk: True})
    with pytest.raises(BadPhoto):
        do(stop(one), estate.olga.pk, EVENING, checks=said, photos={hinge.pk: b"no picture"})
    assert stop(one).done_at is None
    done = do(stop(one), estate.olga.pk, EVENING, checks=said, photos={hinge.pk: picture()})
    assert done.result == StopResult.FAILED
    ticket = Ticket.objects.get()
    assert done.ticket_id == ticket.pk == stop(one).ticket_id
    assert (ticket.category, ticket.source, ticket.summary) == ("damaged", "round", "Hinge")
    assert (ticket.compartment, ticket.photos.count()) == (estate.doors[0], 1)
    assert StopCheck.objects.get(item=hinge).photo and not StopCheck.objects.get(item=clean).photo


def test_a_door_that_could_not_be_done_asks_for_nothing(estate: Estate, at: dt.datetime) -> None:
    one = planned(estate, at, checklist=checklist(estate, {"text": "Hinge", "needs_photo": True}))
    do(stop(one), estate.olga.pk, EVENING, result=StopResult.SKIPPED, note="behind a desk")
    assert (stop(one).result, stop(one).note) == ("skipped", "behind a desk")


def test_a_battery_round_records_the_voltage(estate: Estate, at: dt.datetime) -> None:
    one = planned(estate, at, kind="battery")
    with pytest.raises(VoltageMissing):
        do(stop(one), estate.olga.pk, EVENING)
    with pytest.raises(BadVoltage):
        do(stop(one), estate.olga.pk, EVENING, millivolts=99)
    do(stop(one), estate.olga.pk, EVENING, millivolts=2950)
    reading = BatteryReading.objects.get()
    assert (reading.compartment, reading.millivolts, reading.at) == (
        estate.doors[0], 2950, EVENING,
    )  # fmt: skip


def test_an_inspection_opens_the_door_and_its_holder_keeps_it(
    estate: Estate, at: dt.datetime
) -> None:
    assignments.claim(
        person_id=estate.ben.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=estate.doors[0].pk),
    )  # fmt: skip
    before = Claim.objects.values().get(kind="assignment")
    one = planned(estate, at, kind="inspection", starts_at=dt.time(9, 30))
    assert stop(one).is_visit
    command = doing.open_door(stop_id=stop(one).pk, actor=Actor.staff(estate.olga.pk), at=at)
    assert Command.objects.get(pk=command).purpose == "inspect"
    do(stop(one), estate.olga.pk, at)
    assert Claim.objects.values().get(kind="assignment") == before


def test_a_round_is_closed_with_doors_left_only_for_a_reason(
    estate: Estate, at: dt.datetime
) -> None:
    one = planned(estate, at)
    do(stop(one), estate.olga.pk, EVENING)
    with pytest.raises(RoundNotOver, match="2"):
        closing.close(round_id=one.pk, actor=SETUP, at=EVENING)
    closing.close(round_id=one.pk, actor=SETUP, at=EVENING, reason="The rest is wet")
    assert not Claim.objects.filter(
        kind="closure", closed_at__isnull=True, starts_at=EVENING
    ).exists()
    assert stop(one, "2").result == ""


def test_a_round_is_given_to_somebody_else(estate: Estate, at: dt.datetime) -> None:
    one, team = planned(estate, at), TeamFactory(organisation=estate.organisation)
    closing.reassign(
        round_id=one.pk, assignee_id=estate.max.pk, team_id=team.pk, actor=SETUP, at=at
    )
    one.refresh_from_db()
    assert (one.assignee, one.team) == (estate.max, team)


def test_a_round_that_should_be_done_is_late(estate: Estate, at: dt.datetime) -> None:
    one = planned(estate, at, days_ahead=1)
    assert not Round.objects.filter(closing.late(one.due_at - HOUR)).exists()
    assert Round.objects.filter(closing.late(one.due_at)).get() == one


def test_an_end_of_day_check_goes_to_the_doors_that_are_held_or_open(
    estate: Estate, at: dt.datetime
) -> None:
    plan(estate, kind="day_end", name="Last walk", days_ahead=1)
    planning.plan_due(at)
    one = Round.objects.get()
    assert (one.stops.count(), finding.find_due(EVENING - HOUR)) == (0, 0)
    assignments.claim(
        person_id=estate.ben.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=estate.doors[1].pk),
    )  # fmt: skip
    Claim.objects.update(at_end="hold")
    estate.doors[2].door.state = "open"  # type: ignore[attr-defined]
    estate.doors[2].door.save(update_fields=["state"])  # type: ignore[attr-defined]
    assert finding.find_due(EVENING) == 1
    assert finding.find_due(EVENING) == 0
    assert list(one.stops.values_list("compartment__number", flat=True)) == ["2", "3"]
    # Nothing is closed for it: the doors are still somebody's.
    assert not Claim.objects.filter(kind="closure").exists()


def test_an_end_of_day_check_without_anything_left_is_over(estate: Estate, at: dt.datetime) -> None:
    plan(estate, kind="day_end", days_ahead=1)
    planning.plan_due(at)
    finding.find_due(EVENING)
    assert Round.objects.get().closed_at == EVENING


def test_an_occupancy_review_has_its_facts_ready(estate: Estate, at: dt.datetime) -> None:
    assignments.claim(
        person_id=estate.ben.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=estate.doors[1].pk),
    )  # fmt: skip
    Claim.objects.update(at_end="hold")
    later = at + 42 * DAY
    plan(estate, kind="occupancy_review", first_day=later.date(), days_ahead=1)
    planning.plan_due(later)
    finding.find_due(later + 12 * HOUR)
    one = Round.objects.get()
    (bank,) = one.report["banks"]
    assert one.report["days"] == 30
    assert {name: bank[name] for name in ("bank", "doors", "held", "overdue", "unused")} == {
        "bank": "A", "doors": 3, "held": 1, "overdue": 1, "unused": 2,
    }  # fmt: skip
    assert (bank["unused_doors"], bank["quiet"], bank["uses"]) == (["1", "3"], 1, 1)
    # Only what is held and not opened, or overdue, is to be walked to.
    assert list(one.stops.values_list("compartment__number", flat=True)) == ["2"]
