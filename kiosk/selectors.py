"""What the kiosk's screen shows: its bank, the doors somebody holds, how far a command got."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from access.models import VisitorRules
from kiosk import places
from kiosk.authentication import Here
from kiosk.models import Scan
from lockers.choices import OpeningStatus
from lockers.models import BankOpening, Command, Size
from occupancy import selectors as occupancy
from occupancy.models import Assignment, Policy
from occupancy.selectors import MapDoor
from occupancy.services import assignments, claiming

# How long after its confirmation an opening of the whole bank stands on the screen.
OPENING_SHOWN_FOR = dt.timedelta(minutes=2)
# What passers-by are told of a door: whether they can have it, never who has it.
_QUIET = {"free": "free", "out_of_service": "off", "offline": "unknown"}


@dataclass(frozen=True)
class Hold:
    """One compartment that somebody has now."""

    claim: int
    compartment: int
    number: str
    bank_id: int
    bank: str
    directions: str
    is_here: bool
    where: str
    ends_at: dt.datetime | None
    door: str

    def told(self) -> dict[str, Any]:
        """Return it as the page takes it."""
        return {
            "claim": self.claim,
            "compartment": self.compartment,
            "number": self.number,
            "bank": self.bank,
            "directions": self.directions,
            "here": self.is_here,
            "where": self.where,
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "door": self.door,
        }


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


def holds(here: Here, person_id: int, at: dt.datetime) -> list[Hold]:
    """Return what somebody has now, the doors of this bank first."""
    claims = list(
        Assignment.objects.filter(assignments.in_force(at), holder_id=person_id).select_related(
            "compartment__bank"
        )
    )
    banks = {claim.compartment.bank_id for claim in claims}
    doors = {door.id: door for door in occupancy.bank_states(banks, at)} if banks else {}
    where: dict[int, str] = {}
    for bank_id in banks:
        where |= places.words(door for door in doors.values() if door.bank_id == bank_id)
    found = [
        Hold(
            claim=claim.pk,
            compartment=claim.compartment_id,
            number=claim.compartment.number,
            bank_id=claim.compartment.bank_id,
            bank=claim.compartment.bank.name,
            directions=claim.compartment.bank.directions,
            is_here=claim.compartment.bank_id == here.bank_id,
            where=where[claim.compartment_id],
            ends_at=claim.ends_at,
            door=doors[claim.compartment_id].state(at).door,
        )
        for claim in claims
    ]
    return sorted(found, key=lambda hold: (not hold.is_here, hold.claim))


def left_to_claim(here: Here, person_id: int, at: dt.datetime) -> int:
    """Return how many more doors somebody may have here under the policy that applies."""
    policy = (
        Policy.objects.filter(
            Q(bank=here.bank_id) | Q(bank=None, site=here.site_id) | Q(bank=None, site=None),
            organisation=here.organisation_id,
        )
        .order_by(F("bank").asc(nulls_last=True), F("site").asc(nulls_last=True))
        .first()
    )
    if policy is None:
        return 0
    used = Assignment.objects.filter(
        assignments.in_force(at), holder_id=person_id, policy=policy
    ).count()
    return max(0, policy.limit_per_person - used)


def choices(here: Here, person_id: int, at: dt.datetime) -> dict[str, Any]:
    """Return what somebody may choose here: how many more doors, and what is free by size."""
    sizes = occupancy.free_by_size(_electronic(occupancy.bank_states([here.bank_id], at)), at)
    return {
        "left": left_to_claim(here, person_id, at),
        "any": sum(size.free for size in sizes),
        "sizes": [{"id": size.size_id, "name": size.size, "free": size.free} for size in sizes],
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
            status__in=claiming.DOUBTFUL,
            requested_at__gt=at - claiming.DOUBTFUL_FOR,
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
    scan = Scan.objects.filter(
        pk=scan_id, terminal_id=here.terminal_id, ended_at=None, expires_at__gt=at
    ).first()
    command = (
        Command.objects.filter(pk=command_id, compartment__bank_id=here.bank_id)
        .select_related("compartment")
        .first()
    )
    if scan is None or command is None or command.claim_id is None:
        return None
    if not Assignment.objects.filter(pk=command.claim_id, holder_id=scan.person_id).exists():
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
