"""What the kiosk's screen shows: its bank, and how far a command got."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

from access.models import VisitorRules
from kiosk import places
from kiosk.authentication import Here
from kiosk.models import Scan
from lockers.choices import OpeningStatus
from lockers.models import BankOpening, Command, Size
from occupancy import selectors as occupancy
from occupancy.models import Assignment
from occupancy.selectors import MapDoor
from occupancy.services.claims import assignments, bank_doors
from occupancy.services.custody import sharing

# How long after its confirmation an opening of the whole bank stands on the screen.
OPENING_SHOWN_FOR = dt.timedelta(minutes=2)
# What passers-by are told of a door: whether they can have it, never who has it.
_QUIET = {"free": "free", "out_of_service": "off", "offline": "unknown"}


def snapshot(here: Here, at: dt.datetime) -> dict[str, Any]:
    """Return the state of the terminal's bank as passers-by see it."""
    doors = occupancy.bank_states([here.bank_id], at)
    online = occupancy.banks_of(at, bank_ids=[here.bank_id])[0].is_online(at)
    sizes = occupancy.free_by_size(_electronic(doors), at)
    return {
        "type": "bank",
        "online": online and here.bridge_id is not None,
        "instead": None if online else _instead(here, at),
        "visitors": _visitors(here.site_id),
        "opening": _is_opening(here.bank_id, at),
        "free": {
            "total": sum(size.free for size in sizes),
            "sizes": [
                {"id": size.size_id, "name": size.size, "free": size.free, "total": size.total}
                for size in sizes
            ],
        },
        "doors": {str(door.id): _shown(door, at) for door in doors},
        "open": [door.id for door in doors if door.state(at).door == "open"],
        "layout": _layout(doors),
    }


def drawing(here: Here, at: dt.datetime) -> dict[str, Any]:
    """Return how the bank is drawn, in millimetres, and where each door is in words."""
    doors = occupancy.bank_states([here.bank_id], at)
    where = places.words(doors)
    wanted = {door.size_id for door in _electronic(doors)}
    return {
        "layout": _layout(doors),
        "width": max((door.x_mm + door.width_mm for door in doors), default=1),
        "height": max((door.y_mm + door.height_mm for door in doors), default=1),
        "sizes": [
            {"id": size.pk, "name": size.name, "fits": size.fits}
            for size in Size.objects.filter(pk__in=wanted).order_by("rank")
        ],
        "doors": [
            {
                "id": door.id,
                "number": door.number,
                "x": door.x_mm,
                "y": door.y_mm,
                "w": door.width_mm,
                "h": door.height_mm,
                "hinge": door.hinge,
                "size": door.size_id,
                "low": door.is_accessible,
                "charging": door.has_charging,
                "sensor": door.has_sensor,
                "where": where[door.id],
            }
            for door in doors
        ],
    }


def another_door(here: Here, compartment_id: int, at: dt.datetime) -> int | None:
    """Return a free door to have instead of one that did not open, of its size if there is one.

    Another one that did not open lately comes last.
    """
    doors = occupancy.bank_states([here.bank_id], at)
    size = next((door.size_rank for door in doors if door.id == compartment_id), 0)
    free = [door for door in doors if door.id != compartment_id and door.is_claimable(at)]
    doubtful = set(
        Command.objects.filter(
            compartment_id__in=[door.id for door in free],
            status__in=bank_doors.DOUBTFUL,
            requested_at__gt=at - bank_doors.DOUBTFUL_FOR,
        ).values_list("compartment_id", flat=True)
    )
    best = min(
        free,
        default=None,
        key=lambda door: (door.id in doubtful, abs(door.size_rank - size), door.id),
    )
    return best.id if best else None


def watched(
    here: Here, scan_id: uuid.UUID, command_id: uuid.UUID, at: dt.datetime
) -> dict[str, Any] | None:
    """Return how far a command got; None unless it is of this scan's person, at this bank."""
    scan = (
        Scan.objects.filter(
            pk=scan_id, terminal_id=here.terminal_id, ended_at=None, expires_at__gt=at
        )
        .select_related("person")
        .first()
    )
    command = (
        Command.objects.filter(pk=command_id, compartment__bank_id=here.bank_id)
        .select_related("compartment")
        .first()
    )
    if scan is None or command is None or command.claim_id is None:
        return None
    theirs = Assignment.objects.filter(assignments.of(scan.person), pk=command.claim_id)
    # Whom it is shared with sees their opening, even when that was their only one.
    is_shared = sharing.was_shared(claim_id=command.claim_id, person_id=scan.person_id)
    if not theirs.exists() and not is_shared:
        return None
    return {
        "type": "command",
        "id": str(command.pk),
        "status": command.status,
        "detail": command.detail,
        "door": command.compartment_id,
        "sensor": command.compartment.has_sensor,
    }


def _electronic(doors: list[MapDoor]) -> list[MapDoor]:
    """Return the doors that a kiosk can open at all."""
    return [door for door in doors if door.is_wired]


def _shown(door: MapDoor, at: dt.datetime) -> str:
    if not door.is_wired:
        return "off"
    if door.state(at).shown == "free" and not door.is_claimable(at):
        return "taken"
    return _QUIET.get(door.state(at).shown, "taken")


def _visitors(site_id: int) -> str:
    """Return what visitors can do at the screens of a site: nothing, use a code, or register."""
    rules = VisitorRules.objects.filter(site=site_id).values_list("visitors_may_register")
    for (may_register,) in rules:
        return "register" if may_register else "code"
    return "no"


def _is_opening(bank_id: int, at: dt.datetime) -> bool:
    return BankOpening.objects.filter(
        bank_id=bank_id,
        status=OpeningStatus.CONFIRMED,
        confirmed_at__gt=at - OPENING_SHOWN_FOR,
    ).exists()


def _instead(here: Here, at: dt.datetime) -> str | None:
    """Return the name of a bank that is reached, on the same floor if there is one."""
    banks = occupancy.banks_of(at, site_ids=[here.site_id])
    area = next((bank.area for bank in banks if bank.id == here.bank_id), "")
    reached = [
        bank
        for bank in banks
        if bank.id != here.bank_id and bank.bridge_id is not None and bank.is_online(at)
    ]
    near = [bank for bank in reached if bank.area == area]
    return near[0].name if near else None


def _layout(doors: list[MapDoor]) -> str:
    """Return a short hash of the drawing: when it changes, the page has to be loaded anew."""
    drawn = [(d.id, d.number, d.x_mm, d.y_mm, d.width_mm, d.height_mm, d.size_id) for d in doors]
    return hashlib.sha256(repr(drawn).encode()).hexdigest()[:12]
