"""Opening again, finishing, undoing, and what staff may do with somebody's compartment."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from access.errors.decisions import NotAllowed
from access.models import Person
from access.services import grants
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events, outside
from audit.services.events import Actor
from lockers.models import Bank, Compartment
from lockers.services import commands
from occupancy.choices import AtEnd, ClosedHow
from occupancy.errors.claims import (
    AssignmentAlreadyReleased,
    NotTheHolder,
    TimeIsOver,
    UndoOver,
)
from occupancy.errors.custody import InRecovery
from occupancy.models import Assignment
from occupancy.services.claims.claiming import Claimed, Wanted, claim
from occupancy.services.custody import sharing
from occupancy.services.queue import offering, offers

__all__ = ["Claimed", "Wanted", "claim", "open_again", "open_override", "release", "undo_release"]

UNDO_WITHIN = offering.UNDO_WITHIN


def in_force(at: dt.datetime) -> Q:
    """Return the condition under which an assignment still holds its door at ``at``."""
    return Q(closed_at__isnull=True) & (
        Q(ends_at__isnull=True) | Q(ends_at__gt=at) | Q(at_end=AtEnd.HOLD)
    )


def of(person: Person) -> Q:
    """Return the condition: somebody's own, or their role's or department's at this moment."""
    mine = Q(holder=person)
    if person.role_id is not None:
        mine |= Q(role_id=person.role_id)
    if person.department_id is not None:
        mine |= Q(department_id=person.department_id)
    return mine


def open_again(
    *,
    claim_id: int,
    person_id: int,
    actor: Actor,
    at: dt.datetime,
    purpose: str = "open_again",
) -> uuid.UUID:
    """Ask the holder's door to open once more; return the command's id.

    Whom it is shared with may, too; that uses up a delegated opening. Raises NotTheHolder,
    NotAllowed, OpeningUsed and BridgeOffline.
    """
    with transaction.atomic():
        # Locked: a recovery or a release comes before this or after it, never in between.
        assignment = _get(claim_id, lock=True)
        person = Person.objects.get(pk=person_id)
        is_others = assignment.holder_id != person_id
        if is_others:
            sharing.give_back(claim_id=claim_id, person_id=person_id, at=at)
        decision = grants.decide_open(person=person, compartment=assignment.compartment, at=at)
        if not decision.allowed:
            raise _refused(
                NotAllowed(decision), assignment, actor, at, person_id, decision=decision.log()
            )
        command_id = commands.request_open(
            compartment_id=assignment.compartment_id,
            purpose=purpose,
            actor=actor,
            at=at,
            person_id=person_id,
            claim_id=assignment.pk,
            facts={"decision": decision.log()},
        )
        if is_others:
            sharing.use(
                assignment=assignment, person=person, command_id=command_id, actor=actor, at=at
            )
        return command_id


def open_override(
    *, compartment: Compartment, actor: Actor, reason: str, at: dt.datetime
) -> uuid.UUID:
    """Open a door without a grant, as staff, with a reason, to inspect it; the holder keeps it."""
    holder = Assignment.objects.filter(in_force(at), compartment=compartment).first()
    with transaction.atomic():
        command_id = commands.request_open(
            compartment_id=compartment.pk,
            purpose="override",
            actor=actor,
            at=at,
            person_id=holder.holder_id if holder else None,
            claim_id=holder.pk if holder else None,
            reason=reason,
        )
        bank = Bank.objects.select_related("site").get(pk=compartment.bank_id)
        events.record(
            action=Action.INSPECTED,
            actor=actor,
            at=at,
            organisation_id=bank.site.organisation_id,
            site_id=bank.site_id,
            bank_id=bank.pk,
            compartment_id=compartment.pk,
            person_id=holder.holder_id if holder else None,
            reason=reason,
            data={"command": str(command_id), "claim": holder.pk if holder else None},
        )
    return command_id


