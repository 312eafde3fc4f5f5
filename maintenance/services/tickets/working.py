"""Working on a ticket: who does it, how far it is, what it took."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from access.models import User
from audit.actions import Action
from audit.services.events import Actor
from lockers.scoping import MAINTAIN
from maintenance import service_levels
from maintenance.choices import Category, EntryKind, PhotoMoment, Priority, TicketStatus
from maintenance.errors.tickets import MinutesWrong, NotTheirs, OpenAlready
from maintenance.models import Photo, Team, Ticket
from maintenance.selectors import levels
from maintenance.selectors import tickets as selectors
from maintenance.services.tickets import letters, photographs, story
from maintenance.services.tickets.subjects import Subject

_A_DAY = 24 * 60


def start(*, ticket_id: int, actor: Actor, at: dt.datetime) -> None:
    """Begin, or go on, with the work on a ticket; whoever nobody was assigned for has it now.

    Raises TicketOver.
    """
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        if ticket.status == TicketStatus.IN_PROGRESS:
            return
        values: dict[str, object] = {"status": TicketStatus.IN_PROGRESS}
        if ticket.assignee_id is None and actor.kind == "staff":
            values["assignee_id"] = int(actor.id)
        story.change(ticket, **values)
        story.add(ticket, EntryKind.STARTED, actor, at)


def wait(*, ticket_id: int, actor: Actor, at: dt.datetime, words: str) -> None:
    """Put a ticket aside until something comes, said in words; raises TicketOver, WordsMissing."""
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        story.change(ticket, status=TicketStatus.WAITING)
        story.add(ticket, EntryKind.WAITING, actor, at, story.said(words))


def note(*, ticket_id: int, actor: Actor, at: dt.datetime, words: str) -> None:
    """Add a note to a ticket, open or closed; raises WordsMissing."""
    with transaction.atomic():
        ticket = story.lock(ticket_id)
        story.add(ticket, EntryKind.NOTE, actor, at, story.said(words), action=Action.TICKET_NOTED)


def assign(
    *,
    ticket_id: int,
    actor: Actor,
    at: dt.datetime,
    assignee_id: int | None = None,
    team_id: int | None = None,
) -> None:
    """Give a ticket to somebody, to a team, to both, or to nobody.

    Raises TicketOver, and NotTheirs for who may not repair there or another organisation's team.
    """
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        user = None if assignee_id is None else User.objects.filter(pk=assignee_id).first()
        team = None if team_id is None else Team.objects.filter(pk=team_id).first()
        if (user is None) != (assignee_id is None) or (team is None) != (team_id is None):
            raise NotTheirs
        if user is not None and not selectors.may(user, ticket, MAINTAIN):
            raise NotTheirs
        if team is not None and team.organisation_id != ticket.site.organisation_id:
            raise NotTheirs
        is_new = user is not None and user.pk != ticket.assignee_id
        is_theirs = team is not None and team.pk != ticket.team_id
        story.change(ticket, assignee=user, team=team)
        names = [str(one) for one in (user, team) if one is not None]
        story.add(
            ticket, EntryKind.ASSIGNED, actor, at, ", ".join(names),
            action=Action.TICKET_ASSIGNED,
        )  # fmt: skip
        if is_new and user is not None and actor != Actor.staff(user.pk):
            letters.tell_assignee(ticket, at)
        elif is_theirs and user is None:
            letters.tell(ticket, "assigned", at)


def add_labour(
    *, ticket_id: int, minutes: int, actor: Actor, at: dt.datetime, words: str = ""
) -> None:
    """Write down minutes of work; raises TicketOver and MinutesWrong."""
    if not 1 <= minutes <= _A_DAY:
        raise MinutesWrong
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        story.add(
            ticket, EntryKind.LABOUR, actor, at, words.strip(), minutes=minutes,
            worked_minutes=minutes,
        )  # fmt: skip


def add_photo(
    *, ticket_id: int, data: bytes, moment: PhotoMoment, actor: Actor, at: dt.datetime
) -> Photo:
    """Add a photo of how it was or is now; raises TicketOver, BadPhoto and PhotosEnough."""
    with photographs.saved([data]) as names, transaction.atomic():
        ticket = story.going_on(ticket_id)
        (photo,) = photographs.attach(ticket, names, at, moment)
        story.add(ticket, EntryKind.PHOTO, actor, at, str(moment.label), moment=moment.value)
    return photo


def change(
    *,
    ticket_id: int,
    actor: Actor,
    at: dt.datetime,
    category: Category | None = None,
    priority: Priority | None = None,
) -> None:
    """Call a ticket something else, or make it more or less urgent.

    Another category is due as if it had been that from the start. Raises TicketOver, and
    OpenAlready when the thing has a ticket of that category.
    """
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        before = {"category": ticket.category, "priority": ticket.priority}
        values: dict[str, object] = {}
        if category is not None and category != ticket.category:
            _refuse_second(ticket, category)
            level = levels.level_of(ticket.site, category)
            hours = levels.hours_of(ticket.site)
            due_at = service_levels.due(level, ticket.opened_at, hours, ticket.site.zone)
            values = {
                "category": category, "priority": level.priority, "due_at": due_at,
                "escalates_at": service_levels.escalates(level, due_at),
                "escalates_to_id": level.escalate_to_id,
            }  # fmt: skip
            # The checklist is another one.
            ticket.checks.all().delete()
        if priority is not None:
            values["priority"] = priority
        changed = {name: value for name, value in values.items() if getattr(ticket, name) != value}
        if not changed:
            return
        story.change(ticket, **changed)
        words = f"{ticket.get_category_display()}, {ticket.get_priority_display()}"
        story.add(ticket, EntryKind.CHANGED, actor, at, words, before=before)


def _refuse_second(ticket: Ticket, category: Category) -> None:
    other = Ticket.objects.filter(
        Subject.of_ticket(ticket).same(), category=category, closed_at__isnull=True
    ).first()
    if other is not None:
        raise OpenAlready(ticket=other.pk)


def set_reference(*, ticket_id: int, reference: str, actor: Actor, at: dt.datetime) -> None:
    """Keep the number that a ticket has in another system, open or closed."""
    with transaction.atomic():
        ticket = story.lock(ticket_id)
        before, now = ticket.reference, reference.strip()[:60]
        if before == now:
            return
        story.change(ticket, reference=now)
        story.add(ticket, EntryKind.CHANGED, actor, at, now, before={"reference": before})
