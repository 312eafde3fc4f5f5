"""Rounds on a phone: mine, one door by door, and what the phone sends when it has a line."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import MAINTAIN, within
from maintenance.choices import RoundKind, StopResult
from maintenance.errors.rounds import RoundElsewhere
from maintenance.forms.rounds import EntryForm
from maintenance.models import ChecklistItem, Round, RoundStop, StopCheck
from maintenance.selectors import rounds
from maintenance.services.rounds import closing, doing
from maintenance.views import round_words
from occupancy import photos
from occupancy.errors.recovery import BadPhoto
from occupancy.forms.reasons import ReasonForm
from occupancy.views.changes import LARGEST_ID, actor_of, user_of


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the rounds that are to be done, the one that is due first at the top."""
    at = timezone.now()
    walks = rounds.mine(user_of(request), at)
    told = {"walks": walks, "at": at, "words": round_words.words()}
    return render(request, "upkeep/rounds.html", told)


@login_required
@require_safe
def one(request: HttpRequest, round_id: int) -> HttpResponse:
    """Show a round with all that is needed to do it without a line."""
    user, at = user_of(request), timezone.now()
    found = _round_for(request, round_id)
    standing, elsewhere = rounds.stands(found, at), rounds.doors_elsewhere(user, found)
    items = ChecklistItem.objects.filter(checklist=found.checklist_id).order_by("position", "pk")
    told = {
        "round": found.pk,
        "user": user.pk,
        "is_over": found.closed_at is not None,
        "asks_voltage": found.kind == RoundKind.BATTERY,
        "doors": rounds.doors_of(user, found, at),
        "items": [
            {"id": item.pk, "text": item.text, "needs_photo": item.needs_photo} for item in items
        ],
        "words": round_words.words(),
        "done": request.path + "doors/0/done/",
        "open": request.path + "doors/0/open/",
    }
    return render(
        request, "upkeep/round.html",
        {
            "round": found, "standing": standing, "words": rounds.words(standing), "told": told,
            "at": at, "elsewhere": RoundElsewhere(doors=elsewhere) if elsewhere else None,
        },
    )  # fmt: skip


@login_required
@require_POST
def done(request: HttpRequest, round_id: int, stop_id: int) -> HttpResponse:
    """Take an entry of a phone, as often as it comes."""
    stop = _stop_for(request, round_id, stop_id)
    form = EntryForm(request.POST)
    if not form.is_valid():
        mistakes = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return JsonResponse({"code": "invalid", "message": mistakes, "facts": {}}, status=400)
    at = timezone.now()
    items = list(ChecklistItem.objects.filter(checklist=stop.round.checklist_id))
    said = form.cleaned_data
    try:
        pictures = _pictures(request, items)
        came = idempotency.run(
            lambda: doing.done(
                stop_id=stop.pk, entry_id=said["entry"], result=said["result"],
                checks=form.checks(items), note=said["note"], millivolts=said["millivolts"],
                photos=pictures, actor=actor_of(request), at=at,
                happened_at=form.happened_at(at),
            )
        )  # fmt: skip
    except Refusal as refusal:
        idempotency.settle(refusal)
        return JsonResponse(refusal.body(), status=refusal.http_status)
    return JsonResponse(
        {
            "stop": came.stop_id,
            "result": came.result.value,
            "said": str(StopResult(came.result).label),
            "ticket": came.ticket_id,
            "is_round_over": came.is_round_over,
        }
    )


@login_required
@require_POST
def open_door(request: HttpRequest, round_id: int, stop_id: int) -> HttpResponse:
    """Open a door to look inside; whoever has it keeps it."""
    stop, at = _stop_for(request, round_id, stop_id), timezone.now()
    try:
        doing.open_door(stop_id=stop.pk, actor=actor_of(request), at=at)
    except Refusal as refusal:
        idempotency.settle(refusal)
        return JsonResponse(refusal.body(), status=refusal.http_status)
    return JsonResponse({"message": _("The door was asked to open.")})


@login_required
@require_POST
def close(request: HttpRequest, round_id: int) -> HttpResponse:
    """Close a round; with a reason where doors are left."""
    found = _round_for(request, round_id)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    at = timezone.now()
    try:
        if elsewhere := rounds.doors_elsewhere(user_of(request), found):
            raise RoundElsewhere(doors=elsewhere)
        closing.close(round_id=found.pk, actor=actor_of(request), at=at, reason=reason)
    except Refusal as refusal:
        idempotency.settle(refusal)
        may_end = not isinstance(refusal, RoundElsewhere)
        told = {"round": found, "problem": str(refusal), "may_end": may_end, "at": at}
        return render(request, "upkeep/round_close.html", told, status=refusal.http_status)
    return redirect("rounds")


@login_required
@require_safe
def photo(request: HttpRequest, check_id: int) -> HttpResponse:
    """Show the photo of a check."""
    check = get_object_or_404(
        StopCheck.objects.exclude(photo="").filter(
            within(user_of(request), MAINTAIN, "stop__compartment__bank")
        ),
        pk=min(check_id, LARGEST_ID),
    )
    try:
        data = photos.read(check.photo, of=photos.UPKEEP)
    except FileNotFoundError as error:
        raise Http404 from error
    answer = HttpResponse(data, content_type=photos.TYPE)
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """Return the worker; it serves the rounds that were read last when the line is cut."""
    return render(request, "upkeep/worker.js", content_type="text/javascript")


def _round_for(request: HttpRequest, round_id: int) -> Round:
    found = rounds.reachable(user_of(request)).select_related("site", "team", "assignee")
    return get_object_or_404(found, pk=min(round_id, LARGEST_ID))


def _stop_for(request: HttpRequest, round_id: int, stop_id: int) -> RoundStop:
    found = rounds.stops_for(user_of(request)).select_related("round")
    return get_object_or_404(
        found, pk=min(stop_id, LARGEST_ID), round=min(round_id, LARGEST_ID)
    )  # fmt: skip


def _pictures(request: HttpRequest, items: list[ChecklistItem]) -> dict[int, bytes]:
    """Return the photos that were sent; one that is too large is not even read."""
    pictures: dict[int, bytes] = {}
    for item in items:
        sent = request.FILES.get(f"photo-{item.pk}")
        if sent is None:
            continue
        if (sent.size or 0) > photos.LARGEST:
            raise BadPhoto
        pictures[item.pk] = sent.read()
    return pictures
