"""Reporting what is wrong with a door: a fault is a ticket, what somebody did is an incident."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
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
from lockers.models import Compartment
from maintenance.choices import Category, Source
from maintenance.forms.phone import photo_in
from maintenance.services.tickets import reporting
from maintenance.services.tickets.subjects import Subject
from occupancy.errors.claims import NotTheHolder

_FAULTS = {
    "stuck": Category.JAMMED,
    "unlocked": Category.WONT_CLOSE,
    "damage": Category.DAMAGED,
    "dirty": Category.DIRTY,
    "other": Category.OTHER,
}
# Nothing that a technician puts right.
_INCIDENTS = {"things": IncidentKind.MISUSE, "loss": IncidentKind.LOSS}


@require_safe
@signed_in
def ask(request: PhoneRequest, claim_id: int) -> HttpResponse:
    """Ask what is wrong with a door."""
    return _page(request, claim_id, ProblemForm())


def _page(
    request: PhoneRequest, claim_id: int, form: ProblemForm, refused: str = "", status: int = 200
) -> HttpResponse:
    holding = holdings.one(request.phone, claim_id, request.at)
    if holding is None:
        raise Http404
    facts = {"holding": holding, "form": form, "refused": refused, **common(request)}
    return render(request, "me/problem.html", facts, status=status)


def _again(request: PhoneRequest, refused: str, status: int, claim_id: int) -> HttpResponse:
    """Ask once more, with what was typed; whose door it is no more has no page of it."""
    try:
        return _page(request, claim_id, ProblemForm(request.POST, request.FILES), refused, status)
    except Http404:
        messages.error(request, refused)
        return HttpResponseRedirect(reverse("me"))


def _report(request: PhoneRequest, claim_id: int) -> Done:
    """Tell those who look after the lockers."""
    holding = holdings.one(request.phone, claim_id, request.at)
    if holding is None:
        raise NotTheHolder
    form = ProblemForm(request.POST, request.FILES)
    if not form.is_valid():
        raise NotFilledIn(problem=_("Say what is wrong."))
    kind, words = form.cleaned_data["kind"], " ".join(form.cleaned_data["words"].split())
    door = holding.claim.compartment
    if kind in _FAULTS:
        photo = photo_in(form.cleaned_data["photo"])
        reporting.report(
            subject=Subject.of_door(door), category=_FAULTS[kind], source=Source.PHONE,
            actor=actor(request), at=request.at, words=words,
            photos=[photo] if photo is not None else [],
        )  # fmt: skip
    else:
        said = str(dict(form.fields["kind"].choices)[kind])  # type: ignore[attr-defined]  # a choice
        _happened(request, door, _INCIDENTS[kind], f"{said}: {words}" if words else said)
    return Done(_("Thank you. Those who look after the lockers know now."), door_page(claim_id))


def _happened(request: PhoneRequest, door: Compartment, kind: IncidentKind, summary: str) -> None:
    incidents.report(
        incident=Incident(
            site=door.bank.site,
            kind=kind,
            summary=summary,
            happened_at=request.at,
            person=request.phone.person,
            compartment=door,
        ),
        user_id=None,
        actor=actor(request),
        at=request.at,
    )


report = acting(_report, again=_again)
