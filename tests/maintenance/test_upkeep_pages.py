"""The technician's pages: the walk, a ticket and all that is done about it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import User
from lockers.models import Area, BridgePresence, Command
from maintenance.models import Photo, Team, Ticket
from maintenance.selectors import walking
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import ChecklistFactory, ChecklistItemFactory, TicketFactory
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
def tina(estate: Estate) -> User:
    """The technician of the site."""
    user: User = factories.UserFactory(username="tina")
    for right in ("view_site", "maintain_site"):
        assign_perm(right, user, estate.site)
    return user


@pytest.fixture
def phone(tina: User) -> Browser:
    return Browser(tina)


def opened(estate: Estate, door: int = 0, **more: Any) -> Ticket:
    """Open a ticket now, due tomorrow."""
    at = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
    ticket: Ticket = TicketFactory(
        compartment=estate.doors[door], **{"opened_at": at, "last_seen_at": at, **more}
    )
    return ticket


def holds(estate: Estate, at: dt.datetime, door: int = 0) -> Assignment:
    """Let Amira have a door."""
    got = assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk,
        wanted=Wanted(compartment_id=estate.doors[door].pk), actor=SETUP, at=at,
    )  # fmt: skip
    return Assignment.objects.get(pk=got.claim_id)


# ---- the walk ----------------------------------------------------------------------------------


def test_the_walk_goes_by_building_bank_and_door(
    estate: Estate, tina: User, at: dt.datetime
) -> None:
    building = Area.objects.create(site=estate.site, name="Annex", position=1)
    ground = Area.objects.create(site=estate.site, name="Ground", parent=building, position=2)
    first = Area.objects.create(site=estate.site, name="First", parent=building, position=1)
    in_order = []
    for name, area in (("G", ground), ("F", first)):
        bank = factories.BankFactory(site=estate.site, name=name, area=area)
        door = factories.CompartmentFactory(bank=bank, size=estate.small, number=f"{name}1")
        in_order.append(TicketFactory(compartment=door, summary=name))
    third, one = opened(estate, 2), opened(estate, 0)
    stops = walking.stops(tina, at)
    assert [stop.bank.name for stop in stops if stop.bank] == ["A", "F", "G"]
    assert [task.ticket for task in stops[0].tasks] == [one, third]
    assert [stop.tasks[0].ticket for stop in stops[1:]] == [in_order[1], in_order[0]]


def test_mine_is_what_is_given_to_me_to_my_team_or_to_nobody(
    estate: Estate, tina: User, phone: Browser
) -> None:
    team = Team.objects.create(organisation=estate.organisation, name="Doors")
    other = Team.objects.create(organisation=estate.organisation, name="Cleaners")
    team.members.add(tina)
    opened(estate, 0, assignee=tina)
    opened(estate, 1, team=team, category="dirty")
    opened(estate, 2, category="damaged")
    opened(estate, 0, category="other", assignee=estate.max)
    opened(estate, 1, category="held_open", team=other)
    assert walking.counts(tina) == (3, 5)
    mine = phone.read("upkeep")
    assert "does not open" in mine
    assert "left open" not in mine
    every = phone.read("upkeep", query="?which=all")
    assert "left open" in every
    assert str(estate.max) in every


def test_late_and_urgent_is_said_in_words(estate: Estate, phone: Browser, at: dt.datetime) -> None:
    opened(estate, 0, priority=1)
    opened(
        estate, 1, opened_at=at - dt.timedelta(days=3), due_at=at - dt.timedelta(days=1),
        last_seen_at=at,
    )  # fmt: skip
    page = phone.read("upkeep")
    assert page.count("Urgent") == page.count("Overdue") == 1


def test_a_long_walk_costs_no_more_statements(estate: Estate, tina: User, at: dt.datetime) -> None:
    phone = Browser(tina)
    opened(estate, 0)
    phone.read("upkeep")
    with CaptureQueriesContext(connection) as few:
        phone.read("upkeep")
    for n in range(12):
        bank = factories.BankFactory(site=estate.site, name=f"X{n}")
        door = factories.CompartmentFactory(bank=bank, size=estate.small, number=f"{n}")
        TicketFactory(compartment=door)
    with CaptureQueriesContext(connection) as many:
        phone.read("upkeep")
    assert len(many) == len(few)


def test_who_maintains_one_area_sees_that_alone(estate: Estate, phone: Browser) -> None:
    area = Area.objects.create(site=estate.site, name="North")
    bank = factories.BankFactory(site=estate.site, name="N", area=area)
    door = factories.CompartmentFactory(bank=bank, size=estate.small, number="77")
    there, elsewhere = TicketFactory(compartment=door), opened(estate)
    tom = factories.UserFactory(username="tom")
    assign_perm("maintain_area", tom, area)
    toms = Browser(tom)
    assert "77" in toms.read("upkeep", query="?which=all")
    assert toms.client.get(reverse("upkeep-ticket", args=[there.pk])).status_code == 200
    assert toms.client.get(reverse("upkeep-ticket", args=[elsewhere.pk])).status_code == 404
    assert toms.send("upkeep-start", elsewhere.pk).status_code == 404


# ---- one ticket --------------------------------------------------------------------------------


def test_one_thing_comes_after_the_other(
    estate: Estate, phone: Browser, tina: User, clock: time_machine.Coordinates
) -> None:
    BridgePresence.objects.update(last_seen_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    ticket = opened(estate)
    assert primary(phone, ticket) == "Start"
    phone.do("upkeep-start", ticket.pk)
    assert primary(phone, ticket) == "Open the door to look"
    phone.do("upkeep-look", ticket.pk)
    assert Command.objects.get().purpose == "inspect"
    assert primary(phone, ticket) == "Done"
    answer = phone.send("upkeep-done", ticket.pk, resolution="Oiled it")
    assert answer.status_code == 302
    assert primary(phone, ticket) == "My tickets"
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == ("done", tina)
    said = phone.do("upkeep-reopen", ticket.pk, reason="It sticks again")
    assert "It is open again." in said
    assert primary(phone, ticket) == "Start"


def primary(phone: Browser, ticket: Ticket) -> str:
    """Return what stands on the one primary button."""
    page = phone.client.get(reverse("upkeep-ticket", args=[ticket.pk])).content.decode()
    (bar,) = page.split('<div class="upkeep__bar">')[1:]
    return words_of(bar.split("</div>")[0])


def words_of(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_door_that_cannot_be_reached_is_not_asked_to_open(estate: Estate, phone: Browser) -> None:
    BridgePresence.objects.update(connection=None)
    ticket = opened(estate)
    phone.do("upkeep-start", ticket.pk)
    assert primary(phone, ticket) == "Done"
    page = phone.read("upkeep-ticket", ticket.pk)
    assert "cannot be reached right now: open it by hand" in page
    assert "Open the door to look" not in page
    answer = phone.send("upkeep-look", ticket.pk)
    assert answer.status_code == 503
    assert not Command.objects.exists()


def test_a_button_pressed_twice_works_once(estate: Estate, phone: Browser) -> None:
    ticket = opened(estate)
    for _time in range(2):
        phone.do("upkeep-minutes", ticket.pk, key="the-same-key", minutes=20)
    assert ticket.entries.filter(kind="labour").count() == 1


def test_what_is_refused_leaves_what_was_typed(estate: Estate, phone: Browser) -> None:
    items = ChecklistFactory(organisation=estate.organisation, closes="jammed")
    item = ChecklistItemFactory(checklist=items, text="The bolt moves freely")
    ticket = opened(estate)
    phone.do("upkeep-start", ticket.pk)
    BridgePresence.objects.update(connection=None)
    answer = phone.send("upkeep-done", ticket.pk, resolution="Oiled it")
    assert answer.status_code == 409
    assert "The bolt moves freely" in words(answer)
    assert "Oiled it</textarea>" in answer.content.decode()
    phone.do("upkeep-check", ticket.pk, item=item.pk, is_checked="on")
    phone.do("upkeep-check", ticket.pk, item=item.pk)
    assert phone.send("upkeep-done", ticket.pk, resolution="Oiled it").status_code == 409
    phone.do("upkeep-check", ticket.pk, item=item.pk, is_checked="on")
    assert phone.send("upkeep-done", ticket.pk, resolution="Oiled it").status_code == 302


def test_notes_waiting_taking_over_and_nothing_to_do(
    estate: Estate, phone: Browser, tina: User
) -> None:
    ticket = opened(estate, assignee=estate.max)
    phone.do("upkeep-take", ticket.pk)
    phone.do("upkeep-start", ticket.pk)
    assert "A spring is missing" in phone.do("upkeep-note", ticket.pk, text="A spring is missing")
    assert "For the spring" in phone.do("upkeep-wait", ticket.pk, reason="For the spring")
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.status) == (tina, "waiting")
    phone.do("upkeep-cancel", ticket.pk, reason="It was the wrong door")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.resolution) == ("cancelled", "It was the wrong door")
    refused = phone.send("upkeep-start", ticket.pk)
    assert "Open it again first" in words(refused)


def test_photos_are_kept_and_shown_to_whoever_maintains_there(
    estate: Estate, phone: Browser
) -> None:
    ticket = opened(estate)
    phone.do("upkeep-photo", ticket.pk, moment="before", photo=upload(picture()))
    photo = Photo.objects.get()
    shown = phone.client.get(reverse("upkeep-picture", args=[photo.pk]))
    assert shown["Content-Type"] == "image/jpeg"
    assert shown["X-Content-Type-Options"] == "nosniff"
    none = phone.send("upkeep-photo", ticket.pk, moment="after", photo=upload(b"no picture"))
    assert none.status_code == 400
    assert "Choose a photo" in words(none)
    assert Photo.objects.count() == 1


# ---- the door and whoever has it ---------------------------------------------------------------


def test_a_door_goes_out_of_service_and_is_back_when_it_is_done(
    estate: Estate, phone: Browser
) -> None:
    ticket = opened(estate)
    phone.do("upkeep-out", ticket.pk)
    estate.doors[0].refresh_from_db()
    assert estate.doors[0].service_status == "out_of_service"
    assert "Back in service" in phone.read("upkeep-ticket", ticket.pk)
    phone.do("upkeep-back", ticket.pk)
    estate.doors[0].refresh_from_db()
    assert estate.doors[0].service_status == "in_service"


def test_whoever_has_the_door_is_moved_or_told_and_never_named(
    estate: Estate, phone: Browser, at: dt.datetime
) -> None:
    claim = holds(estate, at)
    ticket = opened(estate)
    page = phone.read("upkeep-ticket", ticket.pk)
    assert "Somebody has this door, and keeps it." in page
    assert "Amira" not in page
    refused = phone.send("upkeep-out", ticket.pk)
    assert refused.status_code == 409
    said = phone.do("upkeep-out", ticket.pk, how="move")
    assert "Out of service" in said
    assert "Amira" not in said
    claim.refresh_from_db()
    assert claim.closed_at is not None
    assert Assignment.objects.get(closed_at=None).compartment in estate.doors[1:]


def test_the_state_of_the_door_alone_is_asked_for_again_and_again(
    estate: Estate, phone: Browser
) -> None:
    ticket = opened(estate)
    for path in (
        reverse("upkeep-ticket", args=[ticket.pk]),
        reverse("upkeep-door", args=[estate.doors[0].pk]),
    ):
        answer = phone.client.get(path, headers={"HX-Request": "true", "HX-Target": "stands"})
        assert answer.content.decode().startswith('<p id="stands"')
        assert "The door is closed." in answer.content.decode()


# ---- the door's own page -----------------------------------------------------------------------


def test_the_page_of_a_door_reports_looks_and_lists(
    estate: Estate, phone: Browser, tina: User
) -> None:
    BridgePresence.objects.update(last_seen_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    door = estate.doors[0]
    assert "No ticket is open for this door." in phone.read("upkeep-door", door.pk)
    said = phone.do(
        "upkeep-door-report", door.pk, category="dirty", words="Mud", photo=upload(picture())
    )
    assert "Reported." in said
    ticket = Ticket.objects.get()
    assert (ticket.source, ticket.summary, ticket.photos.count()) == ("staff", "Mud", 1)
    phone.do("upkeep-door-report", door.pk, category="dirty")
    assert Ticket.objects.get().occurrences == 2
    assert phone.send("upkeep-door-report", door.pk, category="").status_code == 400
    said = phone.do("upkeep-door-look", door.pk, reason="Is it empty?")
    assert "The door was asked to open." in said
    assert Command.objects.get().actor_id == str(tina.pk)
    assert phone.send("upkeep-door-look", door.pk, reason="").status_code == 400
    assert "dirty" in phone.read("upkeep-door", door.pk)
