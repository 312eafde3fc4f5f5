from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine

from audit.models import Event
from kiosk.models import Scan
from lockers.choices import CommandStatus
from lockers.models import Command, Compartment, Door
from lockers.services import enrolment
from occupancy.models import Assignment
from tests import factories
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes, typed


def test_a_tap_says_what_the_person_may_do_and_shows_no_name(kiosk: Kiosk, estate: Estate) -> None:
    told = kiosk.scan(AMIRA_BADGE)
    assert (told["initials"], told["holds"]) == ("AE", [])
    assert told["choices"]["left"] == 1
    assert told["choices"]["any"] == 3
    assert {size["name"]: size["free"] for size in told["choices"]["sizes"]} == {
        "Small": 2,
        "Large": 1,
    }
    assert "Amira" not in str(told)
    scan = Scan.objects.get(pk=told["scan"])
    assert (scan.person, scan.terminal, scan.bank) == (estate.amira, estate.terminal, estate.bank)
    assert Event.objects.filter(action="person.identified", person_id=estate.amira.pk).exists()


@pytest.mark.parametrize("want", ["any", "size", "compartment"])
def test_a_claim_gives_a_door_and_asks_it_to_open(kiosk: Kiosk, estate: Estate, want: str) -> None:
    choice = {"any": ANY, "size": {"size": estate.large.pk}}.get(
        want, {"compartment": estate.doors[1].pk}
    )
    got = kiosk.claim(AMIRA_BADGE, choice)
    number = {"any": "1", "size": "3", "compartment": "2"}[want]
    assert got["number"] == number
    assignment = Assignment.objects.get(pk=got["claim"])
    assert (assignment.holder, assignment.compartment.number) == (estate.amira, number)
    command = Command.objects.get(pk=got["command"])
    assert (command.status, command.purpose) == ("queued", "claim")
    claimed = Event.objects.get(action="assignment.claimed")
    assert claimed.actor_kind == "person"
    assert claimed.data["terminal"] == estate.terminal.pk


def test_a_badge_can_identify_and_claim_in_one_request(kiosk: Kiosk, estate: Estate) -> None:
    answer = kiosk.post("claim", {"badge": typed(AMIRA_BADGE), "choice": ANY})
    assert answer.status_code == 200
    assert Assignment.objects.get(pk=answer.json()["claim"]).holder == estate.amira
    assert not Scan.objects.exists()


def test_a_second_tap_offers_the_door_and_keeps_it(kiosk: Kiosk, estate: Estate) -> None:
    claim = kiosk.claim(AMIRA_BADGE)
    told = kiosk.scan(AMIRA_BADGE)
    assert [hold["number"] for hold in told["holds"]] == [claim["number"]]
    assert told["holds"][0]["where"] == "the first on the left, at waist height"
    assert told["choices"]["left"] == 0
    opened = kiosk.post("open", {"scan": told["scan"], "claim": claim["claim"]}).json()
    assert Command.objects.get(pk=opened["command"]).purpose == "open_again"
    assert Assignment.objects.get(pk=claim["claim"]).closed_at is None


