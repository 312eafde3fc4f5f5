"""Tickets in the administration: who sees them, who changes them, and what each verb does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import User
from maintenance.choices import Category
from maintenance.models import Checklist, Ticket
from maintenance.services.tickets import closing, working
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import ChecklistFactory, ChecklistItemFactory, TeamFactory
from tests.maintenance.tickets.making import DAY, kinds, status, technician, ticket
from tests.pictures import picture


@pytest.fixture(autouse=True)
def morning(at: dt.datetime, settings: Any, tmp_path: Path) -> Iterator[None]:
    """Stop the clock, and keep files where nobody else looks."""
    settings.VAR_DIR = tmp_path
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def tessa(estate: Estate) -> User:
    return technician(estate)


def browser(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def page(verb: str, one: Ticket) -> str:
    return reverse(f"admin:maintenance_ticket_{verb}", args=[one.pk])


def do(user: User, verb: str, one: Ticket, **values: Any) -> str:
    """Fill in a verb's page; return what it says when it was not done."""
    # A browser sends at least its token.
    answer = browser(user).post(page(verb, one), {"token": "x", **values})
    if answer.status_code == 302:
        return ""
    assert answer.status_code == 200
    return str(answer.context["form"].errors)


def test_every_verb_changes_the_ticket(estate: Estate, at: dt.datetime, tessa: User) -> None:
    one = ticket(estate, at)
    team = TeamFactory(organisation=estate.organisation)
    upload = SimpleUploadedFile("now.jpg", picture(), "image/jpeg")
    for verb, values in (
        ("start", {}),
        ("assign", {"assignee": tessa.pk, "team": team.pk}),
        ("note", {"words": "Bent"}),
        ("labour", {"minutes": 20, "words": "Bent back"}),
        ("add_photo", {"moment": "after", "photo": upload}),
        ("take_out", {"reason": "", "holder": ""}),
        ("bring_back", {}),
        ("inspect", {"reason": "Have a look"}),
        ("put_aside", {"words": "Hinge ordered"}),
        ("rate", {"category": "damaged", "priority": 1}),
        ("reference", {"reference": "INC-1"}),
        ("close", {"resolution": "New hinge"}),
        ("reopen", {"reason": "Bent again"}),
        ("cancel", {"reason": "A twin of another"}),
    ):
        assert do(tessa, verb, one, **values) == "", verb
    assert kinds(one) == [
        "reported", "started", "assigned", "note", "labour", "photo", "door_out", "door_back",
        "opened_door", "waiting", "changed", "changed", "closed", "reopened", "closed",
    ]  # fmt: skip
    one.refresh_from_db()
    assert (one.status, one.reference, one.assignee, one.priority) == (
        "cancelled", "INC-1", tessa, 1,
    )  # fmt: skip


def test_the_checklist_is_ticked_and_closing_refused_before(
    estate: Estate, at: dt.datetime, tessa: User
) -> None:
    made = ChecklistFactory(organisation=estate.organisation, closes="damaged")
    items = [ChecklistItemFactory(checklist=made, text=text) for text in ("Shuts", "Opens")]
    one = ticket(estate, at)
    assert "Shuts, Opens" in do(tessa, "close", one, resolution="New hinge")
    assert do(tessa, "checklist", one, done=[items[0].pk]) == ""
    assert "first: Opens" in do(tessa, "close", one, resolution="New hinge")
    do(tessa, "checklist", one, done=[items[0].pk, items[1].pk])
    assert do(tessa, "close", one, resolution="New hinge") == ""


def test_only_the_verbs_that_make_sense_are_offered(
    estate: Estate, at: dt.datetime, tessa: User
) -> None:
    one = ticket(estate, at)
    shown = browser(tessa).get(page("change", one)).content.decode()
    assert page("take_out", one) in shown
    assert page("bring_back", one) not in shown
    assert page("checklist", one) not in shown
    assert page("reopen", one) not in shown
    closing.cancel(ticket_id=one.pk, reason="x", actor=SETUP, at=at)
    shown = browser(tessa).get(page("change", one)).content.decode()
    assert page("reopen", one) in shown
    assert page("close", one) not in shown


def test_who_only_sees_the_site_sees_tickets_and_changes_none(
    estate: Estate, at: dt.datetime
) -> None:
    one = ticket(estate, at)
    viewer = factories.UserFactory(username="viewer")
    assign_perm("view_site", viewer, estate.site)
    answer = browser(viewer).get(page("change", one))
    assert answer.status_code == 200
    assert page("close", one) not in answer.content.decode()
    for verb in ("close", "start", "take_out", "inspect", "reference"):
        assert browser(viewer).get(page(verb, one)).status_code == 404
        assert browser(estate.nina).get(page(verb, one)).status_code == 404


def test_the_list_is_filtered_by_what_is_open_overdue_and_mine(
    estate: Estate, at: dt.datetime, tessa: User
) -> None:
    late = ticket(estate, at - 9 * DAY, Category.DIRTY)
    mine, closed = ticket(estate, at), ticket(estate, at, Category.OTHER)
    working.assign(ticket_id=mine.pk, assignee_id=tessa.pk, actor=SETUP, at=at)
    closing.cancel(ticket_id=closed.pk, reason="x", actor=SETUP, at=at)
    client, address = browser(tessa), reverse("admin:maintenance_ticket_changelist")

    def shown(query: str) -> set[Ticket]:
        return set(client.get(f"{address}?{query}").context["cl"].queryset)

    assert shown("which=open") == {late, mine}
    assert shown("which=overdue") == {late}
    # As on the phone: what nobody has is for everybody, until somebody has it.
    assert shown("which=mine") == {late, mine}
    tom = technician(estate, "tom")
    working.assign(ticket_id=late.pk, assignee_id=tom.pk, actor=SETUP, at=at)
    assert shown("which=mine") == {mine}
    assert shown("which=closed") == {closed}
    assert shown("which=escalated") == set()
    assert shown(f"site__id__exact={estate.site.pk}&category=dirty") == {late}


