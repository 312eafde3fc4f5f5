"""Which terminal asks: its token, from its cookie or its Authorization header.

The token opens the kiosk's addresses and nothing else: no other view looks at the cookie or at
the scheme "Terminal", and no kiosk address looks at a log-in.

Against requests forged by other pages the cookie is SameSite=Strict, and with the cookie a
state-changing request must also carry the header of ``KIOSK_HEADER``: a browser sends a header of
that kind to another origin only after a preflight, which nothing here answers. That is as strong
as a CSRF token and needs no second cookie, which the bridge's local origin would have to carry.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import cast

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from access.badges.profiles import MAIN, Profile
from access.services.shown import Where
from audit.errors import Refusal
from audit.services.events import Actor
from kiosk.errors import NotFromTheKiosk
from lockers.errors import DeviceRevoked
from lockers.services import enrolment

COOKIE = "terminal"
KIOSK_HEADER = "X-Lockwright-Kiosk"
# The longest that browsers keep a cookie; every visit to the page renews it.
COOKIE_AGE_S = 400 * 24 * 3600

_PROFILE = ", ".join(f"'{one.name}', p.{one.name}" for one in fields(Profile))
TERMINAL = f"""
SELECT t.id, t.name, b.id, b.name, b.directions, b.bridge_id, s.id, s.name, s.organisation_id,
       s.time_zone, b.pin_rule,
       (SELECT json_agg(json_build_array(r.prefix, r.suffix, r.length,
          CASE WHEN p.id IS NOT NULL THEN json_build_object({_PROFILE}) END))::text
        FROM lockers_reader r LEFT JOIN lockers_readerprofile p ON p.id = r.profile_id
        WHERE r.bank_id = b.id AND r.transport = 'wedge' AND r.compartment_id IS NULL)
FROM kiosk_terminal t
JOIN lockers_bank b ON b.id = t.bank_id
JOIN lockers_site s ON s.id = b.site_id
WHERE t.token_digest = %s AND t.revoked_at IS NULL
"""


@dataclass(frozen=True)
class Framing:
    """How a reader that types like a keyboard marks a whole badge number, and writes it."""

    prefix: str
    suffix: str
    length: int
    profile: Profile = MAIN


@dataclass(frozen=True)
class Here:
    """The terminal that asks, and where it stands."""

    readers: tuple[Framing, ...]
    terminal_id: int
    terminal: str
    bank_id: int
    bank: str
    directions: str
    bridge_id: int | None
    site_id: int
    site: str
    organisation_id: int
    time_zone: str
    pin_rule: str

    @property
    def actor(self) -> Actor:
        """The terminal itself, for what nobody identified did."""
        return Actor.terminal(self.terminal_id)

    @property
    def where(self) -> Where:
        """Return where refused identifications are recorded."""
        return Where(self.actor, self.organisation_id, self.site_id, self.bank_id, self.pin_rule)


class KioskRequest(HttpRequest):
    """A request whose terminal is known."""

    terminal: Here


def resolve(token: str) -> Here | None:
    """Return the terminal of a token, with its bank, site and wedge readers: one statement."""
    if not token:
        return None
    with connection.cursor() as cursor:
        cursor.execute(TERMINAL, (enrolment.digest(token),))
        row = cursor.fetchone()
    if row is None:
        return None
    readers = tuple(
        Framing(prefix, suffix, length, Profile(**profile) if profile else MAIN)
        for prefix, suffix, length, profile in json.loads(row[11] or "[]")
    )
    return Here(readers, *row[:11])


def token_of(request: HttpRequest) -> str:
    """Return the token of a request, or nothing."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Terminal" else request.COOKIES.get(COOKIE, "")


def terminal_required(
    view: Callable[[KioskRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let only an enrolled terminal through and set ``request.terminal``.

    Others get 403 with the code device_revoked, which the page shows on the full screen.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        terminal = resolve(token_of(request))
        if terminal is None:
            return _refused(DeviceRevoked())
        by_header = request.headers.get("Authorization", "").startswith("Terminal ")
        if request.method == "POST" and not by_header and request.headers.get(KIOSK_HEADER) != "1":
            return _refused(NotFromTheKiosk())
        known = cast(KioskRequest, request)
        known.terminal = terminal
        return view(known)

    return guarded


def remember(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Give the browser its token, where no script can read it and no other site can send it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_AGE_S,
        httponly=True,
        samesite="Strict",
        secure=request.is_secure() or settings.SESSION_COOKIE_SECURE,
    )


def _refused(refusal: Refusal) -> JsonResponse:
    return JsonResponse(refusal.body(), status=refusal.http_status)
