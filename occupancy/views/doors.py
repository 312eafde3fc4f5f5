"""The panel of one door: its story, and what staff may do with it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access.models import Incident, User
from audit.services.idempotency import Reply
from lockers.choices import ServiceStatus
from lockers.models import Compartment
from lockers.scoping import OPERATE, OVERRIDE, VIEW, sites_of
from occupancy import selectors
from occupancy.choices import ClosedHow
from occupancy.errors import AssignmentAlreadyReleased
from occupancy.forms import ReasonForm, ReleaseForm, ServiceForm
from occupancy.models import Assignment
from occupancy.services import assignments, overrides
from occupancy.views.changes import actor_of, door_for, once, user_of


@login_required
@require_safe
def story(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Show the story of a door."""
    return _panel(request, door_for(user_of(request), compartment_id, VIEW))


@login_required
@require_POST
def open_door(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Open a door without a grant, with a reason."""
    door = door_for(user_of(request), compartment_id, OVERRIDE)
    form = ReasonForm(request.POST)

    def work() -> str:
        assignments.open_override(
            compartment=door,
            actor=actor_of(request),
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
        )
        return _("The door was asked to open.")

    return _panel(request, door, once(request, form, work))


@login_required
@require_POST
def release(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Take a compartment back from its holder, with a reason."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = ReleaseForm(request.POST)

    def work() -> str:
        claim = Assignment.objects.filter(pk=form.cleaned_data["claim"], compartment=door).first()
        if claim is None:
            raise AssignmentAlreadyReleased
        assignments.release(
            claim_id=claim.pk,
            how=ClosedHow.RELEASED_BY_STAFF,
            actor=actor_of(request),
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
        return _("Released. The holder cannot open it any more.")

    return _panel(request, door, once(request, form, work))


@login_required
@require_POST
def service(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Take a compartment out of service or put it back, with a reason."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = ServiceForm(request.POST)

    def work() -> str:
        status: ServiceStatus = form.cleaned_data["status"]
        overrides.set_service_status(
            compartment_id=door.pk,
            status=status,
            actor=actor_of(request),
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
        )
        if status == ServiceStatus.IN_SERVICE:
            return _("Back in service.")
        return _("Out of service: nobody is given this door now.")

    return _panel(request, door, once(request, form, work))


def _panel(request: HttpRequest, door: Compartment, reply: Reply | None = None) -> HttpResponse:
    at = timezone.now()
    user = user_of(request)
    story = selectors.compartment_story(door.pk, at)
    return render(
        request,
        "map/_door.html",
        {
            "story": story,
            **_incidents(user, door, story.claim.holder_id if story.claim else None),
            "site": door.bank.site,
            "may_operate": selectors.may_at(user, "operate_site", door.bank_id),
            "may_override": selectors.may_at(user, "override_site", door.bank_id),
            "reply": reply,
            "at": at,
        },
        status=reply.status if reply else 200,
    )


def _incidents(user: User, door: Compartment, holder_id: int | None) -> dict[str, Any]:
    """Return how many incidents are open, and where to read and report them, for who may."""
    site_id = door.bank.site_id
    if not user.is_staff or not sites_of(user, VIEW).filter(pk=site_id).exists():
        return {}
    known = urlencode({"compartment__id__exact": door.pk, "closed_at__isempty": 1})
    told = {
        "open_incidents": Incident.objects.filter(compartment=door, closed_at__isnull=True).count(),
        "incidents_url": f"{reverse('admin:access_incident_changelist')}?{known}",
    }
    if sites_of(user, OPERATE).filter(pk=site_id).exists():
        about = {"site": site_id, "compartment": door.pk, "person": holder_id or ""}
        told["report_url"] = f"{reverse('admin:access_incident_add')}?{urlencode(about)}"
    return told
