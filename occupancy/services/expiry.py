"""When a planned end comes: queries treat it as ended at that instant, this tidies up."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from access.services import grants
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.choices import AtEnd, ClosedHow
from occupancy.models import Assignment

log = logging.getLogger(__name__)


def expire_due(*, at: dt.datetime, bank_id: int | None = None, holder_id: int | None = None) -> int:
    """Close assignments whose end has come and that go back by themselves; return how many.

    Each is one compare-and-set with its audit event, dated at the planned end, so that running
    late, twice or after a day off gives the same result.
    """
    due = Assignment.objects.filter(
        closed_at__isnull=True, ends_at__lte=at, at_end=AtEnd.RELEASE
    ).select_related("compartment__bank__site")
    if bank_id is not None:
        due = due.filter(compartment__bank_id=bank_id)
    if holder_id is not None:
        due = due.filter(holder_id=holder_id)
    expired = 0
    for claim in due.order_by("ends_at", "pk"):
        try:
            expired += _expire(claim)
        except Exception:
            # One bad row must not keep the others from ending; it is tried again next time.
            log.exception("assignment %s could not be ended", claim.pk)
            if transaction.get_connection().in_atomic_block:
                raise
    return expired


def _expire(claim: Assignment) -> int:
    assert claim.ends_at is not None  # the filter asks for it
    with transaction.atomic():
        closed = Assignment.objects.filter(pk=claim.pk, closed_at__isnull=True).update(
            closed_at=claim.ends_at, closed_how=ClosedHow.EXPIRED
        )
        if not closed:
            return 0
        grants.revoke(claim_id=claim.pk, at=claim.ends_at)
        bank = claim.compartment.bank
        events.record(
            action=Action.EXPIRED,
            actor=Actor.job("expiry"),
            at=claim.ends_at,
            organisation_id=bank.site.organisation_id,
            site_id=bank.site_id,
            bank_id=bank.pk,
            compartment_id=claim.compartment_id,
            person_id=claim.holder_id,
            data={"claim": claim.pk},
        )
    return 1
