"""A collection on a tablet: the forms, one form pupil by pupil, and what the tablet sends."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import RECOVER, sites_of
from maintenance.collecting import Standing
from maintenance.forms.collections import AnswerForm, StaggerForm
from maintenance.models import Collection, CollectionLine
from maintenance.selectors import collections
from maintenance.services.collections import opening, saying
from occupancy.views.changes import LARGEST_ID, actor_of, user_of


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the collections that go on, with the forms that the reader may collect."""
    going = collections.going_on(user_of(request))
    told = {"going": going, "words": _words()}
    return render(request, "upkeep/collections.html", told)


@login_required
@require_safe
def form(request: HttpRequest, collection_id: int, form: int) -> HttpResponse:
    """Show a form pupil by pupil: what is to be said first, what is done folded away."""
    user, at = user_of(request), timezone.now()
    one, rows = _form_for(request, collection_id, form)
    lines = [row.line for row in rows]
    is_office = collections.is_office(user, one)
    may_open = sites_of(user, RECOVER).filter(pk=one.site_id).exists()
    parts = [
        (state, title, [row for row in rows if row.state == state])
        for state, title in (
            (Standing.TO_DO, _("To do")),
            (Standing.MISSING, _("Something is missing")),
            (Standing.COLLECTED, _("Collected")),
        )
    ]
    return render(
        request, "upkeep/collection.html",
        {
            "collection": one, "form": form, "name": lines[0].form or _("In no form"),
            "parts": parts, "lockers": len(rows), "back": len(parts[2][2]),
            "is_office": is_office, "charge": collections.charge_of(one) if is_office else "",
            "doors": collections.electronic_left(lines, at) if may_open else 0,
            "stagger": StaggerForm(), "entry": uuid.uuid4, "words": _words(),
        },
    )  # fmt: skip


@login_required
@require_POST
def say(request: HttpRequest, collection_id: int, line_id: int) -> HttpResponse:
    """Take an entry of a tablet, as often as it comes."""
    line = _line_for(request, collection_id, line_id)
    answer = AnswerForm(request.POST)
    if not answer.is_valid():
        mistakes = " ".join(str(text) for texts in answer.errors.values() for text in texts)
        return _answer(request, line, {"code": "invalid", "message": mistakes, "facts": {}}, 400)
    at = timezone.now()
    if answer.answer == "lost" and not collections.is_office(user_of(request), line.collection):
        raise Http404  # a charge is for the office to make
    try:
        done = idempotency.run(
            lambda: saying.say(
                line_id=line.pk, about=answer.about, answer=answer.answer,
                entry_id=answer.cleaned_data["entry"], note=answer.cleaned_data["note"],
                actor=actor_of(request), at=at, happened_at=answer.happened_at(at),
            )
        )  # fmt: skip
    except Refusal as refusal:
        idempotency.settle(refusal)
        return _answer(request, line, refusal.body(), refusal.http_status)
    return _answer(request, line, collections.told(done), 200)


@login_required
@require_POST
def open_doors(request: HttpRequest, collection_id: int, form: int) -> HttpResponse:
    """Open the electronic doors that a form still has, one after another."""
    one, _rows = _form_for(request, collection_id, form)
    if not sites_of(user_of(request), RECOVER).filter(pk=one.site_id).exists():
        raise Http404
    asked = StaggerForm(request.POST)
    back = redirect("collection", one.pk, form)
    if not asked.is_valid():
        messages.error(request, _("Say how many seconds there are between two doors, up to 30."))
        return back
    try:
        day_end = opening.open_doors(
            collection_id=one.pk, form=form or None, actor=actor_of(request), at=timezone.now(),
            stagger_ms=asked.cleaned_data["seconds"] * 1000,
        )  # fmt: skip
    except Refusal as refusal:
        idempotency.settle(refusal)
        messages.error(request, str(refusal))
        return back
    return redirect("day-end", day_end.pk)


def _answer(
    request: HttpRequest, line: CollectionLine, body: dict[str, Any], status: int
) -> HttpResponse:
    """Answer a script in its own words; anybody else sees the page again."""
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(body, status=status)
    if status != 200:
        messages.error(request, str(body["message"]))
    page = reverse("collection", args=[line.collection_id, line.registration_group_id or 0])
    return redirect(f"{page}#line-{line.pk}")


def _form_for(
    request: HttpRequest, collection_id: int, form: int
) -> tuple[Collection, list[collections.Row]]:
    found = collections.reachable(user_of(request)).select_related("site", "session")
    one = get_object_or_404(found, pk=min(collection_id, LARGEST_ID))
    rows = collections.rows_of(user_of(request), one, min(form, LARGEST_ID))
    if not rows:
        raise Http404
    return one, rows


def _line_for(request: HttpRequest, collection_id: int, line_id: int) -> CollectionLine:
    found = collections.lines_for(user_of(request)).select_related("collection__site")
    return get_object_or_404(
        found, pk=min(line_id, LARGEST_ID), collection=min(collection_id, LARGEST_ID)
    )


def _words() -> dict[str, str]:
    """Return what the script says."""
    return {
        "emptied:yes": _("emptied"), "emptied:no": _("not emptied"),
        "key:back": _("key is back"), "key:not_back": _("key is not back"),
        "key:lost": _("key is lost"),
        "condition:good": _("good"), "condition:damaged": _("damaged"),
        "progress": _("{back} of {lockers} collected"),
        "waiting_one": _("1 waiting to be sent"), "waiting_many": _("{n} waiting to be sent"),
        "others": _("{n} of somebody else wait until they log in here"),
        "log_in": _("Log in again to send them"),
        "refused": _("{name} was not taken down"), "dismiss": _("I have read it"),
        "no_room": _("This tablet has no room left to keep it. Find a connection first."),
        "all_done": _("Everybody was asked."),
    }  # fmt: skip
