"""One door, one fault, one ticket: counted, opened again when it comes back, never doubled."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from access.models import Notice
from audit.models import Event
from maintenance.choices import Category, Priority, Source
from maintenance.models import Photo, Ticket
from maintenance.services.tickets import closing, photographs
from maintenance.services.tickets.subjects import Subject
from occupancy.errors.recovery import BadPhoto
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import ServiceLevelFactory, TeamFactory
from tests.maintenance.tickets.making import (
    DAY,
    HOUR,
    door,
    kinds,
    lock_event,
    report,
    status,
    trail,
)
from tests.pictures import picture


@pytest.fixture(autouse=True)
def var(settings: Any, tmp_path: Path) -> None:
    """Keep files where nobody else looks."""
    settings.VAR_DIR = tmp_path


def files() -> list[Path]:
    return list((Path(settings.VAR_DIR) / "upkeep").glob("*"))


def close(ticket: Ticket, at: dt.datetime) -> None:
    closing.close(ticket_id=ticket.pk, resolution="Hinge replaced", actor=SETUP, at=at)


def test_the_first_report_makes_a_ticket_with_priority_and_due_time_of_its_category(
    estate: Estate, at: dt.datetime
) -> None:
    reported = report(estate, at, Category.FORCED, words="The lock hangs out.")
    ticket = reported.ticket
    assert (reported.is_new, reported.is_reopened) == (True, False)
    assert (ticket.site, ticket.bank, ticket.compartment) == (
        estate.site, estate.bank, estate.doors[0],
    )  # fmt: skip
    assert ticket.summary == "The lock hangs out."
    assert (ticket.priority, ticket.due_at) == (Priority.URGENT, at + 4 * HOUR)
    assert kinds(ticket) == ["reported"]
    assert trail(ticket) == ["ticket.opened"]


def test_the_same_fault_of_the_same_door_is_counted_and_no_second_ticket(
    estate: Estate, at: dt.datetime
) -> None:
    first = report(estate, at).ticket
    again = report(estate, at + HOUR, source=Source.KIOSK, words="Still bent.")
    assert again.ticket == first
    assert not again.is_new
    assert Ticket.objects.count() == 1
    assert (again.ticket.occurrences, again.ticket.last_seen_at) == (2, at + HOUR)
    assert kinds(first) == ["reported", "seen_again"]
    assert first.entries.last().text == "Still bent."


def test_another_fault_and_another_door_and_the_bank_itself_have_their_own(
    estate: Estate, at: dt.datetime
) -> None:
    report(estate, at)
    report(estate, at, Category.DIRTY)
    report(estate, at, subject=door(estate, 1))
    for subject in (
        Subject.of_bank(estate.bank), Subject.of_board(estate.controller),
        Subject.of_bridge(estate.bridge),
    ):  # fmt: skip
        assert report(estate, at, subject=subject).is_new
        assert not report(estate, at, subject=subject).is_new
    assert Ticket.objects.count() == 6


def test_a_board_is_known_by_itself_although_it_stands_at_another_bank_now(
    estate: Estate, at: dt.datetime
) -> None:
    first = report(estate, at, Category.SILENT, subject=Subject.of_board(estate.controller)).ticket
    other = factories.BankFactory(site=estate.site, bridge=estate.bridge, name="B", position=0)
    type(estate.doors[0]).objects.update(bank=other)
    again = report(estate, at, Category.SILENT, subject=Subject.of_board(estate.controller))
    assert again.ticket == first


def test_a_bridge_of_several_banks_stands_at_none(estate: Estate, at: dt.datetime) -> None:
    assert Subject.of_bridge(estate.bridge).bank_id == estate.bank.pk
    factories.BankFactory(site=estate.site, bridge=estate.bridge, name="B")
    assert Subject.of_bridge(estate.bridge).bank_id is None


def test_a_fault_that_returns_within_14_days_opens_its_ticket_again_with_a_new_end(
    estate: Estate, at: dt.datetime
) -> None:
    ticket = report(estate, at).ticket
    close(ticket, at + DAY)
    back = at + 15 * DAY
    again = report(estate, back)
    assert (again.ticket, again.is_new, again.is_reopened) == (ticket, False, True)
    ticket.refresh_from_db()
    assert ticket.closed_at is None
    assert (ticket.status, ticket.reopened, ticket.occurrences) == ("open", 1, 2)
    assert ticket.resolution == ""
    assert ticket.due_at == back + 72 * HOUR
    assert kinds(ticket) == ["reported", "closed", "reopened"]
    assert "Hinge replaced" in ticket.entries.get(kind="closed").text


def test_after_14_days_it_is_another_one(estate: Estate, at: dt.datetime) -> None:
    ticket = report(estate, at).ticket
    close(ticket, at + DAY)
    again = report(estate, at + 15 * DAY + HOUR)
    assert again.is_new
    assert again.ticket != ticket


def test_what_was_seen_before_it_was_put_right_opens_nothing_again(
    estate: Estate, at: dt.datetime
) -> None:
    ticket = report(estate, at).ticket
    close(ticket, at + DAY)
    late = report(estate, at + 2 * DAY, seen_at=at + HOUR)
    assert (late.ticket, late.is_new, late.is_reopened) == (ticket, False, False)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.occurrences) == ("done", 2)


def test_the_table_of_service_levels_decides_and_a_site_before_its_organisation(
    estate: Estate, at: dt.datetime
) -> None:
    team = TeamFactory(organisation=estate.organisation, email="fixit@northwind.example")
    ServiceLevelFactory(organisation=estate.organisation, category="damaged", due_hours=99)
    ServiceLevelFactory(
        organisation=estate.organisation, site=estate.site, category="damaged", priority=1,
        due_hours=2, team=team, escalate_after_hours=1,
    )  # fmt: skip
    ticket = report(estate, at).ticket
    assert (ticket.priority, ticket.due_at, ticket.team) == (1, at + 2 * HOUR, team)
    assert ticket.escalates_at == at + 3 * HOUR
    elsewhere = factories.BankFactory(
        site=factories.SiteFactory(organisation=estate.organisation, name="Annexe")
    )
    there = report(estate, at, subject=Subject.of_bank(elsewhere)).ticket
    assert there.due_at == at + 99 * HOUR


def test_a_team_with_an_address_is_told_of_new_and_reopened_tickets_and_not_of_every_report(
    estate: Estate, at: dt.datetime
) -> None:
    team = TeamFactory(organisation=estate.organisation, email="fixit@northwind.example")
    ServiceLevelFactory(organisation=estate.organisation, category="damaged", team=team)
    ticket = report(estate, at).ticket
    report(estate, at)
    close(ticket, at + HOUR)
    report(estate, at + 2 * HOUR)
    told = Notice.objects.filter(to=team.email).order_by("pk")
    assert [one.facts["what"] for one in told] == ["opened", "reopened"]
    assert {one.kind for one in told} == {"ticket_news"}


def test_a_photo_is_kept_with_the_ticket_and_none_of_a_report_that_fails(
    estate: Estate, at: dt.datetime
) -> None:
    ticket = report(estate, at, photos=[picture(), picture("PNG")]).ticket
    assert [one.moment for one in ticket.photos.all()] == ["report", "report"]
    assert len(files()) == 2
    with pytest.raises(BadPhoto):
        report(estate, at, photos=[picture(), b"no picture at all"])
    assert len(files()) == 2
    assert ticket.photos.count() == 2


def test_a_file_is_gone_when_its_row_could_not_be_written(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photographs, "MOST", 1)
    with pytest.raises(photographs.PhotosEnough):
        report(estate, at, photos=[picture(), picture()])
    assert files() == []
    assert not Ticket.objects.exists()


def test_files_that_no_row_knows_are_removed_after_a_day(estate: Estate, at: dt.datetime) -> None:
    kept = report(estate, at, photos=[picture(), picture()]).ticket.photos.first()
    Photo.objects.exclude(pk=kept.pk).delete()
    soon = dt.datetime.now(dt.UTC)
    assert photographs.forget_unused(at=soon) == 0
    assert photographs.forget_unused(at=soon + 2 * DAY) == 1
    assert [one.name for one in files()] == [kept.name]


def test_a_lock_event_is_reported_once_however_often_it_comes(
    estate: Estate, at: dt.datetime
) -> None:
    event = lock_event(estate, at, "door_forced")
    first = report(estate, at, Category.FORCED, event_id=event)
    again = report(estate, at, Category.FORCED, event_id=event)
    assert again.ticket == first.ticket
    assert not again.is_new
    assert Ticket.objects.get().occurrences == 1


def test_a_door_that_nobody_new_should_get_is_kept_free_and_back_once_it_is_closed(
    estate: Estate, at: dt.datetime
) -> None:
    ticket = report(estate, at, Category.JAMMED, needs_out=True).ticket
    assert status(estate) == "fault"
    assert kinds(ticket) == ["reported", "door_out"]
    close(ticket, at + HOUR)
    assert status(estate) == "in_service"
    assert kinds(ticket)[-2:] == ["door_back", "closed"]


def test_every_event_of_a_ticket_has_the_same_shape(estate: Estate, at: dt.datetime) -> None:
    ticket = report(estate, at, needs_out=True).ticket
    report(estate, at)
    close(ticket, at + HOUR)
    events = Event.objects.filter(subject=f"ticket:{ticket.pk}")
    assert events.count() == 5
    for event in events:
        assert {
            "ticket", "entry", "category", "priority", "status", "due_at", "assignee", "team",
            "reference",
        } <= event.data.keys()  # fmt: skip
        assert event.data["ticket"] == ticket.pk
        assert (event.site_id, event.bank_id, event.compartment_id) == (
            estate.site.pk, estate.bank.pk, estate.doors[0].pk,
        )  # fmt: skip
