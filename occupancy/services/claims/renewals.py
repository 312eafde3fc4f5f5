"""Keeping a door for another term of its policy.

From when the next term counts: what ends by the calendar (a day, a shift, a period) follows on
the old end, so that renewing early costs nobody a day; what lasts a number of hours (session,
shared pool) counts anew from now, so that nobody collects hours; a booked window lasts once more
as long as it was booked; what ends with somebody's access follows that, once it was extended.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.db.models import Q

from access.decisions import decide
from access.errors.decisions import NotAllowed
from access.services import grants
from audit.actions import Action
from audit.errors import Again, Refusal
from audit.services import outside
from audit.services.events import Actor
from lockers.models import Compartment
from occupancy.allocation import terms
from occupancy.allocation.rules import Ends, Rules
from occupancy.allocation.terms import Term
from occupancy.choices import AtEnd
from occupancy.errors.claims import AssignmentAlreadyReleased, NotTheHolder
from occupancy.errors.custody import (
    BookedByOthers,
    NothingToRenew,
    NotWhileOverdue,
    RenewedEnough,
)
from occupancy.models import Assignment, Claim, Policy
from occupancy.services.claims import situations, trail
from occupancy.services.claims.assignments import in_force
from occupancy.services.policies import rulebooks


def renew(*, claim_id: int, person_id: int, actor: Actor, at: dt.datetime) -> Assignment:
    """Let the holder keep a door for another term; return it with its new end.

    Raises NotTheHolder, AssignmentAlreadyReleased, NotWhileOverdue, RenewedEnough, NothingToRenew,
    NotAllowed, and BookedByOthers with until when it could be had instead.
    """
    assignment = trail.get(claim_id)
    try:
        with transaction.atomic():
            return _renew(assignment, person_id, actor, at)
    except Refusal as refusal:
        trail.refused(refusal, assignment, actor, at, person_id=person_id, wanted="renew")
        raise


def _renew(assignment: Assignment, person_id: int, actor: Actor, at: dt.datetime) -> Assignment:
    if assignment.holder_id != person_id:
        raise NotTheHolder
    policy = assignment.policy
    assert policy is not None  # by constraint: an assignment has one
    # Bookings of this door wait until this is decided, or were there before it.
    Compartment.objects.select_for_update(no_key=True).get(pk=assignment.compartment_id)
    assignment.refresh_from_db(
        fields=["due_at", "ends_at", "renewals", "closed_at", "recovery_at", "at_end"]
    )
    _may(assignment, policy, at)
    found = _next_term(assignment, policy, person_id, at)
    before = assignment.due_at
    if booked := _next_claim(assignment, found, at):
        raise _booked(booked, policy)
    try:
        with transaction.atomic():
            changed = Assignment.objects.filter(
                in_force(at),
                pk=assignment.pk,
                renewals=assignment.renewals,
                ends_at=assignment.ends_at,
                due_at__gt=at,
                recovery_at__isnull=True,
            ).update(
                due_at=found.due_at, ends_at=found.ends_at, renewals=assignment.renewals + 1,
                at_end=AtEnd.HOLD if found.is_last else assignment.at_end,
            )  # fmt: skip
    except IntegrityError as error:
        late = _next_claim(assignment, found, at)
        if late is None:
            raise Again from error
        raise _booked(late, policy) from error
    if not changed:
        raise Again
    outside.ask(assignment.pk)
    grants.lengthen(claim_id=assignment.pk, person_id=person_id, ends_at=found.ends_at)
    assignment.due_at, assignment.ends_at = found.due_at, found.ends_at
    assignment.renewals += 1
    trail.record(
        Action.RENEWED, assignment, actor, at,
        before=before, until=found.due_at, renewals=assignment.renewals, policy=policy.pk,
    )  # fmt: skip
    return assignment


def has_terms_left(claim: Claim) -> bool:
    """Say whether a use with an end may be kept for one more term, as far as its policy goes."""
    policy = claim.policy
    if policy is None or claim.due_at is None:
        return False
    return claim.renewals < _times(policy)


def _times(policy: Policy) -> int:
    # A policy out of use lets what began go on, but not begin again.
    return policy.renewals if policy.is_active else 0


def _may(assignment: Assignment, policy: Policy, at: dt.datetime) -> None:
    if assignment.closed_at is not None:
        raise AssignmentAlreadyReleased
    if assignment.due_at is None:
        raise NothingToRenew
    if assignment.due_at <= at or assignment.recovery_at is not None:
        raise NotWhileOverdue(due_at=assignment.due_at.isoformat())
    if not has_terms_left(assignment):
        raise RenewedEnough(times=_times(policy))


def _next_term(assignment: Assignment, policy: Policy, person_id: int, at: dt.datetime) -> Term:
    """Return the next term under what the policy says today, within the person's access."""
    situation = situations.read(person_id, assignment.compartment.bank_id, at)
    # Nobody has to be at the bank for it, so that its curfew does not matter.
    decision = decide(replace(situation.facts(), curfew=None), at)
    if not decision.allowed:
        raise NotAllowed(decision)
    due = assignment.due_at
    assert due is not None  # asked before
    rules = rulebooks.attached_from(policy).rules
    window = due + (due - assignment.starts_at) / (assignment.renewals + 1)
    found = terms.term(
        rules,
        _counts_from(rules, due, at),
        situation.zone,
        access_until=situation.access_until if situation.needs_access else None,
        leaves_at=situation.leaves_at,
        window_ends_at=window if rules.meaning.ends is Ends.WINDOW else None,
    )
    if found.due_at is None or found.due_at <= due:
        raise NothingToRenew
    return found


def _counts_from(rules: Rules, due: dt.datetime, at: dt.datetime) -> dt.datetime:
    return at if rules.meaning.ends is Ends.AFTER else due


def _next_claim(assignment: Assignment, found: Term, at: dt.datetime) -> Claim | None:
    """Return the first booking or closure that the new term would run into."""
    return (
        Claim.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            compartment_id=assignment.compartment_id,
            closed_at__isnull=True,
            started_at__isnull=True,
            starts_at__lt=found.ends_at,
        )
        .order_by("starts_at")
        .first()
    )


def _booked(claim: Claim, policy: Policy) -> BookedByOthers:
    return BookedByOthers(until=(claim.starts_at - policy.grace).isoformat())
