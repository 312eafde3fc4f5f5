"""Letters about tickets: to the team, to whom one is assigned, and to the holder of a door."""

from __future__ import annotations

import datetime as dt

from access.choices import NoticeKind
from access.services import notices
from access.services.notices import Word
from maintenance.models import Team, Ticket
from occupancy.models import Assignment


def tell(ticket: Ticket, what: str, at: dt.datetime, team: Team | None = None) -> bool:
    """Write to a team (its own, if none is named) what became of a ticket, if it has an address.

    ``what`` is "opened", "reopened", "escalated", "assigned" or "closed". Another system for
    tickets that takes them by e-mail finds the number in the subject.
    """
    team = team or ticket.team
    if team is None or not team.email:
        return False
    _write(ticket, what, team.email, at)
    return True


def tell_assignee(ticket: Ticket, at: dt.datetime) -> bool:
    """Write to whoever was assigned, if they have an address."""
    if ticket.assignee is None or not ticket.assignee.email:
        return False
    _write(ticket, "assigned", ticket.assignee.email, at)
    return True


def tell_holder(ticket: Ticket, holding: Assignment, at: dt.datetime) -> bool:
    """Write to the holder that the door is going to be repaired, if they have an address."""
    holder, door = holding.holder, ticket.compartment
    if holder is None or not holder.email or door is None:
        return False
    notices.tell(
        Word(
            kind=NoticeKind.DOOR_REPAIR, site_id=ticket.site_id, subject=f"ticket:{ticket.pk}",
            to=holder.email, person_id=holder.pk,
            facts={
                "number": door.number, "bank": door.bank.name, "directions": door.bank.directions,
            },
        ),
        at=at,
    )  # fmt: skip
    return True


def _write(ticket: Ticket, what: str, to: str, at: dt.datetime) -> None:
    bank, door = ticket.bank, ticket.compartment
    notices.tell(
        Word(
            kind=NoticeKind.TICKET_NEWS, site_id=ticket.site_id, subject=f"ticket:{ticket.pk}",
            to=to,
            facts={
                "what": what, "ticket": ticket.pk, "summary": ticket.summary,
                "category": ticket.get_category_display(),
                "priority": ticket.get_priority_display(),
                "due_at": ticket.due_at, "bank": bank.name if bank is not None else "",
                "directions": bank.directions if bank is not None else "",
                "number": door.number if door is not None else "",
                "thing": _thing(ticket), "occurrences": ticket.occurrences,
                "reference": ticket.reference, "resolution": ticket.resolution,
            },
        ),
        at=at,
    )  # fmt: skip


def _thing(ticket: Ticket) -> str:
    return str(ticket.controller or ticket.bridge or "")