def test_staff_report_a_fault_of_a_door_or_of_a_bank(
    estate: Estate, at: dt.datetime, tessa: User
) -> None:
    client, address = browser(tessa), reverse("admin:maintenance_ticket_report")
    upload = SimpleUploadedFile("x.png", picture("PNG"), "image/png")
    told = {"bank": estate.bank.pk, "number": "2", "category": "damaged", "words": "Dent",
            "photo": upload, "needs_out": "on"}  # fmt: skip
    assert client.post(address, told).status_code == 302
    one = Ticket.objects.get()
    assert (one.compartment, one.source, one.photos.count()) == (estate.doors[1], "staff", 1)
    assert status(estate, 1) == "fault"
    assert client.post(address, {**told, "number": "", "photo": ""}).status_code == 302
    assert Ticket.objects.latest("pk").compartment is None
    assert "no door" in client.post(address, {**told, "number": "77"}).content.decode()
    assert browser(estate.nina).post(address, told).status_code == 404, "no bank of theirs"
    factories.BankFactory(site=estate.other_site)
    assert browser(estate.nina).post(address, told).status_code == 200, "not one of theirs"
    assert Ticket.objects.count() == 2


def test_what_is_no_picture_is_refused_in_words(
    estate: Estate, at: dt.datetime, tessa: User
) -> None:
    upload = SimpleUploadedFile("x.jpg", b"%PDF-1.7 nothing to see", "image/jpeg")
    told = do(tessa, "add_photo", ticket(estate, at), moment="after", photo=upload)
    assert "Choose a photo" in told


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7", bytes(50 * 1024 * 1024)], ids=["no picture", "fifty megabytes"]
)
def test_a_report_with_a_bad_photo_opens_no_ticket_and_keeps_what_was_typed(
    estate: Estate, tessa: User, data: bytes, tmp_path: Path
) -> None:
    told = {"bank": estate.bank.pk, "number": "2", "category": "damaged", "words": "A dent here",
            "photo": SimpleUploadedFile("x.jpg", data, "image/jpeg")}  # fmt: skip
    answer = browser(tessa).post(reverse("admin:maintenance_ticket_report"), told)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Choose a photo (JPEG, PNG or WebP) of up to 10 MB." in page
    assert "A dent here</textarea>" in page
    assert not Ticket.objects.exists()
    assert not list(tmp_path.rglob("*.jpg"))


def test_a_file_is_measured_before_it_is_sent(estate: Estate, at: dt.datetime, tessa: User) -> None:
    shown = browser(tessa).get(page("add_photo", ticket(estate, at))).content.decode()
    assert 'data-largest="10485760"' in shown
    assert "js/upload_size.js" in shown


def test_a_photo_is_shown_to_who_may_see_its_ticket_alone(
    estate: Estate, at: dt.datetime, tessa: User
) -> None:
    one, other = ticket(estate, at, photos=[picture()]), ticket(estate, at, Category.DIRTY)
    name = one.photos.get().name
    answer = browser(tessa).get(f"{page('photo', one)}?name={name}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    shown = browser(tessa).get(page("change", one)).content.decode()
    assert f"{page('photo', one)}?name={name}" in shown
    for wrong in (f"{page('photo', other)}?name={name}", page("photo", one),
                  f"{page('photo', one)}?name=../../etc/passwd"):  # fmt: skip
        assert browser(tessa).get(wrong).status_code == 404
    assert browser(estate.nina).get(f"{page('photo', one)}?name={name}").status_code == 404


def test_teams_levels_and_checklists_are_changed_by_who_manages(
    estate: Estate, tessa: User
) -> None:
    team = TeamFactory(organisation=estate.organisation, name="Night shift")
    team.members.add(estate.nina)
    address = reverse("admin:maintenance_team_change", args=[team.pk])
    shown = browser(estate.max).get(address)
    offered = set(shown.context["adminform"].form.fields["members"].queryset)
    assert {tessa, estate.olga, estate.nina} <= offered
    told = {"organisation": estate.organisation.pk, "name": "Day shift", "email": "",
            "members": [tessa.pk]}  # fmt: skip
    assert browser(tessa).post(address, told).status_code in (403, 404)
    assert browser(estate.max).post(address, told).status_code == 302
    team.refresh_from_db()
    assert (team.name, list(team.members.all())) == ("Day shift", [tessa])
    level = {"organisation": estate.organisation.pk, "site": estate.site.pk, "priority": 1,
             "category": "jammed", "due_hours": 2, "team": team.pk}  # fmt: skip
    add = reverse("admin:maintenance_servicelevel_add")
    assert browser(estate.max).post(add, level).status_code == 302
    checklist = {"organisation": estate.organisation.pk, "name": "Jams", "closes": "jammed",
                 "items-TOTAL_FORMS": 1, "items-INITIAL_FORMS": 0, "items-0-position": 1,
                 "items-0-text": "Opens ten times"}  # fmt: skip
    add = reverse("admin:maintenance_checklist_add")
    assert browser(estate.max).post(add, checklist).status_code == 302
    assert Checklist.objects.get().items.get().text == "Opens ten times"
