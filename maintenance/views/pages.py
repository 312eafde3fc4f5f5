"""What a technician reads on a phone: the walk, and one ticket."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lockers.scoping import MAINTAIN, places_of
from maintenance.choices import EntryKind, TicketStatus
from maintenance.models import Photo, Ticket, TicketEntry
from maintenance.selectors import parts, standings, tickets, walking
from maintenance.selectors.standings import Standing
from maintenance.views.asking import LARGEST_ID, ticket_for, user_of
from occupancy import photos

# Looked at by their kind, these say nothing that the person with the tools needs twice.
_SHOWN = 50


@login_required
@require_safe
@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """Show the open tickets in walking order: one's own, or all of them."""
    user, at = user_of(request), timezone.now()
    if not places_of(user, MAINTAIN).exists():
        raise Http404
    everything = request.GET.get("which") == "all"
    own, total = walking.counts(user)
    facts = {
        "stops": walking.stops(user, at, everything=everything),
        "everything": everything,
        "own": own,
        "total": total,
        "at": at,
    }
    return render(request, "upkeep/tickets.html", facts)


@login_required
@require_safe
@never_cache
def ticket(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show one ticket and what comes next, or only how its door stands."""
    found = ticket_for(user_of(request), ticket_id)
    if request.headers.get("HX-Target") == "stands" and found.compartment is not None:
        facts = {"standing": standings.of(found.compartment, timezone.now()), "ticket": found}
        return render(request, "upkeep/_stands.html", facts)
    return page_of(request, found)


@login_required
@require_safe
def picture(request: HttpRequest, photo_id: int) -> HttpResponse:
    """Answer a photo of a ticket; no other address leads to it."""
    photo = Photo.objects.filter(
        pk=min(photo_id, LARGEST_ID), ticket__in=walking.maintained(user_of(request))
    ).first()
    if photo is None:
        raise Http404
    try:
        content = photos.read(photo.name, of=photos.UPKEEP)
    except FileNotFoundError as error:
        raise Http404 from error
    return HttpResponse(
        content,
        content_type=photos.TYPE,
        headers={"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"},
    )


def page_of(
    request: HttpRequest, ticket: Ticket, *, refused: str = "", status: int = 200
) -> HttpResponse:
    """Draw the page of a ticket; what was typed stays when something was refused."""
    user, at = user_of(request), timezone.now()
    door = ticket.compartment
    standing = standings.of(door, at) if door is not None else None
    entries = list(ticket.entries.order_by("-pk")[:_SHOWN])
    facts = {
        "ticket": ticket,
        "task": walking.task_of(ticket, at),
        "standing": standing,
        "entries": entries,
        "photos": list(ticket.photos.all()),
        "checks": tickets.checklist_of(ticket),
        "next": _next(ticket, standing, entries),
        "others": _others(ticket),
        "then": walking.next_after(user, ticket, at) if ticket.closed_at else None,
        "used": parts.used_on(ticket),
        "stocks": parts.stock_for(ticket) if ticket.closed_at is None else (),
        "key": uuid.uuid4(),
        "minutes": tickets.minutes_of(ticket),
        "refused": refused,
        "typed": request.POST,
        "at": at,
        "is_mine": ticket.assignee_id == user.pk,
    }
    return render(request, "upkeep/ticket.html", facts, status=status)


def _next(ticket: Ticket, standing: Standing | None, entries: list[TicketEntry]) -> str:
    """Return what comes next: start, look into the door, say that it is done, or go on."""
    if ticket.closed_at is not None:
        return "go_on"
    if ticket.status != TicketStatus.IN_PROGRESS:
        return "start"
    if standing is None or not standing.may_open:
        return "done"
    for entry in entries:
        if entry.kind == EntryKind.OPENED_DOOR:
            return "done"
        if entry.kind in (EntryKind.STARTED, EntryKind.REOPENED):
            break
    return "look"


def _others(ticket: Ticket) -> list[Ticket]:
    """Return what else is wrong with the same door."""
    if ticket.compartment_id is None:
        return []
    same = Ticket.objects.filter(compartment=ticket.compartment_id, closed_at__isnull=True)
    return list(same.exclude(pk=ticket.pk).order_by("due_at"))
