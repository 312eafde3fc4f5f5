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

from access.choices import CredentialPurpose
from access.services import pins
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.idempotency import Reply
from kiosk import selectors
from kiosk.authentication import Here, KioskRequest, terminal_required
from kiosk.errors import Malformed, PassForOneDoor
from kiosk.models import Scan
from kiosk.services import doors, scans
from kiosk.services.scans import Stands
from occupancy.services import assignments
from occupancy.services.assignments import Claimed, Wanted

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


@require_GET
@never_cache
@terminal_required
def bank(request: KioskRequest) -> HttpResponse:
    """Return the terminal's bank: its drawing, and how every door stands now."""
    at = timezone.now()
    here = request.terminal
    return JsonResponse({**selectors.snapshot(here, at), "drawing": selectors.drawing(here, at)})


def _scan(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Identify by badge, by a waiting scan, by personal number and PIN, or by door and PIN.

    Badge and waiting scan come with a PIN where the bank asks for it besides.
    """
    shown, pin = set(body) - {"pin"}, text_in(body, "pin") if "pin" in body else None
    if shown == {"badge"}:
        found = scans.by_badge(here=here, raw=text_in(body, "badge"), pin=pin, at=at)
    elif shown == {"scan"}:
        found = scans.take(here=here, scan_id=_id(body, "scan"), pin=pin, at=at)
    elif set(body) == {"personal_number", "pin"}:
        found = scans.by_number(
            here=here,
            personal_number=text_in(body, "personal_number"),
            pin=text_in(body, "pin"),
            at=at,
        )
    elif shown == {"code"}:
        found = scans.by_code(here=here, code=text_in(body, "code"), at=at)
    elif set(body) == {"door", "pin"}:
        door, typed = text_in(body, "door"), text_in(body, "pin")
        found = scans.by_door(here=here, number=door, pin=typed, at=at)
    else:
        raise Malformed(problem="send badge, or scan, or personal_number and pin, or door and pin")
    return told(here, found, at)


def _pin(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Change the PIN of whoever a scan stands for, by the old one."""
    pins.change_own(
        person_id=whole(here, body, at), old=text_in(body, "old"), new=text_in(body, "new"),
        where=here.where, at=at,
    )  # fmt: skip
    return {}


def told(here: Here, scan: Scan, at: dt.datetime) -> dict[str, Any]:
    credential, shown = scan.credential, scan.shown_pass
    who = Stands(scan.person_id, shown.compartment_id if shown else None)
    choices = selectors.choices(here, scan.person_id, at)
    if who.only_id is not None:
        choices["left"] = 0
    return {
        "is_recovery": credential is not None and credential.purpose == CredentialPurpose.RECOVERY,
        "may_change_pin": who.only_id is None and pins.has_own(person_id=scan.person_id, at=at),
        "scan": str(scan.pk),
        "initials": scan.person.initials,
        "expires_in": int(scans.LASTS.total_seconds()),
        "holds": [hold.told() for hold in _holds(here, who, at)],
        "choices": choices,
    }


def _claim(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Claim for a scan or a badge; ``instead_of`` gives up a door that never opened."""
    scan: str | None = None
    if "badge" in body:
        pin = text_in(body, "pin") if "pin" in body else None
        raw = text_in(body, "badge")
        who = Stands(scans.identify(here=here, raw=raw, pin=pin, at=at).person_id)
    else:
        scan = str(_id(body, "scan"))
        who = _who(here, body, at)
    if "instead_of" in body:
        claimed = _kept_alive(
            here, scan, at,
            lambda: doors.claim_another(
                here=here, who=who, instead_of=_number(body, "instead_of"),
                scan=scan, at=at,
            ),
        )  # fmt: skip
    else:
        wanted = _wanted(body.get("choice"))
        claimed = _kept_alive(
            here, scan, at,
            lambda: doors.claim(
                here=here, who=who, wanted=wanted, scan=scan, at=at
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
        here=here, who=_who(here, body, at), claim_id=_number(body, "claim"), at=at
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
        here=here, who=_who(here, body, at), claim_id=_number(body, "claim"), at=at
    )
    return {
        "claim": assignment.pk,
        "number": assignment.compartment.number,
        "undo_seconds": int(assignments.UNDO_WITHIN.total_seconds()),
    }


def _undo(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Take a finish back."""
    who = _who(here, body, at)
    doors.undo(here=here, who=who, claim_id=_number(body, "claim"), at=at)
    return {"holds": [hold.told() for hold in _holds(here, who, at)]}


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
            refusal.keep(lambda: scans.stands_for(here=here, scan_id=scan_id, at=at))
        raise


def _who(here: Here, body: dict[str, Any], at: dt.datetime) -> Stands:
    return scans.stands_for(here=here, scan_id=_id(body, "scan"), at=at)


def whole(here: Here, body: dict[str, Any], at: dt.datetime) -> int:
    """Return the person, for what a pass for one door is not enough for."""
    who = _who(here, body, at)
    if who.only_id is not None:
        raise PassForOneDoor
    return who.person_id


def _holds(here: Here, who: Stands, at: dt.datetime) -> list[selectors.Hold]:
    held = selectors.holds(here, who.person_id, at)
    return [hold for hold in held if who.only_id in (None, hold.compartment)]


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


def text_in(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or len(value) > 500 or not _is_storable(value):
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
        return uuid.UUID(text_in(body, name))
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


scan = acting(_scan)
claim = acting(_claim)
open_again = acting(_open)
finish = acting(_finish)
undo = acting(_undo)
change_pin = acting(_pin)
end = acting(_end)
