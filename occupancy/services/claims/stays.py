"""Lockers of visitors who stay longer than they were expected to."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import IntegrityError, transaction

from access.services import grants
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.allocation import terms
from occupancy.models import Assignment
from occupancy.services.claims.assignments import in_force
from occupancy.services.policies import rulebooks

log = logging.getLogger(__name__)


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


def _lengthen(assignment: Assignment, until: dt.datetime, actor: Actor, at: dt.datetime) -> bool:
    bank, policy = assignment.compartment.bank, assignment.policy
    assert policy is not None  # by constraint: an assignment has one
    found = terms.term(
        rulebooks.attached_from(policy).rules, assignment.starts_at, bank.site.zone,
        access_until=until,
    )  # fmt: skip
    ends_at = found.ends_at
    assert ends_at is not None  # it ends with the access at the latest
    if assignment.ends_at is None or ends_at <= assignment.ends_at:
        return False
    try:
        with transaction.atomic():
            changed = Assignment.objects.filter(in_force(at), pk=assignment.pk).update(
                due_at=found.due_at, ends_at=ends_at
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
                data={"claim": assignment.pk, "until": ends_at.isoformat()},
            )
    except IntegrityError:
        log.warning("assignment %s keeps its end: the door is planned for others", assignment.pk)
        return False
    return True
