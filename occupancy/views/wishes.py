"""The page behind a pupil's link: their wishes while the window is open, then what came of them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from occupancy.allotment.flow import SOLVER
from occupancy.allotment.problem import NONE
from occupancy.errors.allotments import NoSuchLink
from occupancy.forms.wishes import CodeForm, WishesForm
from occupancy.models import Allotment, Allotted, Entry
from occupancy.services.allotting import drawing, links, sending, waiting, wishing, words

_SESSION = "wishes"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest, link: str) -> HttpResponse:
    """Ask for the code once, then for wishes."""
    entry = _entry(link)
    if not _is_in(request, entry):
        return _ask_code(request, entry, link)
    at = timezone.now()
    if not wishing.is_open(entry.allotment, at):
        return _page(request, entry, **_became(entry, at))
    options = wishing.options(entry=entry)
    form = WishesForm(request.POST or None, entry=entry, options=options)
    if request.method != "POST" or not form.is_valid():
        return _page(request, entry, form=form, options=options)
    try:
        wishing.hand_in(
            entry=entry, wishes=form.wishes, friends=form.friends(),
            wants_to_keep=form.cleaned_data.get("wants_to_keep", False),
            actor=Actor.person(entry.person_id), at=at,
        )  # fmt: skip
    except Refusal as refusal:
        return _page(
            request, entry, form=form, options=options, refused=str(refusal),
            status=refusal.http_status,
        )  # fmt: skip
    return HttpResponseRedirect(reverse("wishes", args=[link]))


@never_cache
@require_safe
def draw(request: HttpRequest, code: str) -> HttpResponse:
    """Show what was published of a draw, and when: no names, and no seed before its time."""
    allotment = _published(code)
    return render(
        request, "wishes/draw.html", {"allotment": allotment, "zone": allotment.site.zone}
    )


@never_cache
@require_safe
def draw_file(request: HttpRequest, link: str) -> HttpResponse:
    """Give somebody who took part everything that it takes to check the draw."""
    entry = _entry(link)
    if not _is_in(request, entry) or entry.allotment.applied_at is None:
        raise Http404
    allotment = Allotment.objects.get(pk=entry.allotment_id)
    assert allotment.frozen_input is not None  # by constraint
    _problem, outcome = drawing.drawn(allotment)
    told = {
        "commitment": allotment.commitment,
        "digest": allotment.digest,
        "seed": allotment.seed,
        "solver": SOLVER,
        "input": json.loads(bytes(allotment.frozen_input)),
        "given": {one.ticket: one.door for one in outcome.given if one.door != NONE},
        "waiting": list(outcome.waiting),
    }
    return HttpResponse(
        json.dumps(told, indent=1),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="draw-{allotment.code}.json"'},
    )


def _entry(link: str) -> Entry:
    try:
        return links.entry_of(link)
    except NoSuchLink as error:
        raise Http404 from error


def _published(code: str) -> Allotment:
    found = (
        Allotment.objects.select_related("site__organisation", "session")
        .filter(code=code, committed_at__isnull=False)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _is_in(request: HttpRequest, entry: Entry) -> bool:
    # A link that was made anew has another digest: who came in by the old one is out.
    known: bool = request.session.get(_SESSION, {}).get(str(entry.pk)) == entry.link_digest
    return known


def _ask_code(request: HttpRequest, entry: Entry, link: str) -> HttpResponse:
    asks = request.method == "POST" and "send" in request.POST
    if asks:
        sending.send_code(entry=entry, at=timezone.now())
    form = CodeForm(None if asks else request.POST or None)
    refused, status = "", 200
    if form.is_bound and form.is_valid():
        try:
            links.enter(entry=entry, code=form.cleaned_data["code"], at=timezone.now())
        except Refusal as refusal:
            idempotency.settle(refusal)
            refused, status = str(refusal), refusal.http_status
        else:
            request.session[_SESSION] = {
                **request.session.get(_SESSION, {}), str(entry.pk): entry.link_digest
            }  # fmt: skip
            return HttpResponseRedirect(reverse("wishes", args=[link]))
    facts = {
        "entry": entry, "form": form, "refused": refused, "zone": entry.allotment.site.zone,
        "asked": asks, "address": sending.known_address(entry),
    }  # fmt: skip
    return render(request, "wishes/code.html", facts, status=status)


def _became(entry: Entry, at: dt.datetime) -> dict[str, Any]:
    """Return what came of it and where that stands now: a door, or a place among who waits."""
    if entry.allotment.applied_at is None:
        return {}
    result = (
        Allotted.objects.select_related("compartment__bank", "entry").filter(entry=entry).first()
    )
    door = waiting.door_of(entry=entry)
    place = waiting.position(entry=entry, at=at) if door is None else None
    if door is None and result is not None and place is None:
        door = result.compartment
    is_of_draw = result is not None and (door is None or result.compartment_id == door.pk)
    return {
        "door": door, "position": place,
        "why": words.why(result) if result is not None and is_of_draw else "",
    }  # fmt: skip


def _page(request: HttpRequest, entry: Entry, *, status: int = 200, **facts: Any) -> HttpResponse:
    shown = {
        "entry": entry,
        "allotment": entry.allotment,
        "zone": entry.allotment.site.zone,
        "now": timezone.now(),
        **facts,
    }
    return render(request, "wishes/wishes.html", shown, status=status)
