"""The page behind the label on a door: whoever scans it says what is wrong; staff get the door."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access.models import User
from audit.errors import Refusal
from audit.services.events import Actor
from lockers.models import Compartment
from lockers.scoping import MAINTAIN, within
from maintenance import door_labels, limits
from maintenance.choices import Source
from maintenance.errors.reports import NotSaid
from maintenance.forms.phone import ReportForm, photo_in
from maintenance.services.tickets import reporting
from maintenance.services.tickets.subjects import Subject
from maintenance.views.asking import once

# Nobody is known here: it came from the label, and that is all.
_NOBODY = Actor.anonymous()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, code: str) -> HttpResponse:
    """Ask what is wrong with a door, and tell those who look after it."""
    door = _door(code)
    if request.method != "POST":
        if _maintains(request, door):
            return HttpResponseRedirect(reverse("upkeep-door", args=[door.pk]))
        # Whoever comes from a screen has said there what is wrong.
        return _page(request, door, ReportForm(request.GET or None))
    form = ReportForm(request.POST, request.FILES)
    try:
        # Counted first: a photo that is none costs as much to look at as one that is.
        limits.count_label(request, door.pk)
        if not form.is_valid():
            raise NotSaid
        photo = photo_in(form.cleaned_data["photo"])
    except Refusal as refusal:
        return _page(request, door, form, refused=str(refusal), status=refusal.http_status)
    said = form.cleaned_data

    def work() -> dict[str, object]:
        reporting.report(
            subject=Subject.of_door(door), category=said["category"], source=Source.LABEL,
            actor=_NOBODY, at=timezone.now(), words=said["words"],
            photos=[photo] if photo is not None else [],
        )  # fmt: skip
        return {}

    reply = once(request, f"label:{door.pk}", work)
    if reply.status != 200:
        return _page(request, door, form, refused=reply.body["message"], status=reply.status)
    return render(request, "upkeep/thanks.html", {"door": door})


def _door(code: str) -> Compartment:
    compartment_id = door_labels.door_on(code)
    if compartment_id is None:
        raise Http404
    doors = Compartment.objects.select_related("bank__site").filter(pk=compartment_id)
    door = doors.first()
    if door is None:
        raise Http404
    return door


def _maintains(request: HttpRequest, door: Compartment) -> bool:
    user = request.user
    if not isinstance(user, User):
        return False
    return Compartment.objects.filter(within(user, MAINTAIN, "bank"), pk=door.pk).exists()


def _page(
    request: HttpRequest,
    door: Compartment,
    form: ReportForm,
    *,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    facts = {"door": door, "form": form, "refused": refused}
    return render(request, "upkeep/report.html", facts, status=status)
