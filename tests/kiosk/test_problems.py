"""What is wrong with a door, said at the kiosk and on a person's phone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from access.models import Incident
from maintenance import limits
from maintenance.models import Ticket
from maintenance.reportable import BY_PEOPLE
from tests import factories
from tests.factories.cast import AMIRA_BADGE, Estate
from tests.kiosk.conftest import Kiosk, codes
from tests.kiosk.phone import Phone, words
from tests.pictures import picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def phone(estate: Estate, clock: time_machine.Coordinates, at: dt.datetime) -> Phone:
    return Phone(estate.amira, at)


# ---- the kiosk ---------------------------------------------------------------------------------


def test_somebody_unknown_reports_a_door_of_the_bank(kiosk: Kiosk, estate: Estate) -> None:
    answer = kiosk.post("problem", {"door": estate.doors[1].pk, "category": "dirty"})
    assert (answer.status_code, answer.json()["number"]) == (200, "2")
    ticket = Ticket.objects.get()
    assert (ticket.compartment, ticket.category, ticket.source) == (
        estate.doors[1], "dirty", "kiosk",
    )  # fmt: skip
    entry = ticket.entries.get()
    assert (entry.actor_kind, entry.actor_id) == ("terminal", str(estate.terminal.pk))


def test_a_holder_is_known(kiosk: Kiosk, estate: Estate) -> None:
    scan = kiosk.claim(AMIRA_BADGE)["scan"]
    kiosk.post("problem", {"door": estate.doors[0].pk, "category": "jammed", "scan": scan})
    entry = Ticket.objects.get().entries.get()
    assert (entry.actor_kind, entry.actor_id) == ("person", str(estate.amira.pk))


def test_a_touch_that_is_sent_twice_is_one_report(kiosk: Kiosk, estate: Estate) -> None:
    for _time in range(2):
        kiosk.post("problem", {"door": estate.doors[0].pk, "category": "dirty"}, key="the-same-key")
    assert Ticket.objects.get().occurrences == 1


@pytest.mark.parametrize("wrong", ["category", "elsewhere", "scan", "missing", "silent"])
def test_what_is_not_offered_is_refused(kiosk: Kiosk, estate: Estate, wrong: str) -> None:
    body: dict[str, Any] = {"door": estate.doors[0].pk, "category": "dirty"}
    elsewhere = factories.CompartmentFactory(
        bank=factories.BankFactory(site=estate.site, name="B"), size=estate.small, number="9"
    )
    body |= {
        "category": {"category": "nothing"},
        "silent": {"category": "silent"},
        "elsewhere": {"door": elsewhere.pk},
        "missing": {"door": 99_999_999},
        "scan": {"scan": "11111111-1111-1111-1111-111111111111"},
    }[wrong]
    status, code = codes(kiosk.post("problem", body))
    assert (status, code) == ((410, "scan_over") if wrong == "scan" else (400, "malformed"))
    assert not Ticket.objects.exists()


def test_what_a_screen_could_not_have_sent_is_not_read(kiosk: Kiosk, estate: Estate) -> None:
    body = {"door": estate.doors[0].pk, "category": "dirty", "photo": "x" * 50 * 1024 * 1024}
    assert codes(kiosk.post("problem", body)) == (400, "malformed")
    assert not Ticket.objects.exists()


def test_a_screen_on_which_somebody_plays_is_told_to_wait(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates
) -> None:
    body = {"door": estate.doors[0].pk, "category": "dirty"}
    for _each in range(limits.PER_SCREEN):
        assert kiosk.post("problem", body).status_code == 200
    assert codes(kiosk.post("problem", body)) == (429, "too_many_reports")
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    assert kiosk.post("problem", {**body, "scan": scan}).status_code == 200
    clock.shift(limits.WITHIN + dt.timedelta(seconds=1))
    assert kiosk.post("problem", body).status_code == 200


def test_the_page_offers_what_people_can_say(kiosk: Kiosk) -> None:
    kiosk.client.cookies["terminal"] = kiosk.token
    page = kiosk.client.get("/kiosk/").content.decode()
    for one in BY_PEOPLE:
        # Once for a door of the drawing, once for one's own.
        assert page.count(f'data-kind="{one.value}"') == 2


# ---- a person's phone --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("stuck", "jammed"), ("unlocked", "wont_close"), ("damage", "damaged"),
        ("dirty", "dirty"), ("other", "other"),
    ],
)  # fmt: skip
def test_a_fault_is_a_ticket(phone: Phone, estate: Estate, kind: str, category: str) -> None:
    claim = phone.claim(estate)
    said = phone.do(
        "me-report", claim.pk, kind=kind, words="It rattles",
        photo=SimpleUploadedFile("a.jpg", picture(), "image/jpeg"),
    )  # fmt: skip
    assert "Those who look after the lockers know now." in said
    ticket = Ticket.objects.get()
    assert (ticket.compartment, ticket.category, ticket.source) == (
        estate.doors[0], category, "phone",
    )  # fmt: skip
    assert (ticket.summary, ticket.photos.count()) == ("It rattles", 1)
    assert ticket.entries.get().actor_id == str(estate.amira.pk)
    assert not Incident.objects.exists()


@pytest.mark.parametrize(("kind", "incident"), [("things", "misuse"), ("loss", "loss")])
def test_what_somebody_did_is_an_incident(
    phone: Phone, estate: Estate, kind: str, incident: str
) -> None:
    claim = phone.claim(estate)
    phone.do("me-report", claim.pk, kind=kind, words="A wallet")
    told = Incident.objects.get()
    assert (told.kind, told.compartment, told.person) == (incident, estate.doors[0], estate.amira)
    assert told.summary.endswith(": A wallet")
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "data", [b"no picture", bytes(50 * 1024 * 1024)], ids=["no photo", "too large"]
)
def test_a_bad_photo_is_said_and_nothing_typed_is_lost(
    phone: Phone, estate: Estate, data: bytes
) -> None:
    claim = phone.claim(estate)
    answer = phone.client.post(
        reverse("me-report", args=[claim.pk]),
        {
            "kind": "dirty", "words": "Mud", "key": "a-key-of-its-own",
            "photo": SimpleUploadedFile("a.jpg", data, "image/jpeg"),
        },
    )  # fmt: skip
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Choose a photo (JPEG, PNG or WebP) of up to 10 MB." in words(answer)
    assert "Mud</textarea>" in page
    assert 'value="dirty"' in page.split("checked")[0].split("<input")[-1]
    assert not Ticket.objects.exists()


def test_nothing_said_is_asked_once_more(phone: Phone, estate: Estate) -> None:
    claim = phone.claim(estate)
    answer = phone.client.post(
        reverse("me-report", args=[claim.pk]), {"words": "Mud", "key": "a-key-of-its-own"}
    )
    assert answer.status_code == 400
    assert "Say what is wrong." in words(answer)
    assert "Mud</textarea>" in answer.content.decode()
