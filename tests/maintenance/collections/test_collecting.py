"""A form is collected: what is said of each locker, and what follows from it."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from access.models import Hold, KeyCharge, LockChangeRequest
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from maintenance.choices import About
from maintenance.errors.collections import (
    AnswerReused,
    CollectionOver,
    GivenBack,
    NobodyToCollect,
    NoKeyOut,
)
from maintenance.models import CollectionEntry, CollectionLine, Ticket
from maintenance.services.collections import closing, saying
from occupancy.errors.custody import InRecovery
from occupancy.models import Claim
from occupancy.services.custody import moving
from occupancy.services.ending import recovery
from tests.factories.cast import SETUP, Estate
from tests.factories.school_collections import TermEnd, holding, term_end

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def end(estate: Estate, at: dt.datetime) -> TermEnd:
    return term_end(estate, at)


def test_it_begins_with_a_line_for_every_locker_that_a_pupil_has(end: TermEnd) -> None:
    lines = CollectionLine.objects.filter(collection=end.collection).order_by("pk")
    assert [(line.person, line.form) for line in lines] == [
        (end.pupil(1), "7A"), (end.pupil(2), "7A"), (end.pupil(3), "7A"), (end.pupil(4), "7B"),
    ]  # fmt: skip
    # Only a key that is out, or a lock that takes one, is asked for.
    assert [line.key for line in lines] == ["none", "", "none", "none"]
    assert Event.objects.filter(action=Action.COLLECTION_BEGUN).get().data["lines"] == 4


def test_it_can_begin_with_some_forms_years_or_banks(estate: Estate, at: dt.datetime) -> None:
    end = term_end(estate, at, begun=False)
    assert end.begin(at, forms=[end.school.form("7B").pk]) == 1
    with pytest.raises(NobodyToCollect):
        end.begin(at, year_groups=[end.school.years[1].pk])
    assert end.begin(at, year_groups=[end.school.years[0].pk], banks=[estate.bank.pk]) == 3


def test_begun_again_it_adds_who_has_a_locker_since_and_nobody_twice(
    end: TermEnd, at: dt.datetime
) -> None:
    with pytest.raises(NobodyToCollect):
        end.begin(at)
    assert CollectionLine.objects.count() == 4


def test_who_was_moved_meanwhile_is_collected_at_the_new_door(
    end: TermEnd, at: dt.datetime
) -> None:
    third = end.estate.doors[2]
    after = moving.move(
        claim_id=end.claims[0].pk, compartment_id=third.pk, actor=SETUP, at=at + MINUTE,
        reason="hinge",
    )  # fmt: skip
    closing.close(collection_id=end.collection.pk, actor=SETUP, at=at + 2 * MINUTE)
    line = CollectionLine.objects.get(collection=end.collection, person=end.pupil(1))
    assert (line.claim_id, line.compartment_id) == (after.pk, third.pk)


def test_emptied_and_fine_ends_the_use_and_clears_the_pupil(end: TermEnd, at: dt.datetime) -> None:
    end.say(1, "emptied", "yes", at)
    # Until all is said a slip of the finger is put right by another touch.
    end.say(1, "emptied", "no", at + MINUTE)
    end.say(1, "condition", "good", at + MINUTE)
    assert (
        end.line(1).cleared_at is None and Claim.objects.get(pk=end.claims[0].pk).closed_at is None
    )
    line = end.say(1, "emptied", "yes", at + 2 * MINUTE)
    assert line.cleared_at == at + 2 * MINUTE
    claim = Claim.objects.get(pk=end.claims[0].pk)
    assert (claim.closed_at, claim.closed_how) == (at + 2 * MINUTE, "released_by_staff")
    event = Event.objects.get(action=Action.RELEASED_BY_STAFF)
    assert event.reason == "Summer 2027" and event.actor_id == str(end.estate.olga.pk)


def test_a_key_that_is_back_is_taken_back_in_the_register(end: TermEnd, at: dt.datetime) -> None:
    end.say(2, "key", "back", at)
    assert holding(end).returned_at is None  # not before all is said
    end.all_back(2, at + MINUTE)
    assert holding(end).returned_at == at + MINUTE and holding(end).ended_how == "returned"
    assert end.line(2).cleared_at == at + MINUTE


def test_without_its_key_a_locker_stays_with_its_pupil(end: TermEnd, at: dt.datetime) -> None:
    end.say(2, "emptied", "yes", at)
    end.say(2, "condition", "good", at)
    end.say(2, "key", "not_back", at)
    assert end.line(2).done_at == at and end.line(2).cleared_at is None
    assert Claim.objects.get(pk=end.claims[1].pk).closed_at is None
    # The next day they bring it.
    end.say(2, "key", "back", at + MINUTE)
    assert end.line(2).cleared_at == at + MINUTE


def test_a_lost_key_is_charged_and_its_lock_is_to_be_changed(end: TermEnd, at: dt.datetime) -> None:
    end.say(2, "emptied", "yes", at)
    end.say(2, "condition", "good", at)
    end.say(2, "key", "lost", at)
    charge = KeyCharge.objects.get()
    assert (charge.person, charge.amount_minor, charge.currency) == (end.pupil(2), 1500, "GBP")
    assert list(end.line(2).charges.all()) == [charge]
    assert LockChangeRequest.objects.get().lock == end.key.lock
    # The locker is free; the pupil is not cleared before somebody says that it is settled.
    assert Claim.objects.get(pk=end.claims[1].pk).closed_at == at
    assert end.line(2).cleared_at is None


def test_only_a_key_that_is_out_can_be_lost(end: TermEnd, at: dt.datetime) -> None:
    with pytest.raises(NoKeyOut):
        end.say(1, "key", "lost", at)
    end.all_back(2, at)
    CollectionLine.objects.filter(pk=end.line(2).pk).update(cleared_at=None, emptied=False)
    with pytest.raises(NoKeyOut):
        end.say(2, "key", "lost", at)


def test_damage_opens_a_ticket_once_and_nobody_new_gets_the_door(
    end: TermEnd, at: dt.datetime
) -> None:
    end.say(1, "condition", "damaged", at, note="Hinge bent")
    assert not Ticket.objects.exists()
    end.say(1, "emptied", "yes", at)
    ticket = Ticket.objects.get()
    assert (ticket.summary, ticket.category, ticket.source) == ("Hinge bent", "damaged", "collect")
    assert end.line(1).ticket == ticket
    end.estate.doors[0].refresh_from_db()
    assert end.estate.doors[0].service_status == ServiceStatus.FAULT
    end.say(1, "condition", "damaged", at + MINUTE)
    assert Ticket.objects.get().occurrences == 1


def test_what_is_damaged_can_be_written_after_the_touch(end: TermEnd, at: dt.datetime) -> None:
    end.say(1, "emptied", "yes", at)
    end.say(1, "condition", "damaged", at)
    for _each in range(2):
        end.say(1, "condition", "damaged", at + MINUTE, note="Hinge bent")
    assert end.line(1).note == "Hinge bent"
    said = Ticket.objects.get().entries.filter(kind="note")
    assert [entry.text for entry in said] == ["Hinge bent"]


def test_the_same_entry_counts_once(end: TermEnd, at: dt.datetime) -> None:
    entry = uuid.uuid4()
    for _each in range(2):
        end.say(1, "emptied", "yes", at, entry_id=entry)
    assert CollectionEntry.objects.count() == 1
    assert Event.objects.filter(action=Action.COLLECTION_SAID).count() == 1
    with pytest.raises(AnswerReused):
        end.say(1, "emptied", "no", at, entry_id=entry)
    with pytest.raises(AnswerReused):
        end.say(2, "emptied", "yes", at, entry_id=entry)


def test_what_arrives_late_does_not_undo_what_somebody_else_said_after_it(
    end: TermEnd, at: dt.datetime
) -> None:
    end.say(1, "emptied", "no", at, happened_at=at - MINUTE)
    saying.say(
        line_id=end.line(1).pk, about=About.EMPTIED, answer="yes", entry_id=uuid.uuid4(),
        actor=Actor.staff(end.estate.max.pk), at=at + MINUTE, happened_at=at - 2 * MINUTE,
    )  # fmt: skip
    assert end.line(1).emptied is False
    assert CollectionEntry.objects.count() == 2  # both are kept


def test_one_tablet_is_taken_in_its_own_order_however_slow_its_line(
    end: TermEnd, at: dt.datetime
) -> None:
    end.say(1, "emptied", "no", at, happened_at=at - MINUTE)
    end.say(1, "emptied", "yes", at, happened_at=at - 2 * MINUTE)
    assert end.line(1).emptied is True


def test_a_locker_that_was_given_back_is_not_un_given(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(1, at)
    with pytest.raises(GivenBack, match="Locker 1 was given back already"):
        end.say(1, "emptied", "no", at + MINUTE)
    # What is seen later can still be said.
    end.say(1, "condition", "damaged", at + MINUTE)
    assert Ticket.objects.count() == 1


def test_a_closed_collection_takes_no_more_entries(end: TermEnd, at: dt.datetime) -> None:
    closing.close(collection_id=end.collection.pk, actor=SETUP, at=at)
    with pytest.raises(CollectionOver):
        end.say(1, "emptied", "yes", at + MINUTE)


def test_what_staff_are_emptying_is_not_given_back_beside_it(end: TermEnd, at: dt.datetime) -> None:
    recovery.begin(claim_id=end.claims[0].pk, actor=SETUP, at=at, reason="left")
    end.say(1, "condition", "good", at)
    with pytest.raises(InRecovery):
        end.say(1, "emptied", "yes", at)
    assert end.line(1).emptied is None


def test_who_finished_at_the_door_is_cleared_at_the_close(end: TermEnd, at: dt.datetime) -> None:
    Claim.objects.filter(pk=end.claims[0].pk).update(closed_at=at, closed_how="finished")
    report = closing.close(collection_id=end.collection.pk, actor=SETUP, at=at + MINUTE)
    assert end.line(1).cleared_at == at + MINUTE and report["total"]["cleared"] == 1
    assert not Hold.objects.filter(person=end.pupil(1)).exists()


def test_two_answers_of_two_tablets_are_both_kept(end: TermEnd, at: dt.datetime) -> None:
    max_ = Actor.staff(end.estate.max.pk)
    end.say(1, "emptied", "yes", at)
    saying.say(
        line_id=end.line(1).pk, about=About.CONDITION, answer="good", actor=max_, at=at,
        entry_id=uuid.uuid4(),
    )  # fmt: skip
    assert end.line(1).done_by == end.estate.max.pk
    assert set(end.line(1).entries.values_list("made_by", flat=True)) == {
        end.estate.olga.pk, end.estate.max.pk,
    }  # fmt: skip
