"""The open tickets of a technician in the order in which they are walked past."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from access.models import User
from lockers.models import Area, Bank, Site
from lockers.scoping import MAINTAIN
from maintenance.choices import Priority
from maintenance.models import Ticket
from maintenance.selectors import tickets


@dataclass(frozen=True)
class Task:
    """One ticket on the walk, and what makes it press."""

    ticket: Ticket
    is_overdue: bool
    is_urgent: bool


@dataclass(frozen=True)
class Stop:
    """One place to go to: a bank, or what is somewhere at a site."""

    site: Site
    bank: Bank | None
    tasks: list[Task] = field(default_factory=list)

    @property
    def pressing(self) -> int:
        """How many of the tickets here are late or urgent."""
        return sum(task.is_overdue or task.is_urgent for task in self.tasks)


def maintained(user: Any) -> QuerySet[Ticket]:
    """Return every ticket about something that somebody may maintain."""
    return Ticket.objects.filter(tickets.visible(user, MAINTAIN))


def stops(user: User, at: dt.datetime, *, everything: bool = False) -> list[Stop]:
    """Return the places with open tickets in walking order, and at each the doors as they hang."""
    open_ones = maintained(user).filter(closed_at__isnull=True)
    if not everything:
        open_ones = open_ones.filter(tickets.theirs(user))
    rows = list(
        open_ones.select_related(
            "site", "bank", "compartment", "controller", "bridge", "assignee", "team"
        )
    )
    order = _places({ticket.site_id for ticket in rows})
    rows.sort(key=lambda ticket: (*_place(ticket, order), *_within_the_bank(ticket)))
    found: list[Stop] = []
    for ticket in rows:
        if not found or (found[-1].site, found[-1].bank) != (ticket.site, ticket.bank):
            found.append(Stop(ticket.site, ticket.bank))
        found[-1].tasks.append(task_of(ticket, at))
    return found


def counts(user: User) -> tuple[int, int]:
    """Return how many open tickets are somebody's own, and how many there are in all."""
    open_ones = maintained(user).filter(closed_at__isnull=True)
    return open_ones.filter(tickets.theirs(user)).count(), open_ones.count()


def next_after(user: User, ticket: Ticket, at: dt.datetime) -> Ticket | None:
    """Return the ticket to go to once this one is done: the next on the walk, or the first."""
    walk = [task.ticket for stop in stops(user, at) for task in stop.tasks]
    others = [one for one in walk if one.pk != ticket.pk]
    here = [one for one in others if one.bank_id == ticket.bank_id]
    return next(iter(here or others), None)


def task_of(ticket: Ticket, at: dt.datetime) -> Task:
    """Return a ticket with what makes it press at an instant."""
    is_open = ticket.closed_at is None
    return Task(
        ticket=ticket,
        is_overdue=is_open and ticket.due_at < at,
        is_urgent=is_open and ticket.priority == Priority.URGENT,
    )


def _places(site_ids: set[int]) -> dict[int, tuple[tuple[int, str], ...]]:
    """Return by area where it comes on the way: buildings, their floors, and what lies on these."""
    areas = {area.pk: area for area in Area.objects.filter(site__in=site_ids)}

    def path(area: Area) -> tuple[tuple[int, str], ...]:
        step = (area.position, area.name)
        outer = areas.get(area.parent_id or 0)
        return (*path(outer), step) if outer is not None else (step,)

    return {pk: path(area) for pk, area in areas.items()}


def _place(ticket: Ticket, order: dict[int, tuple[tuple[int, str], ...]]) -> tuple[object, ...]:
    bank = ticket.bank
    if bank is None:
        return (ticket.site.name, ticket.site_id, (), 0, "", 0)
    way = order.get(bank.area_id or 0, ())
    return (ticket.site.name, ticket.site_id, way, bank.position, bank.name, bank.pk)


def _within_the_bank(ticket: Ticket) -> tuple[int, int, int]:
    """Return where in front of a bank it is: what concerns all of it first, then left to right."""
    door = ticket.compartment
    if door is None:
        return (-1, -1, ticket.pk)
    return (door.x_mm, door.y_mm, ticket.pk)
