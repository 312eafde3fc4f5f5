"""PINs over the terminal's addresses: besides a badge, changed, and instead of a lost badge."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from access.services import pins
from audit.models import Answer, Event
from kiosk.models import Scan, Terminal
from lockers.choices import PinRule, ReaderTransport
from lockers.models import Bank, Command, Reader
from lockers.services import enrolment
from occupancy.models import Assignment
from tests import factories
from tests.factories.cast import AMIRA_BADGE, AMIRA_NUMBER, AMIRA_PIN, BEN_BADGE, SETUP, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes, typed
from tests.kiosk.test_wired_readers import tap

NEW_PIN = "730862"


@pytest.fixture
def strict(estate: Estate) -> Estate:
    """Let bank A ask for the PIN besides every badge."""
    Bank.objects.update(pin_rule=PinRule.ALWAYS)
    return estate


@pytest.fixture
def reader(estate: Estate) -> Reader:
    return factories.ReaderFactory(
        bank=estate.bank, transport=ReaderTransport.WIRED, address="tcp://127.0.0.1:1"
    )


def wired(reader: Reader, badge: str, at: dt.datetime) -> str:
    """Tap at the bank's reader and return the scan that waits."""
    scan_id = uuid.uuid4()
    assert tap(reader, badge, at, scan_id) == (True, "Look at the screen.")
    return str(scan_id)


def test_badge_and_pin_come_in_one_request(kiosk: Kiosk, strict: Estate) -> None:
    badge = typed(AMIRA_BADGE)
    alone = kiosk.post("scan", {"badge": badge})
    assert codes(alone) == (403, "pin_required")
    assert "your PIN as well" in alone.json()["message"]
    assert codes(kiosk.post("scan", {"badge": badge, "pin": "111222"})) == (403, "wrong_pin")
    assert not Scan.objects.exists()
    told = kiosk.post("scan", {"badge": badge, "pin": AMIRA_PIN}).json()
    assert kiosk.post("claim", {"scan": told["scan"], "choice": ANY}).status_code == 200


def test_a_tap_that_claims_at_once_needs_its_pin_too(kiosk: Kiosk, strict: Estate) -> None:
    body = {"badge": typed(AMIRA_BADGE), "choice": ANY}
    assert codes(kiosk.post("claim", body)) == (403, "pin_required")
    assert not Assignment.objects.exists()
    assert kiosk.post("claim", {**body, "pin": AMIRA_PIN}).status_code == 200


def test_a_badge_that_can_be_copied_needs_its_pin_and_a_secure_one_does_not(
    kiosk: Kiosk, estate: Estate
) -> None:
    Bank.objects.update(pin_rule=PinRule.PLAIN)
    assert codes(kiosk.post("scan", {"badge": typed(AMIRA_BADGE)})) == (403, "pin_required")
    estate.ben.credentials.update(assurance="secure")
    assert kiosk.post("scan", {"badge": typed(BEN_BADGE)}).status_code == 200


def test_a_waiting_tap_does_nothing_until_its_pin_is_shown(
    kiosk: Kiosk, strict: Estate, reader: Reader, at: dt.datetime
) -> None:
    scan = wired(reader, AMIRA_BADGE, at)
    assert not Event.objects.filter(action="person.identified").exists()
    assert codes(kiosk.post("scan", {"scan": scan})) == (403, "pin_required")
    # The terminal has the scan now, and still cannot act by it.
    assert Scan.objects.get().terminal == strict.terminal
    assert codes(kiosk.post("claim", {"scan": scan, "choice": ANY})) == (410, "scan_over")
    assert codes(kiosk.post("scan", {"scan": scan, "pin": "111222"})) == (403, "wrong_pin")
    assert codes(kiosk.post("claim", {"scan": scan, "choice": ANY})) == (410, "scan_over")
    assert kiosk.post("scan", {"scan": scan, "pin": AMIRA_PIN}).status_code == 200
    assert kiosk.post("claim", {"scan": scan, "choice": ANY}).status_code == 200
    assert Event.objects.filter(action="person.identified").count() == 1


def test_only_the_screen_that_asked_first_gets_the_pin(
    kiosk: Kiosk, strict: Estate, reader: Reader, at: dt.datetime
) -> None:
    factories.TerminalFactory(bank=strict.bank, token_digest=enrolment.digest("beside"))
    scan = wired(reader, AMIRA_BADGE, at)
    assert codes(kiosk.post("scan", {"scan": scan})) == (403, "pin_required")
    beside = Kiosk("beside")
    assert codes(beside.post("scan", {"scan": scan})) == (409, "scan_taken")
    assert codes(beside.post("scan", {"scan": scan, "pin": AMIRA_PIN})) == (409, "scan_taken")


