"""What an identified person does at a terminal: claim, open again, finish, undo."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

from django.utils.translation import gettext as _

from access.decisions import Code
from access.errors.decisions import NotAllowed
from access.models import Person
from audit.services.events import Actor
from kiosk import selectors
from kiosk.authentication import Here
from kiosk.errors import DoorDidOpen, NotAtThisBank, PassForOneDoor
from kiosk.services.scans import Stands
from lockers.choices import CommandStatus
from lockers.models import Command
from occupancy.choices import AtEnd, ClosedHow
from occupancy.errors.claims import NoCompartmentAvailable, NotTheHolder
from occupancy.models import Assignment
from occupancy.services.claims import assignments, sessions
from occupancy.services.claims.assignments import Claimed, Wanted

# Not UNKNOWN: the door may have sprung open, and things may be in it.
NEVER_OPENED = [CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED]


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
        credential=who.kind,
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
    assignment = held_here(here, who, instead_of)
    commands = list(Command.objects.filter(claim_id=instead_of).values_list("status", flat=True))
    if not commands or any(status not in NEVER_OPENED for status in commands):
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
    claimed = claim(
        here=here,
        who=who,
        wanted=Wanted(compartment_id=door_id),
        scan=scan,
        at=at,
    )
    return replace(claimed, because="another")


def open_again(
    *, here: Here, who: Stands, claim_id: int, at: dt.datetime
) -> tuple[Assignment, uuid.UUID, bool]:
    """Open the person's door once more; return its assignment, the command, and if it is the last.

    A use that ends when it is opened again ends as soon as the door is open.
    """
    assignment = held_here(here, who, claim_id)
    # Whom it is shared with opens it, and ends nothing.
    is_own = assignment.holder_id == who.person_id
    is_last = is_own and sessions.ends_at_tap(assignment) and has_opened(claim_id)
    verb = sessions.open_and_finish if is_last else assignments.open_again
    try:
        command = verb(
            claim_id=claim_id, person_id=who.person_id, actor=Actor.person(who.person_id), at=at
        )
    except NotAllowed as refusal:
        if is_own and refusal.decision.code in (Code.NO_GRANT, Code.GRANT_OVER):
            _say_it_is_over(refusal, assignment)
        raise
    return assignment, command, is_last


def _say_it_is_over(refusal: NotAllowed, assignment: Assignment) -> None:
    """Say of a door that was somebody's a moment ago what became of it, and whom to ask."""
    refusal.facts["number"] = assignment.compartment.number
    if assignment.closed_at is None and assignment.at_end == AtEnd.HOLD:
        refusal.sentence = _(
            "Your time with door %(number)s is over."
            " Your things are safe: ask reception to open it."
        )
    else:
        refusal.sentence = _(
            "Door %(number)s is not yours any more: your time with it is over."
            " If something is still inside, ask reception."
        )


def has_opened(claim_id: int) -> bool:
    """Say whether the door was open since it was claimed: nothing is taken out before."""
    commands = Command.objects.filter(claim_id=claim_id).exclude(status__in=NEVER_OPENED)
    return commands.exists()


def finish(*, here: Here, who: Stands, claim_id: int, at: dt.datetime) -> Assignment:
    """Give the person's door back."""
    held_here(here, who, claim_id)
    return assignments.release(
        claim_id=claim_id,
        how=ClosedHow.FINISHED,
        actor=Actor.person(who.person_id),
        at=at,
        person_id=who.person_id,
    )


def undo(*, here: Here, who: Stands, claim_id: int, at: dt.datetime) -> Assignment:
    """Take a finish back."""
    held_here(here, who, claim_id)
    return assignments.undo_release(
        claim_id=claim_id, person_id=who.person_id, actor=Actor.person(who.person_id), at=at
    )


def held_here(here: Here, who: Stands, claim_id: int) -> Assignment:
    """Return a claim on a door of the terminal's bank; elsewhere nobody would see it open."""
    assignment = (
        Assignment.objects.select_related("compartment__bank", "policy")
        .filter(pk=claim_id, compartment__bank__site__organisation_id=here.organisation_id)
        .first()
    )
    if assignment is None:
        raise NotTheHolder
    if who.only_id not in (None, assignment.compartment_id):
        raise PassForOneDoor
    if assignment.compartment.bank_id != here.bank_id:
        person = Person.objects.get(pk=who.person_id)
        theirs = Assignment.objects.filter(assignments.of(person), pk=claim_id)
        if not theirs.exists():
            raise NotTheHolder
        raise NotAtThisBank(bank=assignment.compartment.bank.name)
    return assignment
