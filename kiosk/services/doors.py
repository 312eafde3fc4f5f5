"""What an identified person does at a terminal: claim, open again, finish, undo."""

from __future__ import annotations

import datetime as dt
import uuid

from audit.services.events import Actor
from kiosk import selectors
from kiosk.authentication import Here
from kiosk.errors import DoorDidOpen, NotAtThisBank, PassForOneDoor
from kiosk.services.scans import Stands
from lockers.choices import CommandStatus
from lockers.models import Command
from occupancy.choices import ClosedHow
from occupancy.errors import NoCompartmentAvailable, NotTheHolder
from occupancy.models import Assignment
from occupancy.services import assignments
from occupancy.services.assignments import Claimed, Wanted

# Not UNKNOWN: the door may have sprung open, and things may be in it.
_NEVER_OPENED = [CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED]


def claim(*, here: Here, who: Stands, wanted: Wanted, scan: str | None, at: dt.datetime) -> Claimed:
    """Claim at the terminal's bank for an identified person; raises as assignments.claim."""
    if who.only_id is not None:
        raise PassForOneDoor
    via: dict[str, object] = {"terminal": here.terminal_id}
    if scan is not None:
        via["scan"] = scan
    return assignments.claim(
        person_id=who.person_id,
        bank_id=here.bank_id,
        wanted=wanted,
        actor=Actor.person(who.person_id),
        at=at,
        via=via,
    )


def claim_another(
    *, here: Here, who: Stands, instead_of: int, scan: str | None, at: dt.datetime
) -> Claimed:
    """Give up a door that never opened and claim another one, or keep everything as it was.

    Raises DoorDidOpen when it did open: there may be things in it.
    """
    if who.only_id is not None:
        raise PassForOneDoor
    assignment = _held_here(here, who, instead_of)
    commands = list(Command.objects.filter(claim_id=instead_of).values_list("status", flat=True))
    if not commands or any(status not in _NEVER_OPENED for status in commands):
        raise DoorDidOpen
    door_id = selectors.another_door(here, assignment.compartment_id, at)
    if door_id is None:
        raise NoCompartmentAvailable(free_sizes=[])
    assignments.release(
        claim_id=instead_of,
        how=ClosedHow.FINISHED,
        actor=Actor.person(who.person_id),
        at=at,
        person_id=who.person_id,
        reason="the door did not open",
    )
    return claim(
        here=here,
        who=who,
        wanted=Wanted(compartment_id=door_id),
        scan=scan,
        at=at,
    )


def open_again(
    *, here: Here, who: Stands, claim_id: int, at: dt.datetime
) -> tuple[Assignment, uuid.UUID]:
    """Open the person's door once more; return its assignment and the command."""
    assignment = _held_here(here, who, claim_id)
    command = assignments.open_again(
        claim_id=claim_id, person_id=who.person_id, actor=Actor.person(who.person_id), at=at
    )
    return assignment, command


def finish(*, here: Here, who: Stands, claim_id: int, at: dt.datetime) -> Assignment:
    """Give the person's door back."""
    _held_here(here, who, claim_id)
    return assignments.release(
        claim_id=claim_id,
        how=ClosedHow.FINISHED,
        actor=Actor.person(who.person_id),
        at=at,
        person_id=who.person_id,
    )


def undo(*, here: Here, who: Stands, claim_id: int, at: dt.datetime) -> Assignment:
    """Take a finish back."""
    _held_here(here, who, claim_id)
    return assignments.undo_release(
        claim_id=claim_id, person_id=who.person_id, actor=Actor.person(who.person_id), at=at
    )


def _held_here(here: Here, who: Stands, claim_id: int) -> Assignment:
    """Return a claim on a door of the terminal's bank; elsewhere nobody would see it open."""
    assignment = (
        Assignment.objects.select_related("compartment__bank")
        .filter(pk=claim_id, compartment__bank__site__organisation_id=here.organisation_id)
        .first()
    )
    if assignment is None:
        raise NotTheHolder
    if who.only_id not in (None, assignment.compartment_id):
        raise PassForOneDoor
    if assignment.compartment.bank_id != here.bank_id:
        if assignment.holder_id != who.person_id:
            raise NotTheHolder
        raise NotAtThisBank(bank=assignment.compartment.bank.name)
    return assignment