def test_a_screen_that_is_cleared_ends_the_tap_that_waits_for_its_pin(
    kiosk: Kiosk, strict: Estate, reader: Reader, at: dt.datetime
) -> None:
    scan = wired(reader, AMIRA_BADGE, at)
    assert codes(kiosk.post("scan", {"scan": scan})) == (403, "pin_required")
    assert kiosk.post("end", {"scan": scan}).status_code == 200
    assert codes(kiosk.post("scan", {"scan": scan, "pin": AMIRA_PIN})) == (409, "scan_taken")


def test_a_tap_that_needs_a_pin_waits_long_enough_to_type_it(
    kiosk: Kiosk, strict: Estate, reader: Reader, at: dt.datetime, clock: object
) -> None:
    scan = wired(reader, AMIRA_BADGE, at)
    assert codes(kiosk.post("scan", {"scan": scan})) == (403, "pin_required")
    assert Scan.objects.get().expires_at == at + dt.timedelta(seconds=120)


def test_a_reader_without_a_screen_says_that_nothing_takes_the_pin(
    strict: Estate, reader: Reader, at: dt.datetime
) -> None:
    Terminal.objects.all().delete()
    assert tap(reader, AMIRA_BADGE, at) == (
        False,
        "A PIN is needed here as well, and nothing takes it. Ask reception.",
    )
    assert not Command.objects.exists()
    assert Event.objects.get(action="request.refused").data["code"] == "pin_required"


def test_a_doors_own_reader_sends_to_the_screen(strict: Estate, at: dt.datetime) -> None:
    at_the_door = factories.ReaderFactory(
        bank=strict.bank,
        compartment=strict.doors[1],
        transport=ReaderTransport.WIRED,
        address="tcp://127.0.0.1:2",
    )
    accepted, said = tap(at_the_door, AMIRA_BADGE, at)
    assert (accepted, said) == (
        False,
        "These lockers ask for your PIN as well. Type it at the screen.",
    )
    assert not Command.objects.exists()


def test_the_own_pin_is_changed_during_ones_turn(kiosk: Kiosk, estate: Estate) -> None:
    told = kiosk.scan(AMIRA_BADGE)
    assert told["may_change_pin"] is True
    change = {"scan": told["scan"], "old": AMIRA_PIN, "new": NEW_PIN}
    weak = kiosk.post("pin", {**change, "new": "123123"})
    assert codes(weak) == (400, "weak_pin")
    assert codes(kiosk.post("pin", {**change, "old": "111222"})) == (403, "wrong_pin")
    assert kiosk.post("pin", change).status_code == 200
    body = {"personal_number": AMIRA_NUMBER, "pin": AMIRA_PIN}
    assert codes(kiosk.post("scan", body)) == (403, "wrong_pin")
    assert kiosk.post("scan", {**body, "pin": NEW_PIN}).status_code == 200


def test_the_old_pin_cannot_be_guessed_by_changing_it(kiosk: Kiosk, estate: Estate) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    for number in range(5):
        wrong = {"scan": scan, "old": f"11122{number}", "new": NEW_PIN}
        assert codes(kiosk.post("pin", wrong)) == (403, "wrong_pin")
    right = {"scan": scan, "old": AMIRA_PIN, "new": NEW_PIN}
    assert codes(kiosk.post("pin", right)) == (429, "too_many_attempts")


def test_a_pin_is_changed_only_during_ones_turn(kiosk: Kiosk, estate: Estate) -> None:
    nobody = {"scan": str(uuid.uuid4()), "old": AMIRA_PIN, "new": NEW_PIN}
    assert codes(kiosk.post("pin", nobody)) == (410, "scan_over")


def test_who_has_no_pin_is_not_asked_to_change_it(kiosk: Kiosk) -> None:
    assert kiosk.scan(BEN_BADGE)["may_change_pin"] is False


def test_a_recovery_pin_opens_ones_door_and_a_lost_answer_is_told_again(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    mine = kiosk.claim(AMIRA_BADGE)
    lent = pins.lend_recovery(person=estate.amira, actor=SETUP, at=at)
    body = {"door": mine["number"], "pin": lent.pin}
    first = kiosk.post("scan", body, key="the-recovery")
    assert first.json()["is_recovery"] is True
    assert kiosk.post("scan", body, key="the-recovery").json() == first.json()
    opened = kiosk.post("open", {"scan": first.json()["scan"], "claim": mine["claim"]})
    assert opened.status_code == 200
    assert codes(kiosk.post("scan", body)) == (403, "wrong_pin")


def test_no_pin_stands_in_the_trail_or_among_the_answers(kiosk: Kiosk, strict: Estate) -> None:
    kiosk.post("scan", {"badge": typed(AMIRA_BADGE), "pin": AMIRA_PIN})
    kiosk.post("scan", {"badge": typed(AMIRA_BADGE), "pin": "111222"})
    kept = str([list(Event.objects.values()), list(Answer.objects.values())])
    assert AMIRA_PIN not in kept
    assert "111222" not in kept
