"""Tickets as they are read: whose they are, in the order of a walk, with checklist and story."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from lockers.models import Bank, Site
from lockers.scoping import MAINTAIN, VIEW, rights, sites_of, within
from maintenance.choices import EntryKind, Priority
from maintenance.models import ChecklistItem, Ticket, TicketCheck, TicketEntry

# Along the banks as they stand; at a bank from left to right and down, then what is no door.
WALK = (
    "site__name", "site", F("bank__position").asc(nulls_last=True),
    F("bank__name").asc(nulls_last=True), "bank",
    F("compartment__column").asc(nulls_last=True), F("compartment__row").asc(nulls_last=True),
    "priority", "due_at", "pk",
)  # fmt: skip


def visible(user: Any, right: str = VIEW) -> Q:
    """Return the condition for tickets where somebody holds a right.

    What stands at no one bank takes the right on all of its site.
    """
    if user.is_active and user.is_superuser:
        return Q()
    return within(user, right, "bank") | Q(bank__isnull=True, site__in=sites_of(user, right))


def may(user: Any, ticket: Ticket, right: str = MAINTAIN) -> bool:
    """Say whether somebody holds a right where a ticket is, or will be, worked on."""
    if not user.is_active:
        return False
    if ticket.bank_id is not None:
        return Bank.objects.filter(within(user, right), pk=ticket.bank_id).exists()
    found: bool = sites_of(user, right).filter(pk=ticket.site_id).exists()
    return found


@dataclass(frozen=True)
class Stop:
    """One ticket on somebody's walk."""

    ticket: Ticket
    is_overdue: bool
    is_urgent: bool


def open_tickets() -> QuerySet[Ticket]:
    """Return the tickets that are open, with where they are."""
    return Ticket.objects.filter(closed_at__isnull=True).select_related(
        "site", "bank__area", "compartment", "controller", "bridge", "assignee", "team"
    )


def of_user(user: Any) -> QuerySet[Ticket]:
    """Return the open tickets of somebody: assigned, of a team and nobody's yet, or escalated."""
    mine = (
        Q(assignee=user)
        | Q(assignee__isnull=True, team__members=user)
        | Q(escalated_at__isnull=False, escalates_to__members=user)
    )
    return open_tickets().filter(mine, visible(user, MAINTAIN)).distinct()


def walk(
    user: Any, at: dt.datetime, *, site: Site | None = None, by_due: bool = False
) -> list[Stop]:
    """Return the open tickets of somebody in walking order, or what is due first.

    What is overdue or urgent is marked and stays in its place: nobody walks back for it unless
    they want to.
    """
    tickets = of_user(user)
    if site is not None:
        tickets = tickets.filter(site=site)
    order: tuple[Any, ...] = ("due_at", "priority", "pk") if by_due else WALK
    # Distinct rows are ordered by what is selected: read them by number.
    rows = open_tickets().filter(pk__in=tickets.values("pk")).order_by(*order)
    return [Stop(one, one.due_at < at, one.priority == Priority.URGENT) for one in rows]


@dataclass(frozen=True)
class Item:
    """One item of the checklist that a ticket is closed with."""

    item: ChecklistItem
    checked: TicketCheck | None

    @property
    def is_checked(self) -> bool:
        """Whether it is ticked."""
        return self.checked is not None


def checklist_of(ticket: Ticket) -> list[Item]:
    """Return what has to be ticked before a ticket is closed, in order; none for most."""
    items = ChecklistItem.objects.filter(
        checklist__organisation=ticket.site.organisation_id, checklist__closes=ticket.category
    ).order_by("position", "pk")
    checks = {one.item_id: one for one in TicketCheck.objects.filter(ticket=ticket)}
    return [Item(one, checks.get(one.pk)) for one in items]


def story_of(ticket: Ticket) -> QuerySet[TicketEntry]:
    """Return the story of a ticket, oldest first."""
    return TicketEntry.objects.filter(ticket=ticket).order_by("pk")


def open_since(ticket: Ticket) -> dt.datetime:
    """Return when a ticket was opened, or opened again the last time."""
    last = story_of(ticket).filter(kind=EntryKind.REOPENED).last()
    return last.at if last is not None else ticket.opened_at


def overdue(at: dt.datetime) -> Q:
    """Return the condition for tickets that should be closed by now."""
    return Q(closed_at__isnull=True, due_at__lt=at)


def minutes_of(ticket: Ticket) -> int:
    """Return how long was worked on a ticket."""
    total = story_of(ticket).aggregate(total=Sum("minutes"))["total"]
    return int(total or 0)


def place_of(ticket: Ticket) -> str:
    """Say what a ticket is about and where that is, in a few words."""
    door, bank = ticket.compartment, ticket.bank
    if door is not None and bank is not None:
        return f"{bank.name} {door.number}"
    thing = ticket.controller or ticket.bridge
    return " ".join(str(one) for one in (bank, thing) if one is not None)


def who_repairs(ticket: Ticket, at: dt.datetime) -> set[int]:
    """Return the users who were given the right to repair where a ticket is."""
    if ticket.bank_id is None:
        return rights.holders_of(MAINTAIN, ticket.site_id)
    return {user for user, _bank, _end in rights.holders_on(MAINTAIN, [ticket.bank_id], at)}
