"""The story of a ticket: a line for everything that is done to it, each with its audit event."""

from __future__ import annotations

import datetime as dt
from typing import Any

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from maintenance.choices import EntryKind
from maintenance.errors.tickets import TicketOver, WordsMissing
from maintenance.models import Ticket, TicketEntry
from maintenance.services.tickets.subjects import Subject

LONGEST = 1000


def get(ticket_id: int) -> Ticket:
    """Return a ticket with its place."""
    return Ticket.objects.select_related("site", "bank", "compartment__bank", "assignee").get(
        pk=ticket_id
    )


def lock(ticket_id: int) -> Ticket:
    """Lock a ticket and what it is about until the transaction ends; open or not."""
    Subject.of_ticket(Ticket.objects.get(pk=ticket_id)).lock()
    return (
        Ticket.objects.select_for_update(no_key=True, of=("self",))
        .select_related("site", "bank", "compartment__bank", "assignee")
        .get(pk=ticket_id)
    )


def going_on(ticket_id: int) -> Ticket:
    """Lock a ticket that is open; raises TicketOver."""
    ticket = lock(ticket_id)
    if ticket.closed_at is not None:
        raise TicketOver
    return ticket


def change(ticket: Ticket, **values: Any) -> None:
    """Write some fields of a locked ticket, and have them in hand."""
    Ticket.objects.filter(pk=ticket.pk).update(**values)
    for name, value in values.items():
        setattr(ticket, name, value)


def said(words: str) -> str:
    """Return what somebody wrote, trimmed; raises WordsMissing."""
    if not words.strip():
        raise WordsMissing
    return words.strip()


def add(
    ticket: Ticket,
    kind: EntryKind,
    actor: Actor,
    at: dt.datetime,
    text: str = "",
    *,
    action: Action = Action.TICKET_CHANGED,
    minutes: int | None = None,
    person_id: int | None = None,
    **data: Any,
) -> TicketEntry:
    """Add a line to a ticket's story and to the trail, in the transaction of what was done.

    Every event of a ticket has the same shape, whatever was done: other systems read it.
    """
    entry = TicketEntry.objects.create(
        ticket=ticket, kind=kind, at=at, actor_kind=actor.kind, actor_id=actor.id,
        text=text[:LONGEST], minutes=minutes,
    )  # fmt: skip
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=ticket.site.organisation_id,
        site_id=ticket.site_id,
        bank_id=ticket.bank_id,
        compartment_id=ticket.compartment_id,
        person_id=person_id,
        subject=f"ticket:{ticket.pk}",
        reason=text,
        data={
            "ticket": ticket.pk, "entry": kind.value, "category": ticket.category,
            "priority": ticket.priority, "status": ticket.status, "due_at": ticket.due_at,
            "assignee": ticket.assignee_id, "team": ticket.team_id,
            "reference": ticket.reference, **data,
        },
    )  # fmt: skip
    return entry