def test_finish_gives_it_back_and_undo_within_a_minute_returns_it(
    kiosk: Kiosk, clock: time_machine.Coordinates
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    body = {"scan": got["scan"], "claim": got["claim"]}
    finished = kiosk.post("finish", body).json()
    assert finished == {"claim": got["claim"], "number": "1", "undo_seconds": 60}
    assert Assignment.objects.get(pk=got["claim"]).closed_how == "finished"
    clock.shift(59)
    told = kiosk.post("undo", body).json()
    assert [hold["claim"] for hold in told["holds"]] == [got["claim"]]
    kiosk.post("finish", body)
    clock.shift(61)
    assert codes(kiosk.post("undo", body)) == (409, "undo_over")


def test_a_repeated_key_gets_the_first_answer_and_one_door(kiosk: Kiosk) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    body = {"scan": scan, "choice": ANY}
    first = kiosk.post("claim", body, key="the-same-key").json()
    assert kiosk.post("claim", body, key="the-same-key").json() == first
    assert Assignment.objects.count() == Command.objects.count() == 1
    other = kiosk.post("claim", {"scan": scan, "choice": {"size": 1}}, key="the-same-key")
    assert codes(other) == (422, "idempotency_key_reused")


def test_a_repeated_wrong_pin_is_counted_once(kiosk: Kiosk) -> None:
    body = {"personal_number": "1001", "pin": "111222"}
    for _repeat in range(8):
        assert codes(kiosk.post("scan", body, key="the-same-key")) == (403, "wrong_pin")
    assert Event.objects.filter(action="person.pin_wrong").count() == 1


def test_what_is_stored_of_a_request_cannot_be_tried_out(kiosk: Kiosk) -> None:
    from audit.models import Answer
    from audit.services import idempotency

    body = {"badge": typed(AMIRA_BADGE)}
    kiosk.post("scan", body)
    stored = Answer.objects.get()
    assert AMIRA_BADGE not in f"{stored.body}{stored.fingerprint}"
    assert stored.fingerprint != idempotency.fingerprint("/kiosk/scan", body)


def test_without_a_key_nothing_is_done(kiosk: Kiosk) -> None:
    answer = kiosk.post("scan", {"badge": typed(AMIRA_BADGE)}, key="short")
    assert codes(answer) == (400, "idempotency_key_missing")
    assert not Scan.objects.exists()


def test_a_scan_lasts_two_minutes_and_every_act_extends_it(
    kiosk: Kiosk, clock: time_machine.Coordinates, at: dt.datetime
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    act = {"scan": got["scan"], "claim": got["claim"]}
    for _act in range(3):
        clock.shift(119)
        # Heartbeats go on.
        factories.BridgePresence.objects.update(last_seen_at=dt.datetime.now(dt.UTC))
        assert kiosk.post("open", act).status_code == 200
    clock.shift(121)
    assert codes(kiosk.post("open", act)) == (410, "scan_over")


def test_a_refused_choice_keeps_the_scan_alive(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates
) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    kiosk.claim(BEN_BADGE, {"compartment": estate.doors[0].pk})
    clock.shift(5)
    taken = kiosk.post("claim", {"scan": scan, "choice": {"compartment": estate.doors[0].pk}})
    assert codes(taken) == (409, "compartment_taken")
    expires_at = Scan.objects.get(pk=scan).expires_at
    assert expires_at == dt.datetime.now(dt.UTC) + dt.timedelta(seconds=120)


def test_an_ended_scan_acts_no_more(kiosk: Kiosk) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    assert kiosk.post("end", {"scan": scan}).json() == {}
    assert kiosk.post("end", {"scan": scan}).json() == {}
    assert codes(kiosk.post("claim", {"scan": scan, "choice": ANY})) == (410, "scan_over")


def test_the_same_badge_within_two_seconds_is_one_scan(
    kiosk: Kiosk, clock: time_machine.Coordinates
) -> None:
    first = kiosk.scan(AMIRA_BADGE)["scan"]
    clock.shift(1.5)
    assert kiosk.scan(AMIRA_BADGE)["scan"] == first
    clock.shift(1)
    assert kiosk.scan(AMIRA_BADGE)["scan"] != first


def test_a_scan_of_another_terminal_is_refused(kiosk: Kiosk, estate: Estate) -> None:
    factories.TerminalFactory(bank=estate.bank, token_digest=enrolment.digest("the other"))
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    stolen = Kiosk("the other").post("claim", {"scan": scan, "choice": ANY})
    assert codes(stolen) == (410, "scan_over")
    assert not Assignment.objects.exists()


def test_nobody_acts_on_the_door_of_somebody_else(kiosk: Kiosk) -> None:
    mine = kiosk.claim(AMIRA_BADGE)
    scan = kiosk.scan(BEN_BADGE)["scan"]
    for verb, code in [("open", "no_grant"), ("finish", "not_the_holder")]:
        answer = kiosk.post(verb, {"scan": scan, "claim": mine["claim"]})
        assert codes(answer) == (403, code)
    assert Assignment.objects.get(pk=mine["claim"]).closed_at is None


def test_a_door_of_another_bank_is_shown_and_not_opened_from_here(
    kiosk: Kiosk, estate: Estate
) -> None:
    bank = factories.BankFactory(
        site=estate.site, bridge=estate.bridge, name="B", directions="First floor"
    )
    door = factories.CompartmentFactory(
        bank=bank, number="77", size=estate.small, controller=estate.controller, channel=20
    )
    factories.TerminalFactory(bank=bank, token_digest=enrolment.digest("bank B"))
    factories.ReaderFactory(bank=bank)
    there = Kiosk("bank B").claim(AMIRA_BADGE, {"compartment": door.pk})
    told = kiosk.scan(AMIRA_BADGE)
    assert [(h["number"], h["bank"], h["here"]) for h in told["holds"]] == [("77", "B", False)]
    answer = kiosk.post("open", {"scan": told["scan"], "claim": there["claim"]})
    assert codes(answer) == (409, "not_at_this_bank")
    assert "bank B" in answer.json()["message"]


def test_another_door_instead_of_one_that_did_not_open(kiosk: Kiosk, estate: Estate) -> None:
    first = kiosk.claim(AMIRA_BADGE)
    body = {"scan": first["scan"], "instead_of": first["claim"]}
    assert codes(kiosk.post("claim", body)) == (409, "door_did_open")
    Command.objects.update(status=CommandStatus.FAILED)
    second = kiosk.post("claim", body).json()
    assert (first["number"], second["number"]) == ("1", "2")
    held = Assignment.objects.filter(closed_at=None).values_list("compartment__number", flat=True)
    assert list(held) == ["2"]


def test_no_other_door_leaves_the_first_one_theirs(kiosk: Kiosk, estate: Estate) -> None:
    first = kiosk.claim(AMIRA_BADGE)
    Command.objects.update(status=CommandStatus.FAILED)
    Compartment.objects.exclude(pk=first["compartment"]).update(service_status="fault")
    body = {"scan": first["scan"], "instead_of": first["claim"]}
    assert codes(kiosk.post("claim", body)) == (409, "no_compartment_available")
    assert Assignment.objects.get(pk=first["claim"]).closed_at is None


def test_an_open_door_is_said_before_it_is_opened_again(kiosk: Kiosk) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    Door.objects.filter(compartment_id=got["compartment"]).update(state="open")
    assert kiosk.scan(AMIRA_BADGE)["holds"][0]["compartment"] in kiosk.bank()["open"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"badge": 1},
        {"badge": "~0004215873\r", "pin": 1},
        {"scan": "not-an-id"},
        {"personal_number": "1001"},
        {"door": "1", "pin": None},
        {"badge": "x" * 600},
        {"badge": "~00042\x0058\r"},
    ],
)
def test_a_scan_that_cannot_be_read_is_refused(kiosk: Kiosk, body: dict[str, object]) -> None:
    assert codes(kiosk.post("scan", body)) == (400, "malformed")


@pytest.mark.parametrize(
    "choice", [None, {}, {"any": False}, {"size": "1"}, {"compartment": True}, {"size": -1}, "any"]
)
def test_a_choice_that_cannot_be_read_is_refused(kiosk: Kiosk, choice: object) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    assert codes(kiosk.post("claim", {"scan": scan, "choice": choice})) == (400, "malformed")
    assert not Assignment.objects.exists()


def test_a_claim_of_nobody_is_refused(kiosk: Kiosk) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    for verb in ("open", "finish", "undo"):
        answer = kiosk.post(verb, {"scan": scan, "claim": 999_999})
        assert codes(answer) == (403, "not_the_holder")
    ghost = kiosk.post("claim", {"scan": str(uuid.uuid4()), "choice": ANY})
    assert codes(ghost) == (410, "scan_over")
