"""A collection is closed: what is missing is charged, and lockers open again for the cleared."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from access.errors.decisions import NotAllowed
from access.errors.keys import CannotHoldKeys
from access.models import Hold, KeyCharge
from access.services import keys
from access.services.lost_keys import waive
from access.signatures import Signature
from audit.actions import Action
from audit.models import Event
from maintenance.choices import KeyAnswer
from maintenance.errors.collections import (
    ClearedAlready,
    CollectionNotBegun,
    CollectionOver,
    KeyNotSaid,
    NotDamaged,
    StillInside,
)
from maintenance.models import Collection, CollectionLine, Ticket
from maintenance.services.collections import clearing, closing
from occupancy.errors.custody import InRecovery
from occupancy.models import Claim
from occupancy.services.claims import assignments
from occupancy.services.custody import giving
from occupancy.services.ending import recovery
from tests.factories.cast import SETUP, Estate
from tests.factories.school_collections import TermEnd, holding, term_end

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def end(estate: Estate, at: dt.datetime) -> TermEnd:
    return term_end(estate, at)


def close(end: TermEnd, at: dt.datetime, **values: bool) -> dict[str, object]:
    return closing.close(collection_id=end.collection.pk, actor=SETUP, at=at, **values)


def give(end: TermEnd, number: int, at: dt.datetime) -> None:
    """Give the nth pupil the large door."""
    giving.give(
        policy_id=end.estate.policy.pk, compartment_id=end.estate.doors[2].pk,
        person_id=end.pupil(number).pk, actor=SETUP, at=at,
    )  # fmt: skip


def clear(end: TermEnd, number: int, at: dt.datetime, **values: object) -> None:
    clearing.clear(
        line_id=end.line(number).pk, reason="Paid on Tuesday", actor=SETUP, at=at,
        **values,  # type: ignore[arg-type]  # of whichever field
    )  # fmt: skip


def test_lockers_are_open_again_only_to_those_who_are_cleared(
    end: TermEnd, at: dt.datetime
) -> None:
    end.all_back(1, at)
    close(end, at)
    give(end, 1, at)  # is cleared
    with pytest.raises(NotAllowed, match="hold"):
        give(end, 4, at)
    with pytest.raises(NotAllowed):  # nor does what they have open
        assignments.open_again(
            claim_id=end.claims[3].pk, person_id=end.pupil(4).pk, actor=SETUP, at=at
        )
    with pytest.raises(CannotHoldKeys):
        keys.issue(
            key=end.key, person=end.pupil(4), signature=Signature("Pupil4", "typed"),  # type: ignore[arg-type]  # the word itself
            actor=SETUP, at=at,
        )  # fmt: skip


def test_who_is_cleared_by_name_is_let_go(end: TermEnd, at: dt.datetime) -> None:
    close(end, at)
    with pytest.raises(StillInside):
        clear(end, 4, at)
    clear(end, 4, at + MINUTE, is_empty=True)
    assert Claim.objects.get(pk=end.claims[3].pk).closed_at == at + MINUTE
    assert Hold.objects.get(person=end.pupil(4)).lifted_at == at + MINUTE
    assert end.line(4).cleared_because == "Paid on Tuesday"
    assert Event.objects.get(action=Action.COLLECTION_CLEARED).reason == "Paid on Tuesday"
    give(end, 4, at + MINUTE)
    with pytest.raises(ClearedAlready):
        clear(end, 4, at + MINUTE)


def test_a_hold_stays_until_the_last_locker_of_a_pupil_is_cleared(
    end: TermEnd, at: dt.datetime
) -> None:
    CollectionLine.objects.filter(pk=end.line(3).pk).update(person=end.pupil(1))
    close(end, at)
    hold = Hold.objects.get(person=end.pupil(1))
    assert "1, C1" in hold.reason
    clear(end, 1, at, is_empty=True)
    hold.refresh_from_db()
    assert hold.lifted_at is None
    clear(end, 3, at, is_empty=True)
    hold.refresh_from_db()
    assert hold.lifted_at == at


def test_keys_that_are_not_back_can_be_charged_at_the_close(end: TermEnd, at: dt.datetime) -> None:
    end.say(2, "key", "not_back", at)
    close(end, at, charge_keys=True)
    assert KeyCharge.objects.get().person == end.pupil(2)
    assert (end.line(2).key, holding(end).ended_how) == ("lost", "lost")


def test_or_else_stay_out(end: TermEnd, at: dt.datetime) -> None:
    close(end, at)
    assert not KeyCharge.objects.exists() and holding(end).returned_at is None
    with pytest.raises(KeyNotSaid):
        clear(end, 2, at, is_empty=True)
    clear(end, 2, at, is_empty=True, key=KeyAnswer.BACK)
    assert holding(end).ended_how == "returned"


def test_a_key_that_came_back_at_the_desk_is_known(end: TermEnd, at: dt.datetime) -> None:
    end.say(2, "emptied", "yes", at)
    keys.return_(key=end.key, actor=SETUP, at=at)
    Claim.objects.filter(pk=end.claims[1].pk).update(closed_at=at, closed_how="finished")
    close(end, at + MINUTE, charge_keys=True)
    assert end.line(2).key == "back" and end.line(2).cleared_at == at + MINUTE


def test_a_charge_keeps_from_being_cleared_until_somebody_says_why(
    end: TermEnd, at: dt.datetime
) -> None:
    end.say(2, "emptied", "yes", at)
    end.say(2, "condition", "good", at)
    end.say(2, "key", "lost", at)
    waive(charge=KeyCharge.objects.get(), reason="stolen", actor=SETUP, at=at)
    close(end, at)
    with pytest.raises(NotAllowed):
        give(end, 2, at)
    clear(end, 2, at)
    give(end, 2, at)


def test_damage_is_charged_and_takes_back_that_the_pupil_was_cleared(
    end: TermEnd, at: dt.datetime
) -> None:
    with pytest.raises(NotDamaged):
        clearing.charge_damage(
            line_id=end.line(1).pk, amount_minor=100, note="", actor=SETUP, at=at
        )  # fmt: skip
    end.say(1, "emptied", "yes", at)
    assert end.say(1, "condition", "damaged", at).cleared_at == at
    close(end, at)
    clearing.charge_damage(
        line_id=end.line(1).pk, amount_minor=2000, note="New hinge", actor=SETUP, at=at
    )
    assert end.line(1).cleared_at is None and end.line(1).currency == "GBP"
    with pytest.raises(NotAllowed):
        give(end, 1, at)
    clear(end, 1, at)
    with pytest.raises(ClearedAlready):
        clearing.charge_damage(
            line_id=end.line(1).pk, amount_minor=1, note="", actor=SETUP, at=at
        )  # fmt: skip


def test_damage_that_was_seen_gets_its_ticket_although_the_pupil_never_came(
    end: TermEnd, at: dt.datetime
) -> None:
    end.say(1, "condition", "damaged", at)
    close(end, at)
    assert Ticket.objects.get().compartment == end.estate.doors[0]


def test_what_staff_are_emptying_is_cleared_after_they_are_done(
    end: TermEnd, at: dt.datetime
) -> None:
    case = recovery.begin(claim_id=end.claims[0].pk, actor=SETUP, at=at, reason="left")
    close(end, at)
    with pytest.raises(InRecovery):
        clear(end, 1, at, is_empty=True)
    user = end.estate.olga.pk
    recovery.opened_by_key(recovery_id=case.pk, user_id=user, at=at, reason="left")
    recovery.empty(recovery_id=case.pk, found=False, actor=SETUP, at=at)
    recovery.close(recovery_id=case.pk, actor=SETUP, at=at)
    clear(end, 1, at)
    assert Hold.objects.get(person=end.pupil(1)).lifted_at == at


def test_the_report_says_how_it_went_form_by_form(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(1, at)
    end.say(2, "emptied", "yes", at)
    end.say(2, "condition", "damaged", at)
    end.say(2, "key", "lost", at)
    report = close(end, at)
    nothing = {"damaged": 0, "charged": 0, "keys_missing": 0}
    assert report == {
        "forms": [
            {"form": "7A", "lockers": 3, "cleared": 1, "not_emptied": 1, "keys_missing": 1,
             "damaged": 1, "charged": 1, "not_looked_at": 1},
            {"form": "7B", "lockers": 1, "cleared": 0, "not_emptied": 1, **nothing,
             "not_looked_at": 1},
        ],
        "total": {"lockers": 4, "cleared": 1, "not_emptied": 2, "keys_missing": 1, "damaged": 1,
                  "charged": 1, "not_looked_at": 2},
    }  # fmt: skip
    assert Collection.objects.get(pk=end.collection.pk).report == report
    with pytest.raises(CollectionOver):
        close(end, at)


def test_what_has_not_begun_is_not_closed(estate: Estate, at: dt.datetime) -> None:
    with pytest.raises(CollectionNotBegun):
        close(term_end(estate, at, begun=False), at)


@pytest.mark.parametrize(
    "said",
    [
        {"emptied": False, "key": "back"},
        {"emptied": None, "key": "back"},
        {"emptied": True, "key": ""},
        {"emptied": True, "key": "not_back"},
        {"emptied": True, "key": "lost"},
        {"emptied": True, "key": "back", "condition": "damaged", "damage_minor": 100,
         "currency": "GBP"},
    ],
)  # fmt: skip
def test_the_database_clears_nobody_who_owes_something(
    end: TermEnd, at: dt.datetime, said: dict[str, object]
) -> None:
    line = CollectionLine.objects.filter(pk=end.line(2).pk)
    with (
        pytest.raises(IntegrityError, match="maintenance_cleared_is_who_gave_all_back"),
        transaction.atomic(),
    ):
        line.update(**said, cleared_at=at)
    # With a reason, what is lost or to pay is settled; what is not back is not.
    is_settled = said["emptied"] is True and said["key"] in ("back", "lost")
    if is_settled:
        line.update(**said, cleared_at=at, cleared_because="Paid")
        return
    with pytest.raises(IntegrityError), transaction.atomic():
        line.update(**said, cleared_at=at, cleared_because="Paid")
