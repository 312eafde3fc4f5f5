"""Closing a ticket: its checklist, what was done, and its door back in service."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from audit.actions import Action
from audit.services.events import Actor
from maintenance.choices import EntryKind, PhotoMoment, TicketStatus
from maintenance.errors.tickets import (
    ItemsUnchecked,
    NotOnTheList,
    OpenAlready,
    PhotoMissing,
    TicketNotOver,
)
from maintenance.models import Ticket, TicketCheck
from maintenance.selectors import tickets as selectors
from maintenance.services.tickets import doors, letters, reporting, story
from maintenance.services.tickets.subjects import Subject


def check(
    *, ticket_id: int, item_id: int, is_checked: bool, actor: Actor, at: dt.datetime
) -> None:  # fmt: skip
    """Tick an item of a ticket's checklist, or take the tick back.

    Raises TicketOver and NotOnTheList.
    """
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        item = next((o for o in selectors.checklist_of(ticket) if o.item.pk == item_id), None)
        if item is None:
            raise NotOnTheList
        if item.is_checked == is_checked:
            return
        if is_checked:
            by = int(actor.id) if actor.kind == "staff" else None
            TicketCheck.objects.create(
                ticket=ticket, item=item.item, checked_at=at, checked_by=by
            )  # fmt: skip
        else:
            ticket.checks.filter(item=item.item).delete()
        story.add(
            ticket, EntryKind.CHECKED, actor, at, f"{'✓' if is_checked else '✗'} {item.item.text}",
            item=item_id, is_checked=is_checked,
        )  # fmt: skip


def close(*, ticket_id: int, resolution: str, actor: Actor, at: dt.datetime) -> None:
    """Close a ticket with what was done; its door is back in service, if this took it out.

    Raises TicketOver, WordsMissing, ItemsUnchecked and PhotoMissing.
    """
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        words = story.said(resolution)
        items = selectors.checklist_of(ticket)
        missing = [one.item.text for one in items if not one.is_checked]
        if missing:
            raise ItemsUnchecked(items=", ".join(missing))
        if any(one.item.needs_photo for one in items) and not _has_photo(ticket):
            raise PhotoMissing
        end(ticket, TicketStatus.DONE, words, actor, at)


def cancel(*, ticket_id: int, reason: str, actor: Actor, at: dt.datetime) -> None:
    """Close a ticket with nothing to do, and say why; raises TicketOver and WordsMissing."""
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        end(ticket, TicketStatus.CANCELLED, story.said(reason), actor, at)


def end(
    ticket: Ticket, status: TicketStatus, words: str, actor: Actor, at: dt.datetime
) -> None:  # fmt: skip
    """Close a locked ticket, whatever its checklist says."""
    doors.put_back(ticket, actor, at)
    story.change(ticket, status=status, closed_at=at, resolution=words[:400])
    story.add(
        ticket, EntryKind.CLOSED, actor, at, words, action=Action.TICKET_CLOSED,
        resolution=ticket.resolution,
    )  # fmt: skip
    if ticket.reference:
        # Whoever keeps it in another system for tickets has to close it there.
        letters.tell(ticket, "closed", at)


def reopen(*, ticket_id: int, reason: str, actor: Actor, at: dt.datetime) -> None:
    """Open a closed ticket again, with a new end; raises TicketNotOver and OpenAlready."""
    with transaction.atomic():
        ticket = story.lock(ticket_id)
        if ticket.closed_at is None:
            raise TicketNotOver
        other = Ticket.objects.filter(
            Subject.of_ticket(ticket).same(), category=ticket.category, closed_at__isnull=True
        ).first()
        if other is not None:
            raise OpenAlready(ticket=other.pk)
        reporting.open_again(ticket, actor, at, story.said(reason))
        letters.tell(ticket, "reopened", at)


def _has_photo(ticket: Ticket) -> bool:
    since = selectors.open_since(ticket)
    return ticket.photos.filter(moment=PhotoMoment.AFTER, taken_at__gte=since).exists()