def release(
    *,
    claim_id: int,
    how: ClosedHow,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None = None,
    reason: str = "",
) -> Assignment:
    """End an assignment and take back its grant. With ``person_id`` only its holder may, in time.

    Raises NotTheHolder, TimeIsOver, AssignmentAlreadyReleased and InRecovery.
    """
    with transaction.atomic():
        assignment = _get(claim_id)
        # The clock of another machine was ahead of this one when it began.
        at = max(at, assignment.starts_at)
        if person_id is not None and assignment.holder_id != person_id:
            raise _refused(NotTheHolder(), assignment, actor, at, person_id)
        # Overdue, it opens for nobody but staff: it may well be full.
        if person_id is not None and is_overdue(assignment, at):
            raise _refused(TimeIsOver(), assignment, actor, at, person_id)
        # What is being emptied stays until that is done, or called off.
        closed = Assignment.objects.filter(
            in_force(at), pk=claim_id, recovery_at__isnull=True
        ).update(closed_at=at, closed_how=how)
        if not closed and assignment.recovery_at is not None and assignment.closed_at is None:
            raise _refused(InRecovery(), assignment, actor, at, person_id)
        if not closed:
            raise _refused(AssignmentAlreadyReleased(), assignment, actor, at, person_id)
        grants.revoke(claim_id=claim_id, at=at)
        is_override = how is ClosedHow.RELEASED_BY_STAFF
        action = Action.RELEASED_BY_STAFF if is_override else Action.RELEASED
        _record(action, assignment, actor, at, reason=reason, how=how.value)
        offering.freed(compartment_id=assignment.compartment_id, at=at)
    assignment.closed_at, assignment.closed_how = at, how
    return assignment


def is_overdue(assignment: Assignment, at: dt.datetime) -> bool:
    """Say whether an assignment that is in force ran past its end, and nobody empties it yet."""
    return (
        assignment.closed_at is None
        and assignment.recovery_at is None
        and assignment.at_end == AtEnd.HOLD
        and assignment.ends_at is not None
        and assignment.ends_at <= at
    )


def undo_release(*, claim_id: int, person_id: int, actor: Actor, at: dt.datetime) -> Assignment:
    """Give a finished compartment back to its last holder, within UNDO_WITHIN.

    The constraints refuse when somebody else has it by now. Raises NotTheHolder and UndoOver.
    """
    assignment = _get(claim_id)
    if assignment.holder_id != person_id:
        raise _refused(NotTheHolder(), assignment, actor, at, person_id)
    try:
        with transaction.atomic():
            offers.take_back(compartment_id=assignment.compartment_id, actor=actor, at=at)
            reopened = Assignment.objects.filter(
                Q(ends_at__isnull=True) | Q(ends_at__gt=at),
                pk=claim_id,
                closed_how=ClosedHow.FINISHED,
                closed_at__gt=at - UNDO_WITHIN,
            ).update(closed_at=None, closed_how="")
            if not reopened:
                raise UndoOver
            outside.ask(claim_id)
            grants.reinstate(claim_id=claim_id, person_id=person_id, ends_at=assignment.ends_at)
            _record(Action.RELEASE_UNDONE, assignment, actor, at)
    except (UndoOver, IntegrityError) as error:
        raise _refused(UndoOver(), assignment, actor, at, person_id) from error
    assignment.closed_at, assignment.closed_how = None, ""
    return assignment


def _get(claim_id: int, *, lock: bool = False) -> Assignment:
    found = Assignment.objects.select_related("compartment__bank__site", "holder")
    if lock:
        found = found.select_for_update(no_key=True, of=("self",))
    try:
        return found.get(pk=claim_id)
    except Assignment.DoesNotExist as error:
        raise NotTheHolder from error


def _refused(
    refusal: Refusal,
    assignment: Assignment,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None,
    **data: Any,
) -> Refusal:
    told = {"code": refusal.code, **data}
    return refusal.keep(
        lambda: _record(Action.REFUSED, assignment, actor, at, by=person_id, **told)
    )


def _record(
    action: Action,
    assignment: Assignment,
    actor: Actor,
    at: dt.datetime,
    reason: str = "",
    by: int | None = None,
    **data: Any,
) -> None:
    bank = assignment.compartment.bank
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=assignment.compartment_id,
        person_id=by if by is not None else assignment.holder_id,
        reason=reason,
        data={"claim": assignment.pk, **data},
    )
