"""How to break every constraint of tickets, teams, service levels and checklists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from maintenance.models import ServiceLevel, Ticket, TicketCheck, TicketEntry
from tests.factories.cast import Estate
from tests.factories.upkeep import (
    ChecklistFactory,
    ChecklistItemFactory,
    ServiceLevelFactory,
    TeamFactory,
    TicketFactory,
)

HOUR = dt.timedelta(hours=1)


def _ticket(estate: Estate, **values: Any) -> Any:
    return TicketFactory(**{"compartment": estate.doors[0], **values})


def _two(make: Callable[[], object]) -> None:
    for _each in range(2):
        make()


def _change(estate: Estate, **values: Any) -> None:
    Ticket.objects.filter(pk=_ticket(estate).pk).update(**values)


def _level(estate: Estate, **values: Any) -> Any:
    return ServiceLevelFactory(organisation=estate.organisation, **values)


def _entry(estate: Estate, kind: str, minutes: int | None) -> None:
    TicketEntry.objects.create(
        ticket=_ticket(estate), kind=kind, minutes=minutes, actor_kind="staff",
        at=dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC),
    )  # fmt: skip


def _checked_twice(estate: Estate) -> None:
    item = ChecklistItemFactory(checklist=ChecklistFactory(organisation=estate.organisation))
    ticket = _ticket(estate)
    _two(
        lambda: TicketCheck.objects.create(
            ticket=ticket, item=item, checked_at=dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
        )
    )


BREAKS: dict[str, Callable[[Estate], object]] = {
    "maintenance_one_open_ticket_per_thing_and_fault": lambda e: _two(lambda: _ticket(e)),
    "maintenance_ticket_is_closed_when_it_is_over": lambda e: _change(e, status="done"),
    "maintenance_ticket_is_about_one_thing": lambda e: _change(e, controller=e.controller),
    "maintenance_ticket_is_about_something": lambda e: _change(e, bank=None),
    "maintenance_ticket_is_due_after_it_was_opened": lambda e: _change(
        e, due_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    ),
    "maintenance_only_work_takes_minutes": lambda e: _entry(e, "note", 5),
    "maintenance_one_check_per_item_of_a_ticket": _checked_twice,
    "maintenance_one_team_per_name": lambda e: _two(
        lambda: TeamFactory(organisation=e.organisation, name="Night shift")
    ),
    "maintenance_one_service_level_per_category_and_site": lambda e: _two(lambda: _level(e)),
    "maintenance_service_level_is_due_some_time": lambda e: ServiceLevel.objects.filter(
        pk=_level(e).pk
    ).update(due_hours=0),
    "maintenance_one_checklist_per_name": lambda e: _two(
        lambda: ChecklistFactory(organisation=e.organisation, name="Jams")
    ),
    "maintenance_one_closing_checklist_per_category": lambda e: _two(
        lambda: ChecklistFactory(organisation=e.organisation, closes="jammed")
    ),
}
