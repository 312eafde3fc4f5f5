"""Reporting what is wrong with a door."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from access.choices import IncidentKind
from access.models import Incident
from access.services import incidents
from kiosk.errors import NotFilledIn
from kiosk.forms import ProblemForm
from kiosk.phones import PhoneRequest, signed_in
from kiosk.services.me import holdings
from kiosk.views.me.acts import Done, acting, actor, door_page
from kiosk.views.me.pages import common
from occupancy.errors.claims import NotTheHolder

_KINDS = {
    "stuck": IncidentKind.DAMAGE,
    "damage": IncidentKind.DAMAGE,
    "dirty": IncidentKind.OTHER,
    "things": IncidentKind.MISUSE,
    "loss": IncidentKind.LOSS,
    "other": IncidentKind.OTHER,
}


@require_safe
@signed_in
def ask(request: PhoneRequest, claim_id: int) -> HttpResponse:
    """Ask what is wrong with a door."""
    holding = holdings.one(request.phone, claim_id, request.at)
    if holding is None:
        raise Http404
    facts = {"holding": holding, "form": ProblemForm(), **common(request)}
    return render(request, "me/problem.html", facts)


def _report(request: PhoneRequest, claim_id: int) -> Done:
    """Tell those who look after the lockers."""
    holding = holdings.one(request.phone, claim_id, request.at)
    if holding is None:
        raise NotTheHolder
    form = ProblemForm(request.POST)
    if not form.is_valid():
        raise NotFilledIn(problem=_("Say what is wrong."))
    kind, words = form.cleaned_data["kind"], " ".join(form.cleaned_data["words"].split())
    said = str(dict(form.fields["kind"].choices)[kind])  # type: ignore[attr-defined]  # a choice
    door = holding.claim.compartment
    incidents.report(
        incident=Incident(
            site=door.bank.site,
            kind=_KINDS[kind],
            summary=f"{said}: {words}" if words else said,
            happened_at=request.at,
            person=request.phone.person,
            compartment=door,
        ),
        user_id=None,
        actor=actor(request),
        at=request.at,
    )
    return Done(_("Thank you. Those who look after the lockers know now."), door_page(claim_id))


report = acting(_report)
