"""What stands against somebody at the door: holds, hours, what was revoked a moment ago."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from access.choices import CredentialStatus
from access.models import Credential, Hold, Person
from access.services import credentials, holds
from audit.models import Event
from lockers.models import Bank, Command
from occupancy.models import Assignment
from tests.factories.cast import AMIRA_BADGE, SETUP, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes, typed

HOUR = dt.timedelta(hours=1)
# Not so long that the bridge counts as silent.
SECONDS = dt.timedelta(seconds=5)


def decision_of(action: str) -> dict[str, object]:
    """Return the decision that stands in the newest event of a kind."""
    decision: dict[str, object] = Event.objects.filter(action=action).latest("id").data["decision"]
    return decision


def place(person: Person, at: dt.datetime, ends_at: dt.datetime | None = None) -> Hold:
    return holds.place(
        person=person, reason="items to be returned", actor=SETUP, at=at, ends_at=ends_at
    )


def test_somebody_on_hold_is_told_so_and_not_why(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    place(estate.amira, at)
    answer = kiosk.post("scan", {"badge": typed(AMIRA_BADGE)})
    assert codes(answer) == (403, "person_held")
    assert answer.json()["message"] == "Your access is on hold. Ask reception."
    assert "items" not in answer.content.decode()
    assert decision_of("request.refused")["why"] == [
        "person: active",
        "hold: in force -> person_held",
    ]


def test_a_hold_ends_when_it_is_lifted_or_over(
    kiosk: Kiosk, estate: Estate, at: dt.datetime, clock: time_machine.Coordinates
) -> None:
    lifted = place(estate.amira, at)
    place(estate.amira, at, ends_at=at + HOUR)
    holds.lift(hold=lifted, actor=SETUP, at=at)
    assert codes(kiosk.post("scan", {"badge": typed(AMIRA_BADGE)}))[1] == "person_held"
    clock.shift(HOUR)
    kiosk.scan(AMIRA_BADGE)
    told = Event.objects.filter(person_id=estate.amira.pk, action__startswith="person.h")
    assert [event.action for event in told] == ["person.hold_lifted", "person.held", "person.held"]


def test_lifting_twice_is_one_event(estate: Estate, at: dt.datetime) -> None:
    hold = place(estate.amira, at)
    for _twice in range(2):
        holds.lift(hold=hold, actor=SETUP, at=at + HOUR)
    assert Event.objects.filter(action="person.hold_lifted").count() == 1
    assert Hold.objects.get().lifted_at == at + HOUR


@pytest.mark.parametrize("what", ["hold", "suspension", "revocation by plain SQL", "end"])
def test_what_is_taken_away_between_two_touches_stops_the_second(
    kiosk: Kiosk,
    estate: Estate,
    at: dt.datetime,
    clock: time_machine.Coordinates,
    what: str,
) -> None:
    claimed = kiosk.claim(AMIRA_BADGE)
    badge = estate.amira.credentials.get(kind="badge")
    if what == "hold":
        place(estate.amira, at)
    elif what == "suspension":
        credentials.set_status(
            credential=badge, status=CredentialStatus.SUSPENDED, actor=SETUP, at=at
        )
    elif what == "end":
        Credential.objects.filter(pk=badge.pk).update(valid_until=at + HOUR / 60)
        clock.shift(HOUR / 60)
    else:
        Credential.objects.filter(pk=badge.pk).update(status=CredentialStatus.REVOKED)
    answer = kiosk.post("open", {"scan": claimed["scan"], "claim": claimed["claim"]})
    expected = {
        "hold": "person_held",
        "suspension": "credential_suspended",
        "end": "credential_over",
    }
    assert codes(answer) == (403, expected.get(what, "credential_revoked"))
    assert Command.objects.count() == 1
    # The door stays theirs: staff decide what becomes of it.
    assert Assignment.objects.get().closed_at is None


def test_nobody_opens_or_gets_a_door_while_the_bank_is_shut(
    kiosk: Kiosk, estate: Estate, at: dt.datetime, clock: time_machine.Coordinates
) -> None:
    claimed = kiosk.claim(AMIRA_BADGE)
    local = at.astimezone(estate.site.zone)
    Bank.objects.update(curfew_from=local.time(), curfew_until=(local + SECONDS).time())
    sentence = "These lockers are shut at this hour. Come back when they open."
    answer = kiosk.post("open", {"scan": claimed["scan"], "claim": claimed["claim"]})
    assert codes(answer) == (403, "curfew")
    assert answer.json()["message"] == sentence
    kiosk.post("finish", {"scan": claimed["scan"], "claim": claimed["claim"]})
    answer = kiosk.post("claim", {"scan": claimed["scan"], "choice": ANY})
    assert codes(answer) == (403, "curfew")
    assert "-> curfew" in str(decision_of("request.refused")["why"])
    clock.shift(SECONDS)
    kiosk.claim(AMIRA_BADGE)


def test_every_tap_claim_and_opening_leaves_its_decision(kiosk: Kiosk, estate: Estate) -> None:
    claimed = kiosk.claim(AMIRA_BADGE)
    kiosk.post("open", {"scan": claimed["scan"], "claim": claimed["claim"]})
    assert decision_of("person.identified") == {
        "code": "allowed",
        "why": ["person: active", "credential: active"],
    }
    assert decision_of("assignment.claimed")["code"] == "allowed"
    opened = decision_of("door.open_requested")
    assert opened["code"] == "allowed"
    assert "grant: given from" in str(opened["why"])
    assert "door: in_service" in str(opened["why"])
