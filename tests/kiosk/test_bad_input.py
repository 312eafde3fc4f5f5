from __future__ import annotations

import pytest
import time_machine

from access.choices import CredentialStatus
from access.models import Throttle
from access.services import credentials
from audit.models import Event
from kiosk.models import Scan
from lockers.models import BridgePresence, Command
from occupancy.models import Assignment
from tests.factories.cast import (
    AMIRA_BADGE,
    AMIRA_NUMBER,
    AMIRA_PIN,
    BEN_BADGE,
    CARLA_BADGE,
    DEV_BADGE,
    SETUP,
    Estate,
)
from tests.kiosk.conftest import ANY, Kiosk, codes, typed


def refusals() -> list[str]:
    return [
        event.data["code"]
        for event in Event.objects.filter(
            action__in=["request.refused", "person.pin_wrong"]
        ).order_by("id")
    ]


def nothing_happened() -> bool:
    return not (Scan.objects.exists() or Assignment.objects.exists() or Command.objects.exists())


@pytest.mark.parametrize(
    ("badge", "expected"),
    [
        ("9999999999", (404, "unknown_badge")),
        (CARLA_BADGE, (403, "person_suspended")),
        (DEV_BADGE, (403, "person_left")),
    ],
)
@pytest.mark.parametrize("verb", ["scan", "claim"])
def test_a_badge_that_may_not_is_told_why(
    kiosk: Kiosk, badge: str, expected: tuple[int, str], verb: str
) -> None:
    body: dict[str, object] = {"badge": typed(badge)}
    if verb == "claim":
        body["choice"] = ANY
    answer = kiosk.post(verb, body)
    assert codes(answer) == expected
    assert "reception" in answer.json()["message"]
    assert refusals() == [expected[1]]
    assert nothing_happened()


def test_a_revoked_badge_is_told_so(kiosk: Kiosk, estate: Estate) -> None:
    badge = estate.amira.credentials.get(kind="badge")
    credentials.set_status(
        credential=badge,
        status=CredentialStatus.REVOKED,
        actor=SETUP,
        at=badge.issued_at,
    )
    answer = kiosk.post("scan", {"badge": typed(AMIRA_BADGE)})
    assert codes(answer) == (403, "credential_revoked")
    assert answer.json()["message"] == (
        "This badge is not valid any more. Ask reception for a new one."
    )
    assert refusals() == ["credential_revoked"]
    assert nothing_happened()


@pytest.mark.parametrize(
    "raw",
    [
        AMIRA_BADGE,
        f"~{AMIRA_BADGE}",
        f"{AMIRA_BADGE}\r",
        f"~{AMIRA_BADGE[1:]}\r",
        f"~{AMIRA_BADGE[:-1]}\r",
        f"~{AMIRA_BADGE}0\r",
        f"~~{AMIRA_BADGE[1:]}x\r",
        f"~{AMIRA_BADGE[:-1]} \r",
        f"~{AMIRA_BADGE}\r\r",
        f"#{AMIRA_BADGE}\r",
        "",
    ],
)
def test_a_badge_that_was_not_read_whole_is_nobodys(kiosk: Kiosk, raw: str) -> None:
    answer = kiosk.post("scan", {"badge": raw})
    assert codes(answer) == (400, "bad_read")
    assert "not read whole" in answer.json()["message"]
    assert refusals() == ["bad_read"]
    event = Event.objects.get(action="request.refused")
    assert AMIRA_BADGE[2:8] not in str(event.data)
    assert nothing_happened()


def test_a_bank_without_such_a_reader_accepts_no_typed_badge(kiosk: Kiosk, estate: Estate) -> None:
    estate.reader.transport = "wired"
    estate.reader.save(update_fields=["transport"])
    assert codes(kiosk.post("scan", {"badge": typed(AMIRA_BADGE)})) == (400, "bad_read")


def test_a_pin_follows_a_personal_number_or_the_number_of_ones_door(
    kiosk: Kiosk, estate: Estate
) -> None:
    by_number = kiosk.post("scan", {"personal_number": AMIRA_NUMBER, "pin": AMIRA_PIN}).json()
    claim = kiosk.post("claim", {"scan": by_number["scan"], "choice": ANY}).json()
    by_door = kiosk.post("scan", {"door": claim["number"], "pin": AMIRA_PIN}).json()
    assert [hold["claim"] for hold in by_door["holds"]] == [claim["claim"]]


def test_a_pin_opens_no_door_of_somebody_else(kiosk: Kiosk) -> None:
    theirs = kiosk.claim(BEN_BADGE)
    for number in (theirs["number"], "3", "no such door"):
        assert codes(kiosk.post("scan", {"door": number, "pin": AMIRA_PIN})) == (403, "wrong_pin")


