"""A pass at the lockers: as good as a badge, or good for one door alone."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine

from access.models import Pass
from access.services import passes
from audit.models import Event
from kiosk.models import Scan
from kiosk.services import readers
from lockers.choices import ReaderTransport
from lockers.models import Bank, Command, Compartment, Reader
from occupancy.models import Assignment
from tests import factories
from tests.factories.cast import AMIRA_BADGE, AMIRA_PIN, BEN_BADGE, SETUP, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes, typed


def issue(estate: Estate, at: dt.datetime, **told: Any) -> Pass:
    given: dict[str, Any] = {
        "person": estate.amira,
        "compartment": None,
        "starts_at": at,
        "ends_at": at + dt.timedelta(days=1),
        "is_single_use": False,
    }
    return passes.issue(actor=SETUP, at=at, **(given | told))


def show(kiosk: Kiosk, given: Pass, **more: str) -> Any:
    """Hold a pass to the screen's reader."""
    return kiosk.post("scan", {"badge": typed(passes.text_of(given)), **more})


def test_a_pass_stands_for_its_person(kiosk: Kiosk, estate: Estate, at: dt.datetime) -> None:
    told = show(kiosk, issue(estate, at)).json()
    assert told["initials"] == "AE"
    claimed = kiosk.post("claim", {"scan": told["scan"], "choice": ANY})
    assert claimed.status_code == 200
    assert Assignment.objects.get().holder == estate.amira
    identified = Event.objects.get(action="person.identified")
    assert identified.data["kind"] == "pass"
    assert identified.data["decision"]["code"] == "allowed"


def test_a_pass_for_one_door_opens_that_door_and_does_nothing_else(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    door = Compartment.objects.get(pk=got["compartment"])
    told = show(kiosk, issue(estate, at, compartment=door)).json()
    assert [hold["compartment"] for hold in told["holds"]] == [door.pk]
    assert told["choices"]["left"] == 0
    assert not told["may_change_pin"]
    scan = told["scan"]
    assert kiosk.post("open", {"scan": scan, "claim": got["claim"]}).status_code == 200
    refused = [
        kiosk.post("claim", {"scan": scan, "choice": ANY}),
        kiosk.post("claim", {"scan": scan, "instead_of": got["claim"]}),
        kiosk.post("pin", {"scan": scan, "old": AMIRA_PIN, "new": "739184"}),
    ]
    assert [codes(answer) for answer in refused] == [(403, "pass_for_one_door")] * 3


def test_a_pass_for_another_door_does_not_open_this_one(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    other = next(door for door in estate.doors if door.pk != got["compartment"])
    told = show(kiosk, issue(estate, at, compartment=other)).json()
    assert told["holds"] == []
    for verb in ("open", "finish"):
        answer = kiosk.post(verb, {"scan": told["scan"], "claim": got["claim"]})
        assert codes(answer) == (403, "pass_for_one_door")
    assert Command.objects.count() == 1


def test_a_pass_opens_no_door_that_its_person_may_not_open(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    got = kiosk.claim(BEN_BADGE)
    bens = Compartment.objects.get(pk=got["compartment"])
    told = show(kiosk, issue(estate, at, compartment=bens)).json()
    assert told["holds"] == []
    answer = kiosk.post("open", {"scan": told["scan"], "claim": got["claim"]})
    assert codes(answer) == (403, "no_grant")


def test_a_pass_for_one_use_is_used_by_the_first_scan_and_lasts_through_it(
    kiosk: Kiosk, estate: Estate, at: dt.datetime, clock: time_machine.Coordinates
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    given = issue(estate, at, is_single_use=True)
    first = show(kiosk, given).json()["scan"]
    # Held there a moment longer, it is still that scan.
    clock.shift(1)
    assert show(kiosk, given).json()["scan"] == first
    assert kiosk.post("open", {"scan": first, "claim": got["claim"]}).status_code == 200
    clock.shift(2)
    assert codes(show(kiosk, given)) == (403, "credential_used")


def test_a_pass_taken_back_between_two_touches_stops_the_second(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    given = issue(estate, at)
    scan = show(kiosk, given).json()["scan"]
    passes.revoke(given=given, actor=SETUP, at=at)
    answer = kiosk.post("open", {"scan": scan, "claim": got["claim"]})
    assert codes(answer) == (403, "credential_revoked")
    assert answer.json()["message"].startswith("This pass was taken back.")


@pytest.mark.parametrize("spoilt", ["one letter less", "one letter changed", "not signed by us"])
def test_a_spoilt_or_forged_pass_is_refused_and_recorded(
    kiosk: Kiosk, estate: Estate, at: dt.datetime, spoilt: str
) -> None:
    text = passes.text_of(issue(estate, at))
    if spoilt == "one letter less":
        text = text[:-1]
    elif spoilt == "one letter changed":
        text = text[:50] + ("A" if text[50] != "A" else "B") + text[51:]
    else:
        text = "LW1:" + "A" * 199
    answer = kiosk.post("scan", {"badge": typed(text)})
    assert codes(answer) == (403, "pass_refused")
    event = Event.objects.get(action="request.refused")
    assert event.data["kind"] == "pass"
    assert text not in str(event.data)
    assert not Scan.objects.exists()


def test_a_bank_that_asks_for_a_pin_asks_for_it_with_a_pass_too(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    Bank.objects.update(pin_rule="plain")
    given = issue(estate, at)
    assert codes(show(kiosk, given)) == (403, "pin_required")
    assert codes(show(kiosk, given, pin="000001"))[1] == "wrong_pin"
    assert show(kiosk, given, pin=AMIRA_PIN).status_code == 200


def at_reader(reader: Reader, given: Pass, at: dt.datetime) -> tuple[bool, str]:
    return readers.scan_at_reader(
        reader_id=reader.pk,
        text=passes.text_of(given),
        scan_id=uuid.uuid4(),
        bridge_id=reader.bank.bridge_id,
        at=at,
    )[:2]


@pytest.fixture
def wired(estate: Estate) -> Reader:
    return factories.ReaderFactory(
        bank=estate.bank, transport=ReaderTransport.WIRED, address="tcp://127.0.0.1:1"
    )


def test_at_a_wired_reader_a_pass_waits_for_the_screen(
    kiosk: Kiosk, estate: Estate, wired: Reader, at: dt.datetime
) -> None:
    given = issue(estate, at, is_single_use=True)
    assert at_reader(wired, given, at) == (True, "Look at the screen.")
    waiting = Scan.objects.get()
    assert waiting.shown_pass == given
    told = kiosk.post("scan", {"scan": str(waiting.pk)}).json()
    assert told["initials"] == "AE"
    assert kiosk.post("claim", {"scan": told["scan"], "choice": ANY}).status_code == 200


def test_at_a_doors_own_reader_a_pass_opens_that_door_and_claims_none(
    kiosk: Kiosk, estate: Estate, wired: Reader, at: dt.datetime
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    mine = Compartment.objects.get(pk=got["compartment"])
    given = issue(estate, at, compartment=mine)
    Reader.objects.filter(pk=wired.pk).update(compartment=mine)
    accepted, sentence = at_reader(wired, given, at)
    assert accepted
    assert sentence.startswith(f"Door {mine.number} is opening.")
    other = next(door for door in estate.doors if door.pk != mine.pk)
    Reader.objects.filter(pk=wired.pk).update(compartment=other)
    accepted, sentence = at_reader(wired, given, at)
    assert not accepted
    assert sentence.startswith("This pass is good for one door alone.")
    assert Assignment.objects.count() == 1
