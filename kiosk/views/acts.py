"""The terminal's JSON addresses: identify, and act for whoever was identified.

Every one takes an Idempotency-Key; a repeat gets the first answer. Errors have the one shape
``{"code", "message", "facts"}``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.choices import CredentialPurpose
from access.services import pins
from access.services.passes import Believed
from audit.errors import Refusal
from kiosk import bookings, kept, offers, selectors, untils
from kiosk.authentication import Here, KioskRequest, terminal_required
from kiosk.errors import Malformed
from kiosk.models import Scan
from kiosk.services import doors, scans
from kiosk.services.scans import Stands
from kiosk.views.acting import (
    acting,
    hold_of,
    holds_of,
    id_in,
    number_in,
    text_in,
    wanted_in,
    who_in,
    whole,
)
from kiosk.views.uses import begun
from lockers.errors import BankDecidesAlone
from occupancy.services import keeping
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Claimed
from occupancy.services.ending import expiry


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
        found = scans.take(here=here, scan_id=id_in(body, "scan"), pin=pin, at=at)
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
    return _as_it_is(here, lambda: told(here, found, at))


def _as_it_is(here: Here, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what is so at the bank; raises BankDecidesAlone where it may be untrue by now.

    A bridge may come back with the doors that it gave while we look.
    """
    before = keeping.terms([here.bank_id])
    answer = look()
    if not before or keeping.terms([here.bank_id]) != before:
        raise BankDecidesAlone
    return answer


def _pin(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Change the PIN of whoever a scan stands for, by the old one."""
    pins.change_own(
        person_id=whole(here, body, at), old=text_in(body, "old"), new=text_in(body, "new"),
        where=here.where, at=at,
    )  # fmt: skip
    return {}


def told(here: Here, scan: Scan, at: dt.datetime) -> dict[str, Any]:
    credential, shown = scan.credential, scan.shown_pass
    kind = credential.kind if credential is not None else Believed.kind
    who = Stands(scan.person_id, shown.compartment_id if shown else None, kind)
    # What is over is over, whether or not the job came by: no offer is refused for its sake.
    expiry.expire_due(at=at, holder_id=scan.person_id)
    expiry.expire_due(at=at, bank_id=here.bank_id)
    choices = offers.choices(here, scan.person_id, at, kind)
    ahead: dict[str, Any] = {"offered": None, "booked": None}
    if who.only_id is None:
        ahead = bookings.ahead(here, scan.person_id, at)
    else:
        choices["left"] = 0
    return {
        "is_recovery": credential is not None and credential.purpose == CredentialPurpose.RECOVERY,
        "may_change_pin": who.only_id is None and pins.has_own(person_id=scan.person_id, at=at),
        "scan": str(scan.pk),
        "initials": scan.person.initials,
        "expires_in": int(scans.LASTS.total_seconds()),
        "holds": [hold.told() for hold in holds_of(here, who, at)],
        "choices": choices,
        "kept": kept.sentence(here, scan.person_id) if who.only_id is None else "",
        **ahead,
    }


def _claim(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Claim for a scan or a badge; ``instead_of`` gives up a door that never opened."""
    scan: str | None = None
    if "badge" in body:
        pin = text_in(body, "pin") if "pin" in body else None
        raw = text_in(body, "badge")
        found = scans.identify(here=here, raw=raw, pin=pin, at=at)
        who = Stands(found.person_id, kind=found.kind)
    else:
        scan = str(id_in(body, "scan"))
        who = who_in(here, body, at)
    if "instead_of" in body:
        claimed = _kept_alive(
            here, scan, at,
            lambda: doors.claim_another(
                here=here, who=who, instead_of=number_in(body, "instead_of"),
                scan=scan, at=at,
            ),
        )  # fmt: skip
    else:
        wanted = wanted_in(body.get("choice"))
        claimed = _kept_alive(
            here, scan, at,
            lambda: doors.claim(
                here=here, who=who, wanted=wanted, scan=scan, at=at
            ),
        )  # fmt: skip
    return begun(here, who, claimed, scan, at)


def _open(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Open the door of a claim once more."""
    who = who_in(here, body, at)
    assignment, command, is_last = doors.open_again(
        here=here, who=who, claim_id=number_in(body, "claim"), at=at
    )
    undo = int(assignments.UNDO_WITHIN.total_seconds())
    number = assignment.compartment.number
    # Somebody who was asked to open it once has nothing more to do with it.
    told = hold_of(here, who, assignment.pk, at) or {"opens": False, "until": untils.opened(number)}
    return {
        **told,
        "command": str(command),
        "last": is_last,
        "undo_seconds": undo,
    }


def _finish(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Give a door back; it can be undone for a minute."""
    assignment = doors.finish(
        here=here, who=who_in(here, body, at), claim_id=number_in(body, "claim"), at=at
    )
    return {
        "claim": assignment.pk,
        "number": assignment.compartment.number,
        "undo_seconds": int(assignments.UNDO_WITHIN.total_seconds()),
    }


def _undo(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Take a finish back."""
    who = who_in(here, body, at)
    doors.undo(here=here, who=who, claim_id=number_in(body, "claim"), at=at)
    return {"holds": [hold.told() for hold in holds_of(here, who, at)]}


def _end(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """End a scan: the screen was cleared."""
    scans.end(here=here, scan_id=id_in(body, "scan"), at=at)
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


scan = acting(_scan)
claim = acting(_claim)
open_again = acting(_open)
finish = acting(_finish)
undo = acting(_undo)
change_pin = acting(_pin)
end = acting(_end)
