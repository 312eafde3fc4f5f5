"""How a verb becomes an address of the terminal: once per key, and what its body may hold."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.idempotency import Reply
from kiosk import holds
from kiosk.authentication import Here, KioskRequest, terminal_required
from kiosk.errors import Malformed, PassForOneDoor
from kiosk.holds import Hold
from kiosk.services import scans
from kiosk.services.scans import Stands
from occupancy.services.claims.assignments import Wanted

# Given the answer and the request's body.
Untold = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
Verb = Callable[[Here, dict[str, Any], dt.datetime], dict[str, Any]]
_LONGEST_BODY = 4096


def acting(verb: Verb, untold: Untold | None = None) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view of a verb: once per key, refusals as answers, for enrolled terminals only.

    ``untold`` adds to a good answer what may not be stored with it.
    """

    @csrf_exempt  # kiosk.authentication explains what stands in its place
    @require_POST
    @never_cache
    @terminal_required
    def view(request: KioskRequest) -> HttpResponse:
        at = timezone.now()
        here = request.terminal
        try:
            body = _body(request)
            reply = idempotency.once(
                scope=f"terminal:{here.terminal_id}",
                key=request.headers.get("Idempotency-Key", ""),
                request=scans.fingerprint(request.path, json.dumps(body, sort_keys=True)),
                work=lambda: Reply(200, verb(here, body, at)),
            )
        except Refusal as refusal:
            idempotency.settle(refusal)
            reply = Reply(refusal.http_status, refusal.body())
        answer = reply.body
        if untold is not None and reply.status == 200:
            answer = answer | untold(reply.body, body)
        return JsonResponse(answer, status=reply.status)

    return view


def who_in(here: Here, body: dict[str, Any], at: dt.datetime) -> Stands:
    return scans.stands_for(here=here, scan_id=id_in(body, "scan"), at=at)


def whole(here: Here, body: dict[str, Any], at: dt.datetime) -> int:
    """Return the person, for what a pass for one door is not enough for."""
    who = who_in(here, body, at)
    if who.only_id is not None:
        raise PassForOneDoor
    return who.person_id


def holds_of(here: Here, who: Stands, at: dt.datetime) -> list[Hold]:
    held = holds.of(here, who.person_id, at)
    return [hold for hold in held if who.only_id in (None, hold.compartment)]


def hold_of(here: Here, who: Stands, claim_id: int, at: dt.datetime) -> dict[str, Any]:
    """Return one door that somebody has, as the page takes it; nothing when it no more is."""
    held = holds_of(here, who, at)
    return next((hold.told() for hold in held if hold.claim == claim_id), {})


def _body(request: KioskRequest) -> dict[str, Any]:
    # As announced: of what is much too long, nothing is read.
    if int(request.headers.get("Content-Length") or 0) > _LONGEST_BODY:
        raise Malformed(problem="the body is too long")
    whole = request.body
    if len(whole) > _LONGEST_BODY:
        raise Malformed(problem="the body is too long")
    try:
        body = json.loads(whole)
    except (ValueError, RecursionError) as error:
        raise Malformed(problem="the body is not JSON") from error
    if not isinstance(body, dict):
        raise Malformed(problem="the body is not a JSON object")
    return body


def text_in(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or len(value) > 500 or not _is_storable(value):
        raise Malformed(problem=f"{name} must be a short text")
    return value


def _is_storable(text: str) -> bool:
    """Say whether the database takes a text: no NUL, and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def number_in(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise Malformed(problem=f"{name} must be a number")
    return value


def id_in(body: dict[str, Any], name: str) -> uuid.UUID:
    try:
        return uuid.UUID(text_in(body, name))
    except ValueError as error:
        raise Malformed(problem=f"{name} must be an id") from error


def wanted_in(choice: object) -> Wanted:
    if isinstance(choice, dict):
        if choice.get("any") is True:
            return Wanted()
        if "size" in choice:
            return Wanted(size_id=number_in(choice, "size"))
        if "compartment" in choice:
            return Wanted(compartment_id=number_in(choice, "compartment"))
    raise Malformed(problem='choice must be {"any": true}, {"size": id} or {"compartment": id}')
