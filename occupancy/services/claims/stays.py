"""Lockers of people who stay longer than they were expected to: visitors, and leavers."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import IntegrityError, transaction

from access.services import grants
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.allocation import terms
from occupancy.allocation.rules import Ends
from occupancy.allocation.terms import Term
from occupancy.choices import AtEnd
from occupancy.models import Assignment
from occupancy.services.claims.assignments import in_force
from occupancy.services.policies import rulebooks

log = logging.getLogger(__name__)
_LAST_DAY = Actor.job("last day")


def lengthen(
    *,
    person_id: int,
    site_id: int,
    was_until: dt.datetime,
    until: dt.datetime,
    actor: Actor,
    at: dt.datetime,
) -> int:
    """Let what ended with a visit end as its policy says, but not after the visit; return how many.

    A door that is somebody else's from the old end on keeps that end.
    """
    kept = 0
    for assignment in (
        Assignment.objects.filter(
            in_force(at),
            holder=person_id,
            compartment__bank__site=site_id,
            ends_at=was_until,
        )
        .select_related("compartment__bank__site", "policy")
        .order_by("pk")
    ):
        kept += _lengthen(assignment, until, actor, at)
    return kept


def follow_last_day(
    *, person_id: int, was_until: dt.datetime, until: dt.datetime | None, at: dt.datetime
) -> int:
    """Let what was to end with somebody's last day end with a later one, or as its policy says.

    Return how many uses. A booked window ends as it did.
    """
    kept = 0
    for assignment in (
        Assignment.objects.filter(
            in_force(at), holder=person_id, ends_at=was_until, recovery_at__isnull=True
        )
        .select_related("compartment__bank__site", "policy")
        .order_by("pk")
    ):
        policy = assignment.policy
        assert policy is not None  # by constraint: an assignment has one
        rules = rulebooks.attached_from(policy).rules
        if rules.meaning.ends is Ends.WINDOW:
            continue
        zone = assignment.compartment.bank.site.zone
        found = terms.term(rules, assignment.starts_at, zone, leaves_at=until)
        at_end = AtEnd.HOLD if found.is_last else rules.at_end
        kept += _move_end(assignment, found, at_end, _LAST_DAY, at)
    return kept


def _lengthen(assignment: Assignment, until: dt.datetime, actor: Actor, at: dt.datetime) -> bool:
    bank, policy = assignment.compartment.bank, assignment.policy
    assert policy is not None  # by constraint: an assignment has one
    found = terms.term(
        rulebooks.attached_from(policy).rules, assignment.starts_at, bank.site.zone,
        access_until=until,
    )  # fmt: skip
    return _move_end(assignment, found, AtEnd(assignment.at_end), actor, at)


def _move_end(
    assignment: Assignment, found: Term, at_end: AtEnd, actor: Actor, at: dt.datetime
) -> bool:
    """Give a use a later end; one that would meet what is planned for others keeps its own."""
    bank, ends_at = assignment.compartment.bank, found.ends_at
    if assignment.ends_at is None or (ends_at is not None and ends_at <= assignment.ends_at):
        return False
    try:
        with transaction.atomic():
            changed = Assignment.objects.filter(in_force(at), pk=assignment.pk).update(
                due_at=found.due_at, ends_at=ends_at, at_end=at_end
            )
            if not changed:
                return False
            grants.lengthen(claim_id=assignment.pk, person_id=assignment.holder_id, ends_at=ends_at)
            events.record(
                action=Action.EXTENDED,
                actor=actor,
                at=at,
                organisation_id=bank.site.organisation_id,
                site_id=bank.site_id,
                bank_id=bank.pk,
                compartment_id=assignment.compartment_id,
                person_id=assignment.holder_id,
                data={"claim": assignment.pk, "until": ends_at.isoformat() if ends_at else None},
            )
    except IntegrityError:
        log.warning("assignment %s keeps its end: the door is planned for others", assignment.pk)
        return False
    return True
