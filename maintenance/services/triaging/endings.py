"""Faults that ended by themselves: noted, and closed where nobody had begun.

Not at once: what comes and goes would open and close its ticket, and write to its team, each time.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.actions import Action
from lockers.choices import BoardState, DoorState
from maintenance.choices import Category, EntryKind, Source, TicketStatus
from maintenance.models import Ticket
from maintenance.selectors import tickets as selectors
from maintenance.services.tickets import closing, story
from maintenance.services.triaging.lock_events import TRIAGE
from maintenance.services.triaging.standing import heard
from occupancy.services.ending import sweeping

WELL_FOR = dt.timedelta(minutes=5)
# A cable that comes and goes is not well: somebody should look.
_CLOSED_BY_ITSELF = (Category.SILENT, Category.HELD_OPEN)
_WORK = [EntryKind.STARTED, EntryKind.LABOUR, EntryKind.PART]


def over(at: dt.datetime) -> Q:
    """Return the condition for tickets whose fault is seen no more."""
    is_read = heard(at, "compartment__controller__bridge__") & ~Q(
        compartment__controller__state=BoardState.OFFLINE
    )
    return (
        Q(category=Category.HELD_OPEN, compartment__door__state=DoorState.CLOSED) & is_read
        | Q(category=Category.UNREADABLE)
        & Q(compartment__door__state__in=[DoorState.OPEN, DoorState.CLOSED])
        & is_read
        | Q(category=Category.SILENT, controller__isnull=False)
        & ~Q(controller__state=BoardState.OFFLINE)
        & heard(at, "controller__bridge__")
        | Q(category=Category.SILENT, bridge__isnull=False) & heard(at, "bridge__")
    )


def sweep(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Note what ended by itself, and close what nobody has begun with; return how many."""
    rows = Ticket.objects.filter(
        over(at), closed_at__isnull=True, source=Source.SYSTEM, last_seen_at__lt=at
    ).order_by("pk")

    def one(pk: int) -> int:
        with transaction.atomic():
            ticket = story.lock(pk)
            if not rows.filter(pk=pk).exists():
                return 0
            return _go_on(ticket, at)

    return sweeping.each(
        list(rows.values_list("pk", flat=True)), one, lambda pk: f"ticket:{pk}", aside
    )


def _go_on(ticket: Ticket, at: dt.datetime) -> int:
    words = _words(ticket)
    noted_at = _noted_at(ticket)
    if noted_at is None:
        story.add(ticket, EntryKind.NOTE, TRIAGE, at, words, action=Action.TICKET_NOTED)
        return 1
    if at - noted_at < WELL_FOR or ticket.category not in _CLOSED_BY_ITSELF:
        return 0
    if _is_begun(ticket):
        return 0
    closing.end(ticket, TicketStatus.DONE, _("%s Closed by itself.") % words, TRIAGE, at)
    return 1


def _noted_at(ticket: Ticket) -> dt.datetime | None:
    """Return when it was noted that the fault is over; None once it was seen after that."""
    last = (
        selectors.story_of(ticket)
        .filter(
            Q(kind=EntryKind.NOTE, actor_kind=TRIAGE.kind, actor_id=TRIAGE.id)
            | Q(kind__in=[EntryKind.REPORTED, EntryKind.REOPENED, EntryKind.SEEN_AGAIN])
        )
        .last()
    )
    return last.at if last is not None and last.kind == EntryKind.NOTE else None


def _is_begun(ticket: Ticket) -> bool:
    since = selectors.open_since(ticket)
    work = selectors.story_of(ticket).filter(kind__in=_WORK, at__gte=since)
    return ticket.status != TicketStatus.OPEN or work.exists()


def _words(ticket: Ticket) -> str:
    if ticket.category == Category.SILENT:
        return _("It answers again.")
    if ticket.category == Category.UNREADABLE:
        return _("It can be read again.")
    return _("The door was closed.")
