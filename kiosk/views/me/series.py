"""A booking that repeats: its times to come, and its end."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from kiosk.phones import PhoneRequest, signed_in
from kiosk.services.me import series
from kiosk.views.me.acts import Done, acting
from kiosk.views.me.pages import common


@require_safe
@signed_in
def one(request: PhoneRequest, series_id: int) -> HttpResponse:
    """Show how it repeats, and which of its times are booked."""
    repeating = series.one(request.phone.person, series_id, request.at)
    if repeating is None:
        raise Http404
    return render(request, "me/series.html", {"repeating": repeating, **common(request)})


def _end(request: PhoneRequest, series_id: int) -> Done:
    """Repeat it no more."""
    cancelled = series.end(session=request.phone, series_id=series_id, at=request.at)
    said = ngettext(
        "It repeats no more. %(n)s booking is cancelled.",
        "It repeats no more. %(n)s bookings are cancelled.",
        cancelled,
    )
    return Done(said % {"n": cancelled}, reverse("me"))


end = acting(_end)
