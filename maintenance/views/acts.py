"""What a technician does with a ticket: plain forms, each done once however often it is sent."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from audit.errors import Refusal
from lockers.choices import ServiceStatus
from maintenance.choices import PhotoMoment
from maintenance.forms.phone import (
    CheckForm,
    DoneForm,
    LabourForm,
    NoteForm,
    OutForm,
    PhotoForm,
    WhyForm,
    photo_in,
)
from maintenance.models import Ticket
from maintenance.services.tickets import closing, doors, working
from maintenance.views.asking import actor_of, once, ticket_for, user_of
from maintenance.views.pages import page_of

# Given the ticket, who acts and when, and what was typed; returns what is said.
Verb = Callable[[Ticket, dict[str, Any], dict[str, Any]], str]


def acting(verb: Verb, form_class: type[Form] = Form) -> Callable[..., HttpResponse]:
    """Make a view of a verb: what is refused or not filled in leaves the page as it was typed."""

    @login_required
    @require_POST
    @functools.wraps(verb)
    def view(request: HttpRequest, ticket_id: int) -> HttpResponse:
        ticket = ticket_for(user_of(request), ticket_id)
        form = form_class(request.POST, request.FILES)
        if not form.is_valid():
            mistakes = [str(text) for texts in form.errors.values() for text in texts]
            return page_of(request, ticket, refused=" ".join(mistakes), status=400)
        try:
            asked = dict(form.cleaned_data)
            if "photo" in asked:
                asked["photo"] = photo_in(asked["photo"])
        except Refusal as refusal:
            return page_of(request, ticket, refused=str(refusal), status=refusal.http_status)

        def work() -> dict[str, Any]:
            by = {"actor": actor_of(request), "at": timezone.now()}
            return {"said": verb(ticket, asked, by)}

        reply = once(request, f"user:{user_of(request).pk}", work)
        if reply.status == 200:
            messages.success(request, reply.body["said"])
            return HttpResponseRedirect(reverse("upkeep-ticket", args=[ticket.pk]))
        ticket = ticket_for(user_of(request), ticket_id)
        return page_of(request, ticket, refused=reply.body["message"], status=reply.status)

    return view


def _start(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Begin to work on it."""
    working.start(ticket_id=ticket.pk, **by)
    return _("You are on it.")


def _take(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Take it over."""
    working.assign(
        ticket_id=ticket.pk, assignee_id=int(by["actor"].id), team_id=ticket.team_id, **by
    )
    return _("It is yours now.")


def _look(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Ask the door to open, which its holder keeps."""
    doors.inspect(ticket_id=ticket.pk, **by)
    return _("The door was asked to open.")


def _check(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Tick an item of the checklist, or take the tick away."""
    closing.check(ticket_id=ticket.pk, item_id=asked["item"], is_checked=asked["is_checked"], **by)
    return _("Ticked.") if asked["is_checked"] else _("Not ticked any more.")


def _done(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Close it, with what was done."""
    closing.close(ticket_id=ticket.pk, resolution=asked["resolution"], **by)
    return _("Done.")


def _cancel(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Close it because there is nothing to do."""
    closing.cancel(ticket_id=ticket.pk, reason=asked["reason"], **by)
    return _("Closed: there was nothing to do.")


def _reopen(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Open it again."""
    closing.reopen(ticket_id=ticket.pk, reason=asked["reason"], **by)
    return _("It is open again.")


def _wait(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Say what it waits for."""
    working.wait(ticket_id=ticket.pk, words=asked["reason"], **by)
    return _("It waits now.")


def _note(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Write a line."""
    working.note(ticket_id=ticket.pk, words=asked["text"], **by)
    return _("Noted.")


def _minutes(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Write down how long it took."""
    working.add_labour(ticket_id=ticket.pk, minutes=asked["minutes"], **by)
    return _("Written down.")


def _photo(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Keep a photo of before or after."""
    working.add_photo(
        ticket_id=ticket.pk, data=asked["photo"], moment=PhotoMoment(asked["moment"]), **by
    )
    return _("The photo is kept.")


def _take_out(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Let nobody have the door."""
    how = asked["how"]
    status = doors.take_out(
        ticket_id=ticket.pk, move_holder=how == "move", tell_holder=how == "tell", **by
    )
    if status != ServiceStatus.OUT_OF_SERVICE:
        return _("Whoever has it is told, and nobody else is given this door.")
    return _("Out of service: nobody is given this door now.")


def _bring_back(ticket: Ticket, asked: dict[str, Any], by: dict[str, Any]) -> str:
    """Let people have the door again."""
    doors.bring_back(ticket_id=ticket.pk, **by)
    return _("Back in service.")


start = acting(_start)
take = acting(_take)
look = acting(_look)
check = acting(_check, CheckForm)
done = acting(_done, DoneForm)
cancel = acting(_cancel, WhyForm)
reopen = acting(_reopen, WhyForm)
wait = acting(_wait, WhyForm)
note = acting(_note, NoteForm)
minutes = acting(_minutes, LabourForm)
photo = acting(_photo, PhotoForm)
take_out = acting(_take_out, OutForm)
bring_back = acting(_bring_back)
