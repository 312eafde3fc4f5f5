"""Tickets as they are read: who sees them, whose they are, with checklist and story."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Sum

from lockers.models import Bank
from lockers.scoping import MAINTAIN, VIEW, rights, sites_of, within
from maintenance.choices import EntryKind
from maintenance.models import ChecklistItem, Ticket, TicketCheck, TicketEntry


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


def theirs(user: Any) -> Q:
    """Return the condition for what is for somebody to do.

    What is given to them; what is their team's or nobody's, until somebody has it; and what was
    escalated to their team, whoever has it.
    """
    teams = user.teams.values("pk")
    nobody_has_it = Q(assignee__isnull=True) & (Q(team__isnull=True) | Q(team__in=teams))
    is_escalated = Q(escalated_at__isnull=False, escalates_to__in=teams)
    return Q(assignee=user.pk) | nobody_has_it | is_escalated


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
