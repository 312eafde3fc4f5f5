"""Working on tickets: who has it, how far it is, what it took, and in which order to walk."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Notice, User
from audit.services.events import Actor
from maintenance.choices import Category, PhotoMoment, Priority
from maintenance.errors.tickets import (
    MinutesWrong,
    NotTheirs,
    OpenAlready,
    TicketOver,
    WordsMissing,
)
from maintenance.models import Ticket
from maintenance.selectors import walking
from maintenance.services.tickets import closing, escalating, working
from maintenance.services.tickets.subjects import Subject
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import ServiceLevelFactory, TeamFactory
from tests.maintenance.tickets.making import (
    DAY,
    HOUR,
    door,
    kinds,
    report,
    technician,
    ticket,
    trail,
)
from tests.pictures import picture


def test_whoever_starts_has_it_unless_somebody_does(estate: Estate, at: dt.datetime) -> None:
    tessa, one = technician(estate), ticket(estate, at)
    working.start(ticket_id=one.pk, actor=Actor.staff(tessa.pk), at=at)
    working.start(ticket_id=one.pk, actor=Actor.staff(estate.max.pk), at=at)
    one.refresh_from_db()
    assert (one.status, one.assignee) == ("in_progress", tessa)
    assert kinds(one) == ["reported", "started"]


def test_a_ticket_waits_for_something_that_is_said(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at)
    with pytest.raises(WordsMissing):
        working.wait(ticket_id=one.pk, actor=SETUP, at=at, words=" ")
    working.wait(ticket_id=one.pk, actor=SETUP, at=at, words="Hinge ordered")
    one.refresh_from_db()
    assert one.status == "waiting"
    working.note(ticket_id=one.pk, actor=SETUP, at=at, words="It came")
    assert [entry.text for entry in one.entries.all()[1:]] == ["Hinge ordered", "It came"]
    assert trail(one) == ["ticket.opened", "ticket.changed", "ticket.noted"]


def test_it_is_assigned_to_who_repairs_there_and_they_are_told(
    estate: Estate, at: dt.datetime
) -> None:
    tessa, one = technician(estate), ticket(estate, at)
    team = TeamFactory(organisation=estate.organisation, email="team@northwind.example")
    working.assign(ticket_id=one.pk, assignee_id=tessa.pk, team_id=team.pk, actor=SETUP, at=at)
    one.refresh_from_db()
    assert (one.assignee, one.team) == (tessa, team)
    assert Notice.objects.get().to == tessa.email
    working.assign(ticket_id=one.pk, team_id=team.pk, actor=SETUP, at=at)
    one.refresh_from_db()
    assert one.assignee is None
    theirs = TeamFactory(organisation=estate.other_site.organisation)
    for wrong in ({"assignee_id": estate.olga.pk}, {"assignee_id": estate.nina.pk},
                  {"team_id": theirs.pk}, {"assignee_id": 10**9}):  # fmt: skip
        with pytest.raises(NotTheirs):
            working.assign(ticket_id=one.pk, actor=SETUP, at=at, **wrong)


def test_a_team_that_gets_it_is_told(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at)
    team = TeamFactory(organisation=estate.organisation, email="team@northwind.example")
    working.assign(ticket_id=one.pk, team_id=team.pk, actor=SETUP, at=at)
    assert Notice.objects.get().facts["what"] == "assigned"


def test_labour_is_counted_in_minutes_of_a_day_at_most(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at)
    working.add_labour(ticket_id=one.pk, minutes=25, actor=SETUP, at=at, words="New hinge")
    assert one.entries.last().minutes == 25
    for wrong in (0, -5, 1441):
        with pytest.raises(MinutesWrong):
            working.add_labour(ticket_id=one.pk, minutes=wrong, actor=SETUP, at=at)


def test_photos_of_before_and_after(
    estate: Estate, at: dt.datetime, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    one = ticket(estate, at)
    for moment in (PhotoMoment.BEFORE, PhotoMoment.AFTER):
        working.add_photo(ticket_id=one.pk, data=picture(), moment=moment, actor=SETUP, at=at)
    assert [photo.moment for photo in one.photos.all()] == ["before", "after"]


def test_another_category_is_due_as_if_it_had_been_that_from_the_start(
    estate: Estate, at: dt.datetime
) -> None:
    one = ticket(estate, at)
    working.change(
        ticket_id=one.pk, category=Category.FORCED, actor=SETUP, at=at + HOUR
    )  # fmt: skip
    one.refresh_from_db()
    assert (one.category, one.priority, one.due_at) == ("forced", 1, at + 4 * HOUR)
    working.change(ticket_id=one.pk, priority=Priority.LOW, actor=SETUP, at=at + HOUR)
    one.refresh_from_db()
    assert one.priority == Priority.LOW
    other = ticket(estate, at)
    with pytest.raises(OpenAlready):
        working.change(ticket_id=other.pk, category=Category.FORCED, actor=SETUP, at=at)


def test_the_number_in_another_system_is_kept_also_of_a_closed_ticket(
    estate: Estate, at: dt.datetime
) -> None:
    one = ticket(estate, at)
    closing.cancel(ticket_id=one.pk, reason="A joke", actor=SETUP, at=at)
    working.set_reference(ticket_id=one.pk, reference=" INC-0042 ", actor=SETUP, at=at)
    one.refresh_from_db()
    assert one.reference == "INC-0042"
    assert kinds(one)[-1] == "changed"


def test_a_closed_ticket_is_not_worked_on(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at)
    closing.cancel(ticket_id=one.pk, reason="A joke", actor=SETUP, at=at)
    act: dict[str, Any] = {"ticket_id": one.pk, "actor": SETUP, "at": at}
    for verb in (
        lambda: working.start(**act),
        lambda: working.wait(words="x", **act),
        lambda: working.assign(**act),
        lambda: working.add_labour(minutes=5, **act),
        lambda: working.change(priority=Priority.LOW, **act),
        lambda: closing.close(resolution="x", **act),
        lambda: closing.check(item_id=1, is_checked=True, **act),
    ):
        with pytest.raises(TicketOver):
            verb()


def walked(user: User, at: dt.datetime) -> list[walking.Task]:
    """Return what somebody walks past, one after the other."""
    return [task for stop in walking.stops(user, at) for task in stop.tasks]


def test_my_tickets_are_walked_along_the_banks_and_never_back(
    estate: Estate, at: dt.datetime
) -> None:
    tessa = technician(estate)
    first = factories.BankFactory(site=estate.site, name="Z by the entrance", position=0)
    type(estate.bank).objects.filter(pk=estate.bank.pk).update(position=5)
    near = factories.CompartmentFactory(bank=first, number="9", column=4, size=estate.small)
    mine = [
        ticket(estate, at, subject=door(estate, 2)),
        ticket(estate, at, Category.FORCED, subject=door(estate, 0)),
        ticket(estate, at, subject=Subject.of_door(near)),
        ticket(estate, at, subject=Subject.of_bank(estate.bank)),
        ticket(estate, at, subject=door(estate, 1)),
    ]
    not_mine = ticket(estate, at, Category.DIRTY)
    tom = technician(estate, "tom")
    working.assign(ticket_id=not_mine.pk, assignee_id=tom.pk, actor=SETUP, at=at)
    for one in mine:
        working.assign(ticket_id=one.pk, assignee_id=tessa.pk, actor=SETUP, at=at)
    walk = walked(tessa, at + DAY)
    # What concerns the whole bank comes before its doors.
    assert [task.ticket for task in walk] == [mine[2], mine[3], mine[1], mine[4], mine[0]]
    assert [task.is_urgent for task in walk] == [False, False, True, False, False]
    assert [task.is_overdue for task in walk] == [False, False, True, False, False]


def test_mine_are_those_of_my_team_too_until_somebody_has_them_and_what_is_escalated_to_it(
    estate: Estate, at: dt.datetime
) -> None:
    tessa, tom = technician(estate), technician(estate, "tom")
    team, boss = (TeamFactory(organisation=estate.organisation) for _each in range(2))
    team.members.add(tessa, tom)
    boss.members.add(tessa)
    theirs, gone, late = (
        ticket(estate, at, category)
        for category in (Category.DAMAGED, Category.DIRTY, Category.OTHER)
    )
    working.assign(ticket_id=theirs.pk, team_id=team.pk, actor=SETUP, at=at)
    working.assign(
        ticket_id=gone.pk, team_id=team.pk, assignee_id=tom.pk, actor=SETUP, at=at
    )  # fmt: skip
    tim = technician(estate, "tim")
    working.assign(ticket_id=late.pk, assignee_id=tim.pk, actor=SETUP, at=at)
    Ticket.objects.filter(pk=late.pk).update(escalated_at=at, escalates_to=boss)
    assert {task.ticket for task in walked(tessa, at)} == {theirs, late}
    assert {task.ticket for task in walked(tom, at)} == {theirs, gone}
    assert {task.ticket for task in walked(tim, at)} == {late}


def test_a_walk_costs_the_same_however_long_it_is(estate: Estate, at: dt.datetime) -> None:
    tessa = technician(estate)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            for task in walked(tessa, at):
                assert task.ticket.bank and task.ticket.compartment and task.ticket.site.name
        return len(queries)

    def give(category: Category, place: int) -> None:
        one = ticket(estate, at, category, subject=door(estate, place))
        working.assign(ticket_id=one.pk, assignee_id=tessa.pk, actor=SETUP, at=at)

    give(Category.DIRTY, 0)
    one = count()
    for place in (0, 1, 2):
        for category in (Category.DAMAGED, Category.OTHER):
            give(category, place)
    assert count() == one


def test_what_is_overdue_for_too_long_is_escalated_once_and_the_other_team_told(
    estate: Estate, at: dt.datetime
) -> None:
    boss = TeamFactory(organisation=estate.organisation, email="boss@northwind.example")
    ServiceLevelFactory(
        organisation=estate.organisation, category="damaged", due_hours=4, escalate_after_hours=2,
        escalate_to=boss,
    )  # fmt: skip
    one = report(estate, at).ticket
    assert escalating.escalate_due(at=at + 5 * HOUR) == 0
    assert escalating.escalate_due(at=at + 6 * HOUR) == 1
    assert escalating.escalate_due(at=at + 9 * HOUR) == 0
    assert kinds(one) == ["reported", "escalated"]
    letter = Notice.objects.get()
    assert (letter.to, letter.facts["what"]) == (boss.email, "escalated")


def test_a_closed_ticket_is_not_escalated_and_one_opened_again_is_anew(
    estate: Estate, at: dt.datetime
) -> None:
    ServiceLevelFactory(
        organisation=estate.organisation, category="damaged", due_hours=1, escalate_after_hours=0
    )
    one = report(estate, at).ticket
    assert escalating.escalate_due(at=at + HOUR) == 1
    closing.close(ticket_id=one.pk, resolution="Done", actor=SETUP, at=at + 2 * HOUR)
    assert escalating.escalate_due(at=at + DAY) == 0
    report(estate, at + DAY)
    assert escalating.escalate_due(at=at + DAY + HOUR) == 1
