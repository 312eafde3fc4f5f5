"""Escalating what is overdue: once for each time it was opened, and somebody is told."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from audit.actions import Action
from audit.services.events import Actor
from maintenance.choices import EntryKind
from maintenance.models import Ticket
from maintenance.services.tickets import letters, story
from occupancy.services.ending import sweeping

_JOB = Actor.job("escalation")


def escalate_due(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Escalate the tickets whose time has come, each once; return how many."""
    due = Ticket.objects.filter(
        closed_at__isnull=True, escalated_at__isnull=True, escalates_at__lte=at
    ).order_by("escalates_at", "pk")

    def one(pk: int) -> int:
        with transaction.atomic():
            ticket = story.lock(pk)
            # Looked at once more, locked: it may be closed, or another sweep was here.
            if not due.filter(pk=pk).exists():
                return 0
            team = ticket.escalates_to or ticket.team
            story.change(ticket, escalated_at=at)
            is_told = letters.tell(ticket, "escalated", at, team)
            story.add(
                ticket, EntryKind.ESCALATED, _JOB, at, str(team or ""),
                action=Action.TICKET_ESCALATED, escalated_to=team.pk if team else None,
                is_told=is_told,
            )  # fmt: skip
        return 1

    return sweeping.each(
        list(due.values_list("pk", flat=True)), one, lambda pk: f"ticket:{pk}", aside
    )
