"""The terminal's JSON addresses: identify, and act for whoever was identified.

Every one takes an Idempotency-Key; a repeat gets the first answer. Errors have the one shape
``{"code", "message", "facts"}``.
"""

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
from django.views.decorators.http import require_GET, require_POST

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.idempotency import Reply
from kiosk import selectors
from kiosk.authentication import Here, KioskRequest, terminal_required
from kiosk.errors import Malformed
from kiosk.models import Scan
from kiosk.services import doors, scans
from occupancy.services import assignments
from occupancy.services.assignments import Claimed, Wanted

Verb = Callable[[Here, dict[str, Any], dt.datetime], dict[str, Any]]
_LONGEST_BODY = 4096


def _act(verb: Verb) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view of a verb: once per key, refusals as answers, for enrolled terminals only."""

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
        return JsonResponse(reply.body, status=reply.status)

    return view


@require_GET
@never_cache
@terminal_required
def bank(request: KioskRequest) -> HttpResponse:
    """Return the terminal's bank: its drawing, and how every door stands now."""
    at = timezone.now()
    here = request.terminal
    return JsonResponse({**selectors.snapshot(here, at), "drawing": selectors.drawing(here, at)})


def _scan(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Identify by badge, by a waiting scan, by personal number and PIN, or by door and PIN."""
    if set(body) == {"badge"}:
        found = scans.by_badge(here=here, raw=_text(body, "badge"), at=at)
    elif set(body) == {"scan"}:
        found = scans.take(here=here, scan_id=_id(body, "scan"), at=at)
    elif set(body) == {"personal_number", "pin"}:
        found = scans.by_number(
            here=here,
            personal_number=_text(body, "personal_number"),
            pin=_text(body, "pin"),
            at=at,
        )
    elif set(body) == {"door", "pin"}:
        found = scans.by_door(here=here, number=_text(body, "door"), pin=_text(body, "pin"), at=at)
    else:
        raise Malformed(problem="send badge, or scan, or personal_number and pin, or door and pin")
    return _told(here, found, at)


def _told(here: Here, scan: Scan, at: dt.datetime) -> dict[str, Any]:
    return {
        "scan": str(scan.pk),
        "initials": scan.person.initials,
        "expires_in": int(scans.LASTS.total_seconds()),
        "holds": [hold.told() for hold in selectors.holds(here, scan.person_id, at)],
        "choices": selectors.choices(here, scan.person_id, at),
    }


def _claim(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Claim for a scan or a badge; ``instead_of`` gives up a door that never opened."""
    scan: str | None = None
    if "badge" in body:
        person_id = scans.identify(here=here, raw=_text(body, "badge"), at=at).person_id
    else:
        scan = str(_id(body, "scan"))
        person_id = _person(here, body, at)
    if "instead_of" in body:
        claimed = _kept_alive(
            here, scan, at,
            lambda: doors.claim_another(
                here=here, person_id=person_id, instead_of=_number(body, "instead_of"),
                scan=scan, at=at,
            ),
        )  # fmt: skip
    else:
        wanted = _wanted(body.get("choice"))
        claimed = _kept_alive(
            here, scan, at,
            lambda: doors.claim(
                here=here, person_id=person_id, wanted=wanted, scan=scan, at=at
            ),
        )  # fmt: skip
    return {
        "scan": scan,
        "claim": claimed.claim_id,
        "compartment": claimed.compartment_id,
        "number": claimed.number,
        "ends_at": claimed.ends_at.isoformat(),
        "command": str(claimed.command_id),
    }


def _open(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Open the door of a claim once more."""
    assignment, command = doors.open_again(
        here=here, person_id=_person(here, body, at), claim_id=_number(body, "claim"), at=at
    )
    return {
        "claim": assignment.pk,
        "compartment": assignment.compartment_id,
        "number": assignment.compartment.number,
        "ends_at": assignment.ends_at.isoformat() if assignment.ends_at else None,
        "command": str(command),
    }


def _finish(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Give a door back; it can be undone for a minute."""
    assignment = doors.finish(
        here=here, person_id=_person(here, body, at), claim_id=_number(body, "claim"), at=at
    )
    return {
        "claim": assignment.pk,
        "number": assignment.compartment.number,
        "undo_seconds": int(assignments.UNDO_WITHIN.total_seconds()),
    }


def _undo(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Take a finish back."""
    person_id = _person(here, body, at)
    doors.undo(here=here, person_id=person_id, claim_id=_number(body, "claim"), at=at)
    return {"holds": [hold.told() for hold in selectors.holds(here, person_id, at)]}


def _end(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """End a scan: the screen was cleared."""
    scans.end(here=here, scan_id=_id(body, "scan"), at=at)
    return {}


def _kept_alive(
    here: Here, scan: str | None, at: dt.datetime, work: Callable[[], Claimed]
) -> Claimed:
    """Keep a scan alive although the claim is refused: the person chooses something else."""
    try:
        return work()
    except Refusal as refusal:
        if scan is not None:
            scan_id = uuid.UUID(scan)
            refusal.keep(lambda: scans.person_of(here=here, scan_id=scan_id, at=at))
        raise


def _person(here: Here, body: dict[str, Any], at: dt.datetime) -> int:
    return scans.person_of(here=here, scan_id=_id(body, "scan"), at=at)


def _body(request: KioskRequest) -> dict[str, Any]:
    if len(request.body) > _LONGEST_BODY:
        raise Malformed(problem="the body is too long")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Malformed(problem="the body is not JSON") from error
    if not isinstance(body, dict):
        raise Malformed(problem="the body is not a JSON object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or len(value) > 200 or not _is_storable(value):
        raise Malformed(problem=f"{name} must be a short text")
    return value


def _is_storable(text: str) -> bool:
    """Say whether the database takes a text: no NUL, and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _number(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise Malformed(problem=f"{name} must be a number")
    return value


def _id(body: dict[str, Any], name: str) -> uuid.UUID:
    try:
        return uuid.UUID(_text(body, name))
    except ValueError as error:
        raise Malformed(problem=f"{name} must be an id") from error


def _wanted(choice: object) -> Wanted:
    if isinstance(choice, dict):
        if choice.get("any") is True:
            return Wanted()
        if "size" in choice:
            return Wanted(size_id=_number(choice, "size"))
        if "compartment" in choice:
            return Wanted(compartment_id=_number(choice, "compartment"))
    raise Malformed(problem='choice must be {"any": true}, {"size": id} or {"compartment": id}')


scan = _act(_scan)
claim = _act(_claim)
open_again = _act(_open)
finish = _act(_finish)
undo = _act(_undo)
end = _act(_end)