def test_wrong_pins_of_one_person_wait_everywhere_and_after_a_restart(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates
) -> None:
    body = {"personal_number": AMIRA_NUMBER, "pin": "111222"}
    for _attempt in range(4):
        answer = kiosk.post("scan", body)
        assert codes(answer) == (403, "wrong_pin")
        assert answer.json()["facts"] == {}
        assert answer.json()["message"] == "That number and PIN do not match. Try again."
    # The one that was once too often says so itself.
    for _delivery in range(2):
        answer = kiosk.post("scan", body, key="the-fifth-wrong-pin")
        assert codes(answer) == (403, "wrong_pin")
        assert answer.json()["facts"] == {"wait_seconds": 30}
        assert answer.json()["message"] == (
            "That PIN does not match. You can try again in 30 seconds."
        )
    right = {"personal_number": AMIRA_NUMBER, "pin": AMIRA_PIN}
    answer = kiosk.post("scan", right)
    assert codes(answer) == (429, "too_many_attempts")
    assert answer.json()["facts"] == {"wait_seconds": 31}
    assert "You can try again in 31 seconds." in answer.json()["message"]
    # The wait stands in the database, of the person and of the terminal.
    assert set(Throttle.objects.values_list("key", flat=True)) == {
        f"person:{estate.amira.pk}",
        f"terminal:{estate.terminal.pk}",
    }
    clock.shift(31)
    BridgePresence.objects.update(last_seen_at=estate.terminal.enrolled_at)
    assert kiosk.post("scan", right).status_code == 200
    assert refusals() == ["wrong_pin"] * 5


def test_wrong_pins_for_many_numbers_block_the_terminal(kiosk: Kiosk) -> None:
    waits = []
    for number in range(5):
        answer = kiosk.post("scan", {"personal_number": f"55{number}", "pin": "111222"})
        assert codes(answer) == (403, "wrong_pin")
        waits.append(answer.json()["facts"].get("wait_seconds"))
    assert waits == [None, None, None, None, 30]
    right = {"personal_number": AMIRA_NUMBER, "pin": AMIRA_PIN}
    assert codes(kiosk.post("scan", right)) == (429, "too_many_attempts")
    # A badge is no guess: it still works there.
    assert kiosk.post("scan", {"badge": typed(AMIRA_BADGE)}).status_code == 200


def test_no_free_door_of_that_size_names_what_is_free(kiosk: Kiosk, estate: Estate) -> None:
    kiosk.claim(BEN_BADGE, {"size": estate.large.pk})
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    answer = kiosk.post("claim", {"scan": scan, "choice": {"size": estate.large.pk}})
    assert codes(answer) == (409, "no_compartment_available")
    assert answer.json()["facts"]["free_sizes"] == ["Small"]
    assert answer.json()["message"] == (
        "No locker of that kind is free here. Choose another size, or another bank."
    )
    assert refusals() == ["no_compartment_available"]
    assert not Assignment.objects.filter(holder=estate.amira).exists()


def test_a_door_taken_a_moment_ago_is_said_so(kiosk: Kiosk, estate: Estate) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    kiosk.claim(BEN_BADGE, {"compartment": estate.doors[1].pk})
    choice = {"compartment": estate.doors[1].pk}
    answer = kiosk.post("claim", {"scan": scan, "choice": choice})
    assert codes(answer) == (409, "compartment_taken")
    assert answer.json()["message"] == "Somebody took that door a moment ago. Choose another."
    assert Assignment.objects.filter(holder=estate.amira).count() == 0
    assert refusals() == ["compartment_taken"]


def test_an_offline_bridge_is_said_before_the_person_chooses(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates
) -> None:
    def bank() -> dict[str, object]:
        headers = {"Authorization": f"Terminal {kiosk.token}"}
        told: dict[str, object] = kiosk.client.get("/kiosk/bank", headers=headers).json()
        return told

    assert bank()["online"] is True
    clock.shift(13)
    told = bank()
    assert (told["online"], told["instead"]) == (False, None)
    assert set(told["doors"].values()) == {"unknown"}  # type: ignore[attr-defined]
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    answer = kiosk.post("claim", {"scan": scan, "choice": ANY})
    assert codes(answer) == (503, "bridge_offline")
    assert not Assignment.objects.exists()
    assert refusals() == ["bridge_offline"]


def test_the_limit_is_one_door_each(kiosk: Kiosk) -> None:
    first = kiosk.claim(AMIRA_BADGE)
    again = kiosk.post("claim", {"scan": first["scan"], "choice": ANY})
    assert codes(again) == (409, "limit_reached")
    assert Assignment.objects.count() == 1


def test_what_no_page_sends_is_refused_and_changes_nothing(kiosk: Kiosk) -> None:
    kiosk.scan(AMIRA_BADGE)
    before = Event.objects.count()
    bodies = [
        b"",
        b"\xff\xfe",
        b"[" * 4_000,
        b'{"badge":' + b"[" * 4_000,
        b'{"badge":"' + b"x" * 5_000 + b'"}',
        b'{"personal_number":"\\ud800","pin":"274951"}',
        b'{"personal_number":"1001","pin":"\\udfff"}',
        b'{"door":"\\u0000","pin":"274951"}',
    ]
    for verb in ("scan", "claim", "open", "finish", "undo", "end"):
        for number, body in enumerate(bodies):
            answer = kiosk.client.post(
                f"/kiosk/{verb}",
                body,
                content_type="application/json",
                headers={
                    "Authorization": f"Terminal {kiosk.token}",
                    "Idempotency-Key": f"malformed-{verb}-{number}",
                },
            )
            assert codes(answer) == (400, "malformed")
    assert Event.objects.count() == before
    assert not (Assignment.objects.exists() or Command.objects.exists())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"[" * 100_000, b'{"code":"\\ud800"}', b'{"cod":1}', b"\xff"]
)
def test_a_bridge_that_enrols_with_nonsense_is_told_what_to_send(kiosk: Kiosk, body: bytes) -> None:
    answer = kiosk.client.post("/bridge/enrol/", body, content_type="application/json")
    assert codes(answer) == (400, "malformed")
