"""The panel of one door: its story, and what staff may do with it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lockers.choices import ServiceStatus
from lockers.scoping import OPERATE, OVERRIDE, RECOVER, VIEW
from occupancy.choices import ClosedHow
from occupancy.errors.claims import AssignmentAlreadyReleased
from occupancy.forms.reasons import ReasonForm, ReleaseForm, ServiceForm
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.custody import overrides
from occupancy.services.ending import recovery
from occupancy.views.changes import actor_of, door_for, once, user_of
from occupancy.views.panels import panel


@login_required
@require_safe
def story(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Show the story of a door."""
    return panel(request, door_for(user_of(request), compartment_id, VIEW))


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

    return panel(request, door, once(request, form, work))


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

    return panel(request, door, once(request, form, work))


@login_required
@require_POST
def recover(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Begin to empty a compartment into lost property, with a reason."""
    door = door_for(user_of(request), compartment_id, RECOVER)
    form = ReleaseForm(request.POST)

    def work() -> str:
        claim = Assignment.objects.filter(pk=form.cleaned_data["claim"], compartment=door).first()
        if claim is None:
            raise AssignmentAlreadyReleased
        recovery.begin(
            claim_id=claim.pk,
            actor=actor_of(request),
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
        return _("Recovery has begun. Nobody gets this door before it is emptied.")

    return panel(request, door, once(request, form, work))


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

    return panel(request, door, once(request, form, work))
