"""Which person a phone is signed in as: its own cookie, and nothing else, opens /me/.

A log-in of staff is no person here before it was exchanged for a session of its own, and the
cookie is looked at by no address outside /me/.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers

from kiosk.models import PhoneSession
from kiosk.services.me import sessions

COOKIE = "phone"
PATH = "/me/"


class PhoneRequest(HttpRequest):
    """A request of a person who is signed in."""

    phone: PhoneSession
    at: dt.datetime


View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """Let only signed-in people through, at their own clocks; others are asked who they are."""

    @functools.wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        at = timezone.now()
        session = session_of(request, at)
        if session is None:
            return private(to_sign_in(request))
        asked = cast(PhoneRequest, request)
        asked.phone, asked.at = session, at
        with timezone.override(zone_of(session)):
            return private(view(asked, *args, **kwargs))

    return inner


def session_of(request: HttpRequest, at: dt.datetime) -> PhoneSession | None:
    """Return the session of a phone's cookie."""
    return sessions.resolve(request.COOKIES.get(COOKIE, ""), at)


def remember(response: HttpResponse, token: str) -> None:
    """Give a phone its cookie."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(sessions.LASTS.total_seconds()),
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> None:
    """Take a phone's cookie back."""
    response.delete_cookie(COOKIE, path=PATH, samesite="Lax")


def private(response: HttpResponse) -> HttpResponse:
    """Let nothing between keep a page of a person, and let no address travel on to others."""
    patch_cache_control(response, private=True, no_store=True)
    patch_vary_headers(response, ["Cookie"])
    response["Referrer-Policy"] = "same-origin"
    return response


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send to the sign-in, and remember the label that was scanned."""
    where = reverse("me-in")
    goes_to = safe(request.path) if request.method == "GET" else ""
    return HttpResponseRedirect(f"{where}?{urlencode({'next': goes_to})}" if goes_to else where)


def safe(path: str) -> str:
    """Return an address to go on to after the sign-in, "" when it is not for that."""
    is_ours = path.startswith(PATH) and "//" not in path and "\\" not in path
    is_short = len(path) <= 200 and path.isascii() and path.isprintable()
    return path if is_ours and is_short and path != PATH else ""


def zone_of(session: PhoneSession) -> dt.tzinfo:
    """Return the clock that a person lives by: of the visit, or of where they are at home."""
    site = session.visit.site if session.visit is not None else session.person.home_site
    return site.zone if site is not None else timezone.get_default_timezone()
