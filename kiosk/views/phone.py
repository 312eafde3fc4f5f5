"""Pages for a phone: opened by a secret address, without a log-in."""

from __future__ import annotations

import datetime as dt

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.models import Pass
from access.services import passes
from kiosk import whereabouts


@require_GET
@never_cache
def show_pass(request: HttpRequest, link: str) -> HttpResponse:
    """Show a pass as a QR code while it counts, and why not when it does not."""
    given = passes.by_link(link)
    if given is None:
        raise Http404
    at = timezone.now()
    state = state_of(given, at)
    where, zone = _place(given)
    response = render(
        request,
        "phone/pass.html",
        {
            "given": given,
            "state": state,
            "code": _code(given) if state in {"good", "early"} else "",
            "where": where,
            "zone": zone,
        },
    )
    # The address is the key: it must not travel on to another page's log.
    response["Referrer-Policy"] = "no-referrer"
    return response


def state_of(given: Pass, at: dt.datetime) -> str:
    """Return how a pass stands: good, early, over, used or revoked."""
    if given.revoked_at is not None:
        return "revoked"
    if given.is_single_use and given.used_at is not None:
        return "used"
    if at >= given.ends_at:
        return "over"
    return "early" if at < given.starts_at else "good"


def _code(given: Pass) -> str:
    # A quarter of it may be dirty or covered; four modules of quiet zone, as the standard asks.
    drawn = segno.make_qr(passes.text_of(given), error="q")
    return mark_safe(drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))


def _place(given: Pass) -> tuple[str, str]:
    """Return where the door is in words, and whose clock the page speaks."""
    door = given.compartment
    if door is None:
        home = given.person.home_site
        return "", home.time_zone if home else timezone.get_current_timezone_name()
    return whereabouts.of_doors(door.bank_id, [door.pk])[door.pk], door.bank.site.time_zone
