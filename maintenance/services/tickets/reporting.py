"""Reporting a fault: one door, one fault, one ticket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from audit.actions import Action
from audit.services.events import Actor
from lockers.models import Site
from maintenance import service_levels
from maintenance.choices import Category, EntryKind, PhotoMoment, Source, TicketStatus
from maintenance.models import Finding, Ticket
from maintenance.selectors import levels
from maintenance.services.tickets import doors, letters, photographs, story
from maintenance.services.tickets.subjects import Subject

# The same fault so soon again was not put right.
REOPENED_WITHIN = dt.timedelta(days=14)


@dataclass(frozen=True)
class Reported:
    """The ticket that a report ended in; neither new nor reopened, it was open already."""

    ticket: Ticket
    is_new: bool
    is_reopened: bool = False


def report(
    *,
    subject: Subject,
    category: Category,
    source: Source,
    actor: Actor,
    at: dt.datetime,
    words: str = "",
    photos: Sequence[bytes] = (),
    event_id: int | None = None,
    needs_out: bool = False,
    seen_at: dt.datetime | None = None,
) -> Reported:
    """Report a fault of a thing; return the ticket about it.

    An open one counts it once more, one closed a short time ago is opened again. With ``event_id``
    a lock event is reported once, however often it comes. ``needs_out``: nobody new is given the
    door. ``seen_at`` is when it was, if that is earlier. Raises BadPhoto and PhotosEnough.
    """
    # A savepoint is for what may be refused with the rest going on: photos that are too many.
    with photographs.saved(photos) as names, transaction.atomic(savepoint=bool(photos)):
        subject.lock()
        if event_id is not None:
            known = (
                Finding.objects.filter(pk=event_id, ticket__isnull=False)
                .values_list("ticket", flat=True)
                .first()
            )
            if known is not None:
                photographs.drop(names)
                return Reported(story.get(known), is_new=False)
        site = subject.site or Site.objects.get(pk=subject.site_id)
        told = _Report(subject, site, category, source, actor, at, seen_at or at, words.strip())
        last = _last(told)
        reported = _count(told, last) or _reopen(told, last) or _open(told)
        ticket = reported.ticket
        photographs.attach(ticket, names, at, PhotoMoment.REPORT)
        if event_id is not None:
            Finding.objects.bulk_create(
                [Finding(event_id=event_id, ticket=ticket, judged_at=at)],
                update_conflicts=True,
                unique_fields=["event"],
                update_fields=["ticket", "judged_at"],
            )
        if needs_out and ticket.closed_at is None:
            doors.keep_free(ticket, actor, at)
        if reported.is_new or reported.is_reopened:
            letters.tell(ticket, "opened" if reported.is_new else "reopened", at)
    return reported


@dataclass(frozen=True)
class _Report:
    subject: Subject
    site: Site
    category: Category
    source: Source
    actor: Actor
    at: dt.datetime
    seen_at: dt.datetime
    words: str


def _last(told: _Report) -> Ticket | None:
    """Lock the ticket of that fault that is open, or else was closed last."""
    ticket = (
        Ticket.objects.select_for_update(no_key=True)
        .filter(told.subject.same(), category=told.category)
        .order_by(F("closed_at").desc(nulls_first=True), "-pk")
        .first()
    )
    if ticket is not None and ticket.site_id == told.site.pk:
        ticket.site = told.site
    return ticket


def _count(told: _Report, ticket: Ticket | None) -> Reported | None:
    """Count it in the open ticket, or in the one that was closed after it was seen."""
    if ticket is None:
        return None
    if ticket.closed_at is not None and not ticket.opened_at <= told.seen_at < ticket.closed_at:
        return None
    story.change(
        ticket,
        occurrences=ticket.occurrences + 1,
        last_seen_at=max(ticket.last_seen_at, told.seen_at),
    )
    story.add(
        ticket, EntryKind.SEEN_AGAIN, told.actor, told.at, told.words,
        action=Action.TICKET_SEEN_AGAIN, occurrences=ticket.occurrences,
        source=told.source.value,
    )  # fmt: skip
    return Reported(ticket, is_new=False)


def _reopen(told: _Report, last: Ticket | None) -> Reported | None:
    if last is None or last.closed_at is None:
        return None
    if last.closed_at < told.seen_at - REOPENED_WITHIN:
        return None
    open_again(last, told.actor, told.at, told.words, seen_at=told.seen_at)
    return Reported(last, is_new=False, is_reopened=True)


def open_again(
    ticket: Ticket,
    actor: Actor,
    at: dt.datetime,
    text: str,
    *,
    seen_at: dt.datetime | None = None,
) -> None:
    """Open a locked ticket again: with a new end, and its checklist to do anew."""
    level = levels.level_of(ticket.site, ticket.category)
    due_at = _due(level, ticket.site, at)
    story.change(
        ticket, status=TicketStatus.OPEN, closed_at=None, resolution="", door_was="",
        reopened=ticket.reopened + 1,
        occurrences=ticket.occurrences + (1 if seen_at is not None else 0),
        last_seen_at=max(ticket.last_seen_at, seen_at or ticket.last_seen_at),
        due_at=due_at, escalates_at=service_levels.escalates(level, due_at), escalated_at=None,
        escalates_to_id=level.escalate_to_id, team_id=ticket.team_id or level.team_id,
    )  # fmt: skip
    ticket.checks.all().delete()
    story.add(
        ticket, EntryKind.REOPENED, actor, at, text, action=Action.TICKET_REOPENED,
        occurrences=ticket.occurrences,
    )  # fmt: skip


def _open(told: _Report) -> Reported:
    subject, site = told.subject, told.site
    level = levels.level_of(site, told.category)
    due_at = _due(level, site, told.at)
    ticket = Ticket.objects.create(
        site=site, bank_id=subject.bank_id, compartment_id=subject.compartment_id,
        controller_id=subject.controller_id, bridge_id=subject.bridge_id,
        category=told.category.value, priority=level.priority, source=told.source.value,
        summary=(told.words.splitlines()[0] if told.words else str(told.category.label))[:200],
        opened_at=told.at, last_seen_at=told.seen_at, due_at=due_at,
        escalates_at=service_levels.escalates(level, due_at),
        escalates_to_id=level.escalate_to_id, team_id=level.team_id,
    )  # fmt: skip
    story.add(
        ticket, EntryKind.REPORTED, told.actor, told.at, told.words,
        action=Action.TICKET_OPENED, source=told.source.value,
    )  # fmt: skip
    return Reported(ticket, is_new=True)


def _due(level: service_levels.Level, site: Site, at: dt.datetime) -> dt.datetime:
    # Most count by the clock: then nobody reads the calendar.
    hours = levels.hours_of(site) if level.in_opening_hours else levels.ALWAYS
    return service_levels.due(level, at, hours, site.zone)
