from __future__ import annotations

import datetime as dt
import uuid

import pytest

from audit.models import Event
from kiosk.models import Scan, Terminal
from kiosk.services import readers
from lockers.choices import ReaderTransport
from lockers.models import Command, Reader
from lockers.services import enrolment
from occupancy.models import Assignment
from tests import factories
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, CARLA_BADGE, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes


@pytest.fixture
def reader(estate: Estate) -> Reader:
    return factories.ReaderFactory(
        bank=estate.bank, transport=ReaderTransport.WIRED, address="tcp://127.0.0.1:1"
    )


@pytest.fixture
def door_reader(estate: Estate) -> Reader:
    return factories.ReaderFactory(
        bank=estate.bank,
        compartment=estate.doors[1],
        transport=ReaderTransport.WIRED,
        address="tcp://127.0.0.1:2",
    )


def tap(
    reader: Reader, badge: str, at: dt.datetime, scan_id: uuid.UUID | None = None
) -> tuple[bool, str]:
    bridge_id = reader.bank.bridge_id
    assert bridge_id is not None
    return readers.scan_at_reader(
        reader_id=reader.pk,
        text=badge,
        scan_id=scan_id or uuid.uuid4(),
        bridge_id=bridge_id,
        at=at,
    )[:2]


def test_a_tap_at_the_banks_reader_waits_for_a_screen_and_the_first_takes_it(
    kiosk: Kiosk, estate: Estate, reader: Reader, at: dt.datetime
) -> None:
    factories.TerminalFactory(bank=estate.bank, token_digest=enrolment.digest("beside"))
    scan_id = uuid.uuid4()
    assert tap(reader, AMIRA_BADGE, at, scan_id) == (True, "Look at the screen.")
    assert not Assignment.objects.exists()
    taken = kiosk.post("scan", {"scan": str(scan_id)}).json()
    assert (taken["scan"], taken["initials"]) == (str(scan_id), "AE")
    late = Kiosk("beside").post("scan", {"scan": str(scan_id)})
    assert codes(late) == (409, "scan_taken")
    assert kiosk.post("claim", {"scan": str(scan_id), "choice": ANY}).status_code == 200


def test_a_waiting_scan_is_soon_gone(
    kiosk: Kiosk, reader: Reader, at: dt.datetime, clock: object
) -> None:
    scan_id = uuid.uuid4()
    tap(reader, AMIRA_BADGE, at - dt.timedelta(seconds=21), scan_id)
    assert codes(kiosk.post("scan", {"scan": str(scan_id)})) == (409, "scan_taken")


def test_a_badge_resting_on_the_reader_is_one_scan(
    kiosk: Kiosk, reader: Reader, at: dt.datetime
) -> None:
    for millisecond in (0, 400, 1900):
        tap(reader, AMIRA_BADGE, at + dt.timedelta(milliseconds=millisecond))
    assert Scan.objects.count() == 1


def test_a_screen_of_another_bank_cannot_take_it(
    kiosk: Kiosk, estate: Estate, reader: Reader, at: dt.datetime
) -> None:
    other = factories.BankFactory(site=estate.site, name="B")
    factories.TerminalFactory(bank=other, token_digest=enrolment.digest("bank B"))
    scan_id = uuid.uuid4()
    tap(reader, AMIRA_BADGE, at, scan_id)
    answer = Kiosk("bank B").post("scan", {"scan": str(scan_id)})
    assert codes(answer) == (409, "scan_taken")


def test_a_tap_at_a_free_door_claims_this_very_door(
    estate: Estate, door_reader: Reader, at: dt.datetime
) -> None:
    accepted, sentence = tap(door_reader, AMIRA_BADGE, at)
    assert (accepted, sentence) == (
        True,
        "Door 2 is opening. It is the second from the left, at waist height.",
    )
    assignment = Assignment.objects.get()
    assert (assignment.holder, assignment.compartment) == (estate.amira, estate.doors[1])
    claimed = Event.objects.get(action="assignment.claimed")
    assert claimed.data["reader"] == door_reader.pk


def test_the_second_tap_opens_again_and_never_releases(
    estate: Estate, door_reader: Reader, at: dt.datetime
) -> None:
    for minute in range(3):
        instant = at + dt.timedelta(seconds=4 * minute)
        assert tap(door_reader, AMIRA_BADGE, instant)[0] is True
    assert list(Command.objects.order_by("requested_at").values_list("purpose", flat=True)) == [
        "claim",
        "open_again",
        "open_again",
    ]
    assert Assignment.objects.get().closed_at is None


def test_somebody_elses_door_stays_shut(
    estate: Estate, door_reader: Reader, at: dt.datetime
) -> None:
    tap(door_reader, AMIRA_BADGE, at)
    accepted, sentence = tap(door_reader, BEN_BADGE, at)
    assert (accepted, sentence) == (
        False,
        "This locker is not yours. Tap your badge to see yours.",
    )
    assert Command.objects.count() == 1
    assert Event.objects.filter(action="request.refused", person_id=estate.ben.pk).exists()


def test_at_a_bank_without_a_screen_the_banks_reader_acts_at_once(
    estate: Estate, reader: Reader, at: dt.datetime
) -> None:
    Terminal.objects.all().delete()
    accepted, sentence = tap(reader, AMIRA_BADGE, at)
    assert accepted and sentence.startswith("Door 1 is opening.")
    assert tap(reader, AMIRA_BADGE, at + dt.timedelta(seconds=3))[0] is True
    assert Assignment.objects.count() == 1
    assert Command.objects.count() == 2


def test_a_delivery_repeated_by_the_bridge_gets_the_first_answer(
    estate: Estate, door_reader: Reader, at: dt.datetime
) -> None:
    scan_id = uuid.uuid4()
    first = tap(door_reader, AMIRA_BADGE, at, scan_id)
    assert tap(door_reader, AMIRA_BADGE, at + dt.timedelta(seconds=9), scan_id) == first
    assert Command.objects.count() == 1


@pytest.mark.parametrize(
    ("badge", "code"),
    [
        ("9999999999", "unknown_badge"),
        (CARLA_BADGE, "person_suspended"),
        (AMIRA_BADGE[1:], "bad_read"),
        ("", "bad_read"),
        ("000421587\0", "bad_read"),
        ("00042158é3", "bad_read"),
    ],
)
def test_a_refused_tap_says_why_and_is_recorded(
    estate: Estate, reader: Reader, at: dt.datetime, badge: str, code: str
) -> None:
    accepted, sentence = tap(reader, badge, at)
    assert not accepted and sentence
    event = Event.objects.get(action="request.refused")
    assert (event.data["code"], event.actor_kind) == (code, "bridge")
    assert not Scan.objects.exists()


def test_a_reader_of_another_bridge_is_not_believed(
    estate: Estate, reader: Reader, at: dt.datetime
) -> None:
    stranger = factories.BridgeFactory(site=estate.site)
    told = readers.scan_at_reader(
        reader_id=reader.pk,
        text=AMIRA_BADGE,
        scan_id=uuid.uuid4(),
        bridge_id=stranger.pk,
        at=at,
    )
    assert told[:2] == (False, "This badge reader is not set up. Ask reception.")
