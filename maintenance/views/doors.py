"""What staff get who scan the label on a door: its open tickets, and what is wrong now."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.errors import Refusal
from lockers.models import Compartment
from maintenance.choices import Source
from maintenance.errors.reports import NotSaid
from maintenance.forms.phone import ReportForm, WhyForm, photo_in
from maintenance.models import Ticket
from maintenance.selectors import standings, walking
from maintenance.services.tickets import reporting
from maintenance.services.tickets.subjects import Subject
from maintenance.views.asking import actor_of, door_for, once, user_of
from occupancy.services.claims import assignments


@login_required
@require_safe
@never_cache
def page(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Show a door to whoever maintains it, or only how it stands."""
    door = door_for(user_of(request), compartment_id)
    if request.headers.get("HX-Target") == "stands":
        facts = {"standing": standings.of(door, timezone.now())}
        return render(request, "upkeep/_stands.html", facts)
    return _page(request, door, ReportForm())


@login_required
@require_POST
def report(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Open a ticket for a door, and go to it; one that is open for the same fault is that one."""
    door = door_for(user_of(request), compartment_id)
    form = ReportForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            raise NotSaid
        photo = photo_in(form.cleaned_data["photo"])
    except Refusal as refusal:
        return _page(request, door, form, refused=str(refusal), status=refusal.http_status)
    said = form.cleaned_data

    def work() -> dict[str, int]:
        reported = reporting.report(
            subject=Subject.of_door(door), category=said["category"], source=Source.STAFF,
            actor=actor_of(request), at=timezone.now(), words=said["words"],
            photos=[photo] if photo is not None else [],
        )  # fmt: skip
        return {"ticket": reported.ticket.pk}

    reply = once(request, f"user:{user_of(request).pk}", work)
    if reply.status != 200:
        return _page(request, door, form, refused=reply.body["message"], status=reply.status)
    messages.success(request, _("Reported."))
    return HttpResponseRedirect(reverse("upkeep-ticket", args=[reply.body["ticket"]]))


@login_required
@require_POST
def look(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Open a door to look inside, with a reason; whoever has it keeps it."""
    door = door_for(user_of(request), compartment_id)
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _page(request, door, ReportForm(), refused=_("Say why."), status=400)

    def work() -> dict[str, object]:
        assignments.open_override(
            compartment=door, actor=actor_of(request), reason=form.cleaned_data["reason"],
            at=timezone.now(),
        )  # fmt: skip
        return {}

    reply = once(request, f"user:{user_of(request).pk}", work)
    if reply.status != 200:
        refused = reply.body["message"]
        return _page(request, door, ReportForm(), refused=refused, status=reply.status)
    messages.success(request, _("The door was asked to open."))
    return HttpResponseRedirect(reverse("upkeep-door", args=[door.pk]))


def _page(
    request: HttpRequest,
    door: Compartment,
    form: ReportForm,
    *,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    at = timezone.now()
    tickets = Ticket.objects.filter(compartment=door).select_related("site", "bank", "compartment")
    facts = {
        "door": door,
        "standing": standings.of(door, at),
        "tasks": [
            walking.task_of(one, at)
            for one in tickets.filter(closed_at__isnull=True).order_by("priority", "due_at")
        ],
        "past": tickets.filter(closed_at__isnull=False).order_by("-closed_at")[:5],
        "form": form,
        "refused": refused,
        "at": at,
    }
    return render(request, "upkeep/door.html", facts, status=status)
