"""Handing a running assignment on: to another person, to another door, or two doors at once.

The old assignment is closed and a new one follows it, in one transaction, so that nobody comes
between; its end and its renewals go along. The new holder and the new door are judged as if it
were given now: for whom the policy is, which doors it covers, how many somebody may have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from access.services import grants
from audit.actions import Action
from audit.errors import Refusal
from audit.services.events import Actor
from lockers.models import Compartment
from occupancy.choices import ClosedHow
from occupancy.errors.claims import AssignmentAlreadyReleased, NoSuchCompartment
from occupancy.errors.custody import (
    InRecovery,
    NotWhileOverdue,
    NotWithThemselves,
    ReasonMissing,
    SameDoors,
)
from occupancy.models import Assignment
from occupancy.services.claims import trail
from occupancy.services.custody import giving
from occupancy.services.policies import judging
from occupancy.services.policies.judging import Holder


def transfer(
    *, claim_id: int, to_person_id: int, actor: Actor, at: dt.datetime, reason: str
) -> Assignment:
    """Let somebody else have a door from now on, with its end; return their assignment.

    Raises NotWithThemselves, what _close raises, and what judging.judge raises.
    """
    old = trail.get(claim_id)
    try:
        with transaction.atomic():
            _lock([old.compartment_id])
            if old.holder_id == to_person_id:
                raise NotWithThemselves
            _close([old], at, reason)
            new = _follow(old, Holder(person_id=to_person_id), old.compartment_id, at, reason)
            trail.record(
                Action.TRANSFERRED, new, actor, at,
                reason=reason, **_linked(old), before_holder=old.holder_id,
            )  # fmt: skip
            # About the new one: that it is another's is certain when the bridge has that.
            trail.tell(old.holder, "transferred_away", new, at, other=str(new.holder))
            trail.tell(new.holder, "transferred_to", new, at, other=str(old.holder or ""))
            return new
    except Refusal as refusal:
        trail.refused(refusal, old, actor, at, wanted="transfer", other=to_person_id)
        raise


def move(
    *, claim_id: int, compartment_id: int, actor: Actor, at: dt.datetime, reason: str
) -> Assignment:
    """Give whoever has a door another one instead; return their new assignment.

    What is in the old one stays there until somebody takes it out. Raises SameDoors,
    NoSuchCompartment, what _close raises, and what judging.judge raises.
    """
    old = trail.get(claim_id)
    try:
        with transaction.atomic():
            if compartment_id == old.compartment_id:
                raise SameDoors
            _lock([old.compartment_id, compartment_id])
            _close([old], at, reason)
            new = _follow(old, _holder(old), compartment_id, at, reason)
            trail.record(
                Action.MOVED, new, actor, at,
                reason=reason, **_linked(old), before_compartment=old.compartment_id,
            )  # fmt: skip
            trail.tell(new.holder, "moved", new, at, before=old.compartment.number)
            return new
    except Refusal as refusal:
        trail.refused(refusal, old, actor, at, wanted="move", to_compartment=compartment_id)
        raise


def swap(
    *, claim_ids: Sequence[int], actor: Actor, at: dt.datetime, reason: str
) -> tuple[Assignment, Assignment]:
    """Let two holders have each other's door, each with their own end; return both anew.

    Raises SameDoors, what _close raises, and what judging.judge raises.
    """
    if len(set(claim_ids)) != 2:
        raise SameDoors
    one, other = (trail.get(claim_id) for claim_id in claim_ids)
    try:
        with transaction.atomic():
            _lock([one.compartment_id, other.compartment_id])
            _close([one, other], at, reason)
            first = _follow(one, _holder(one), other.compartment_id, at, reason)
            second = _follow(other, _holder(other), one.compartment_id, at, reason)
            for old, new in ((one, first), (other, second)):
                trail.record(
                    Action.SWAPPED, new, actor, at,
                    reason=reason, **_linked(old), before_compartment=old.compartment_id,
                )  # fmt: skip
                trail.tell(new.holder, "moved", new, at, before=old.compartment.number)
            return first, second
    except Refusal as refusal:
        trail.refused(refusal, one, actor, at, wanted="swap", other_claim=other.pk)
        raise


def _lock(compartment_ids: Sequence[int]) -> None:
    """Lock the doors in order, so that two that cross never wait for each other."""
    found = Compartment.objects.select_for_update(no_key=True, of=("self",)).filter(
        pk__in=compartment_ids
    )
    if len(found.order_by("pk")) != len(set(compartment_ids)):
        raise NoSuchCompartment


def _close(olds: Sequence[Assignment], at: dt.datetime, reason: str) -> None:
    """Close what is handed on, by compare-and-set.

    Raises ReasonMissing, AssignmentAlreadyReleased, InRecovery and NotWhileOverdue: what is
    overdue is renewed or given anew, not handed on.
    """
    if not reason.strip():
        raise ReasonMissing
    for old in sorted(olds, key=lambda one: one.pk):
        closed = Assignment.objects.filter(
            Q(due_at__isnull=True) | Q(due_at__gt=at),
            pk=old.pk,
            closed_at__isnull=True,
            recovery_at__isnull=True,
        ).update(closed_at=at, closed_how=ClosedHow.HANDED_ON)
        if not closed:
            raise _why_not(old)
        grants.revoke(claim_id=old.pk, at=at)
        # Who was faster may have changed its end: that goes along.
        old.refresh_from_db(fields=["due_at", "ends_at", "renewals"])


def _why_not(old: Assignment) -> Refusal:
    now = Assignment.objects.get(pk=old.pk)
    if now.closed_at is not None:
        return AssignmentAlreadyReleased()
    if now.recovery_at is not None:
        return InRecovery()
    return NotWhileOverdue(due_at=now.due_at.isoformat() if now.due_at else None)


def _follow(
    old: Assignment, holder: Holder, compartment_id: int, at: dt.datetime, reason: str
) -> Assignment:
    door = Compartment.objects.get(pk=compartment_id)
    assert old.policy_id is not None  # by constraint: an assignment has one
    judged = judging.judge(
        holder=holder,
        bank_id=door.bank_id,
        door_id=door.pk,
        policy_id=old.policy_id,
        due_at=old.due_at or old.ends_at,
        reason=reason,
        at=at,
        is_carried=True,
    )
    return giving.place(holder=holder, judged=judged, at=at, follows=old)


def _holder(old: Assignment) -> Holder:
    return Holder(old.holder_id, old.role_id, old.department_id)


def _linked(old: Assignment) -> dict[str, int]:
    return {"follows": old.pk}
