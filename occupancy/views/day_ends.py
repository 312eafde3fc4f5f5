"""The end of a day on one screen: what is still locked, opened one by one, and what came of it."""

from __future__ import annotations

import uuid
from collections import Counter

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.models import User
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.idempotency import Reply
from lockers.models import Site
from lockers.scoping import RECOVER, sites_of
from occupancy.choices import DoorResult
from occupancy.forms.reasons import ReasonForm
from occupancy.models import DayEnd, DayEndDoor
from occupancy.services.ending import day_ends
from occupancy.views.changes import LARGEST_ID, actor_of, user_of


def _site_for(user: User, site_id: int) -> Site:
    site = sites_of(user, RECOVER).filter(pk=min(site_id, LARGEST_ID)).first()
    if site is None:
        raise Http404
    return site


def _day_end_for(user: User, day_end_id: int) -> DayEnd:
    found = (
        DayEnd.objects.select_related("site")
        .filter(site__in=sites_of(user, RECOVER), pk=min(day_end_id, LARGEST_ID))
        .first()
    )
    if found is None:
        raise Http404
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def site(request: HttpRequest, site_id: int) -> HttpResponse:
    """List every door that is still locked, and open those that are ticked."""
    place = _site_for(user_of(request), site_id)
    at = timezone.now()
    form = ReasonForm(request.POST or None)
    problem = ""
    numbers = [int(one) for one in request.POST.getlist("claim") if one.isdecimal()][:5000]
    claims = [one for one in numbers if one <= LARGEST_ID]
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]

        def work() -> Reply:
            begun = day_ends.plan(
                site=place, reason=reason, actor=actor_of(request), at=at, claims=claims,
            )  # fmt: skip
            return Reply(200, {"day_end": begun.pk})

        try:
            # A button pressed twice opens nothing twice.
            reply = idempotency.once(
                scope=f"user:{user_of(request).pk}", key=request.POST.get("key", ""),
                request=idempotency.fingerprint(
                    request.method, request.path, {"claims": claims, "reason": reason}
                ),
                work=work,
            )  # fmt: skip
        except Refusal as refusal:
            problem = str(refusal)
        else:
            begun = DayEnd.objects.get(pk=reply.body["day_end"])
            # Each door in a transaction of its own: what a crash leaves waiting, the job asks.
            day_ends.go_on(day_end=begun, actor=actor_of(request), at=at)
            return redirect("day-end", begun.pk)
    held = day_ends.locked(place, at)
    # What was unticked stays so when something was wrong; what is being emptied begins so.
    ticked = claims if request.method == "POST" else [one.pk for one in held if not one.recovery_at]
    return render(
        request, "map/end_of_day.html",
        {
            "site": place, "held": held, "ticked": ticked, "form": form, "problem": problem,
            "key": uuid.uuid4().hex, "earlier": DayEnd.objects.filter(site=place)[:5],
        },
    )  # fmt: skip


@login_required
@require_safe
def progress(request: HttpRequest, day_end_id: int) -> HttpResponse:
    """Show what came of each door so far."""
    day_end = _day_end_for(user_of(request), day_end_id)
    day_ends.settle(day_end=day_end, at=timezone.now())
    doors = list(
        day_end.doors.select_related("compartment__bank", "claim__holder").order_by("position")
    )
    return render(
        request, "map/day_end.html",
        {
            "day_end": day_end, "site": day_end.site, "doors": doors, "counts": _counts(doors),
            "waits": any(one.result == DoorResult.WAITING for one in doors),
            "is_going_on": any(
                one.result in (DoorResult.WAITING, DoorResult.ASKED) for one in doors
            ),
            "to_release": [
                one for one in doors
                if one.result == DoorResult.SUCCESS and one.released_at is None
            ],
        },
    )  # fmt: skip


def _counts(doors: list[DayEndDoor]) -> list[tuple[str, int]]:
    """Return how many doors came to what, in the order in which they do."""
    counted = Counter(one.result for one in doors)
    return [(str(result.label), counted[result]) for result in DoorResult if counted[result]]


@login_required
@require_POST
def go_on(request: HttpRequest, day_end_id: int) -> HttpResponse:
    """Ask the doors that wait, after something stopped it."""
    day_end = _day_end_for(user_of(request), day_end_id)
    day_ends.go_on(day_end=day_end, actor=actor_of(request), at=timezone.now())
    return redirect("day-end", day_end.pk)


@login_required
@require_POST
def release(request: HttpRequest, day_end_id: int) -> HttpResponse:
    """Release the ticked doors: they were opened, and somebody saw that they are empty."""
    day_end = _day_end_for(user_of(request), day_end_id)
    chosen = [int(one) for one in request.POST.getlist("door") if one.isdecimal()][:5000]
    try:
        released = day_ends.release(
            day_end=day_end, doors=[one for one in chosen if one <= LARGEST_ID],
            actor=actor_of(request), at=timezone.now(),
        )  # fmt: skip
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        count = len(released)
        messages.success(
            request,
            ngettext("%(n)d door is free.", "%(n)d doors are free.", count) % {"n": count}
            if count
            else _("Nothing was released."),
        )
    return redirect("day-end", day_end.pk)
