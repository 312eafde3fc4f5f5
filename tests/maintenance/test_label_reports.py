"""Anybody reports what is wrong by the label on a door; who has the door is nobody's business."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from maintenance import door_labels
from maintenance.models import Photo, Ticket
from occupancy import photos
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.maintenance.phones import Browser, upload, words
from tests.pictures import picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(at: dt.datetime) -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(at, tick=False) as coordinates:
        yield coordinates


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def code(estate: Estate) -> str:
    return door_labels.code_of(estate.doors[0].pk)


@pytest.fixture
def passer_by() -> Browser:
    return Browser()


def test_a_report_is_a_ticket_and_a_thank_you(
    passer_by: Browser, code: str, estate: Estate
) -> None:
    page = passer_by.read("door-report", code)
    assert "Door 1" in page
    assert "It does not open" in page
    answer = passer_by.send(
        "door-report", code, category="damaged", words=" The hinge\nis bent ",
        photo=upload(picture(somewhere=True)),
    )  # fmt: skip
    assert answer.status_code == 200
    assert "Thank you." in words(answer)
    assert "They come and look at it" in words(answer)
    ticket = Ticket.objects.get()
    assert (ticket.compartment, ticket.category, ticket.source) == (
        estate.doors[0], "damaged", "label",
    )  # fmt: skip
    assert ticket.summary == "The hinge is bent"
    assert ticket.entries.get().actor_kind == "anonymous"
    kept = photos.read(Photo.objects.get().name, of=photos.UPKEEP)
    assert b"Exif" not in kept


def test_a_form_that_is_sent_twice_is_one_report(passer_by: Browser, code: str) -> None:
    for _time in range(2):
        passer_by.send("door-report", code, key="the-same-key", category="dirty", words="Mud")
    assert Ticket.objects.get().occurrences == 1


def test_two_who_say_the_same_make_one_ticket(code: str) -> None:
    for _each in range(2):
        Browser().send("door-report", code, category="dirty")
    assert Ticket.objects.get().occurrences == 2


def test_who_has_the_door_is_shown_nowhere(
    passer_by: Browser, code: str, estate: Estate, at: dt.datetime
) -> None:
    before = passer_by.read("door-report", code)
    assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk,
        wanted=Wanted(compartment_id=estate.doors[0].pk), actor=SETUP, at=at,
    )  # fmt: skip
    after = passer_by.read("door-report", code)
    assert after == before
    told = words(passer_by.send("door-report", code, category="jammed"))
    for trace in ("Amira", "somebody has", "Northwind"):
        assert trace not in after + told


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"GIF89a is none", "a.jpg"), (b"%PDF-1.7", "b.png"), (b"", "empty.jpg")],
    ids=["words", "a paper", "nothing"],
)
def test_what_is_no_photo_is_said_and_nothing_typed_is_lost(
    passer_by: Browser, code: str, data: bytes, name: str
) -> None:
    answer = passer_by.send(
        "door-report", code, category="wont_close", words="It rattles", photo=upload(data, name)
    )
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Choose a photo (JPEG, PNG or WebP) of up to 10 MB." in page
    assert "It rattles</textarea>" in page
    assert 'value="wont_close" required checked' in page
    assert not Ticket.objects.exists()


def test_a_photo_of_fifty_megabytes_is_refused_before_it_is_looked_at(
    passer_by: Browser, code: str, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(photos, "save", lambda *args, **more: pytest.fail("it was looked at"))
    answer = passer_by.send(
        "door-report", code, category="dirty", words="Much", photo=upload(bytes(50 * 1024 * 1024))
    )
    assert answer.status_code == 400
    assert "up to 10 MB" in words(answer)
    assert "Much</textarea>" in answer.content.decode()
    assert not list(folder.rglob("*.jpg"))


def test_without_saying_what_is_wrong_nothing_is_sent(passer_by: Browser, code: str) -> None:
    for told in ({}, {"category": "silent"}, {"category": "nothing"}):
        answer = passer_by.send("door-report", code, words="Look", **told)
        assert answer.status_code == 400
        assert "Choose what is wrong." in words(answer)
    assert not Ticket.objects.exists()


def test_what_nobody_signed_is_no_page(passer_by: Browser, code: str, estate: Estate) -> None:
    gone = door_labels.code_of(99_999_999)
    for wrong in (code[:-1] + "a" if code[-1] != "a" else code[:-1] + "b", gone, "1", "x-y"):
        assert passer_by.client.get(f"/d/{wrong}/").status_code == 404
        assert passer_by.client.post(f"/d/{wrong}/", {"category": "dirty"}).status_code == 404


def test_a_door_is_reported_only_so_often_and_another_one_still_is(
    code: str, estate: Estate
) -> None:
    for n in range(15):
        assert passed(code, f"10.0.0.{n}") == 200
    assert passed(code, "10.0.1.1") == 429
    assert Ticket.objects.get().occurrences == 15
    assert passed(door_labels.code_of(estate.doors[1].pk), "10.0.1.1") == 200


def test_an_address_reports_only_so_often_until_a_while_has_passed(
    estate: Estate, clock: time_machine.Coordinates
) -> None:
    codes = [door_labels.code_of(door.pk) for door in estate.doors]
    assert {passed(codes[n % 3], "10.9.9.9") for n in range(30)} == {200}
    answer = Browser().client.post(
        f"/d/{codes[0]}/", {"category": "dirty", "words": "Again", "key": "one-more-key"},
        REMOTE_ADDR="10.9.9.9",
    )  # fmt: skip
    assert answer.status_code == 429
    assert "Wait a few minutes" in words(answer)
    assert "Again</textarea>" in answer.content.decode()
    clock.shift(dt.timedelta(minutes=16))
    assert passed(codes[0], "10.9.9.9") == 200


def passed(code: str, address: str) -> int:
    """Report something from an address, and return how that was answered."""
    browser = Browser()
    browser.client.defaults["REMOTE_ADDR"] = address
    return int(browser.send("door-report", code, category="dirty").status_code)


def test_whoever_maintains_the_door_gets_its_page(code: str, estate: Estate) -> None:
    tina = factories.UserFactory(username="tina")
    assign_perm("maintain_site", tina, estate.site)
    answer = Browser(tina).client.get(f"/d/{code}/")
    assert answer["Location"] == f"/upkeep/doors/{estate.doors[0].pk}/"
    elsewhere = factories.UserFactory(username="tom")
    assign_perm("maintain_site", elsewhere, estate.other_site)
    for other in (estate.olga, elsewhere):
        assert "What is wrong?" in Browser(other).read("door-report", code)


def test_a_technician_who_scans_the_label_is_one_touch_from_its_ticket(
    code: str, estate: Estate, passer_by: Browser
) -> None:
    passer_by.send("door-report", code, category="dirty", words="Mud")
    ticket = Ticket.objects.get()
    tina = factories.UserFactory(username="tina")
    assign_perm("maintain_site", tina, estate.site)
    phone = Browser(tina)
    door = phone.client.get(f"/d/{code}/", follow=True).content.decode()
    assert f'href="/upkeep/tickets/{ticket.pk}/"' in door
    assert "Mud" in phone.read("upkeep-ticket", ticket.pk)


def test_the_label_is_printed_by_who_manages_the_site(estate: Estate) -> None:
    maxs = Browser(estate.max)
    assert "Something wrong with this door? Scan this." in maxs.read(
        "door-label", estate.doors[0].pk
    )
    png = maxs.client.get(f"/upkeep/doors/{estate.doors[0].pk}/label.png")
    assert png["Content-Type"] == "image/png"
    assert png.content.startswith(b"\x89PNG")


def test_who_comes_from_a_screen_finds_what_was_said_there_chosen(estate: Estate) -> None:
    path = reverse("door-report", args=[door_labels.code_of(estate.doors[0].pk)])
    page = Client().get(path, {"category": "wont_close"}).content.decode()
    assert 'value="wont_close" required checked' in page
    assert page.count(" checked") == 1
    assert " checked" not in Client().get(path, {"category": "made_up"}).content.decode()
