"""Visitors who leave, or whose visit is over: nothing of a visit outlives it."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from access.choices import CredentialStatus
from access.errors.visits import VisitorNotHere
from access.models import Credential, Pass, Visit
from access.services import credentials, passes, temporary, visits
from access.signals import person_stopped, visitor_left
from audit.actions import Action
from audit.services.events import Actor

log = logging.getLogger(__name__)


def leave(*, visit: Visit, actor: Actor, at: dt.datetime, reason: str = "") -> None:
    """End a visit: code, passes and access are worth nothing from now on; raises VisitorNotHere.

    What the visitor still has in a locker is ended by occupancy, which is told.
    """
    with transaction.atomic():
        _end(visit, actor, at, reason)
        person_id = visit.visitor_id
        if at < visit.expected_until:
            person_stopped.send(sender=None, person_ids=[person_id], site_id=visit.site_id, at=at)
        transaction.on_commit(lambda: _tell(person_id))


def leave_due(*, at: dt.datetime, visitor_id: int | None = None) -> int:
    """Record that visits are over whose end has come; return how many.

    Nothing counted any more since that end. What lies in a locker then follows its policy.
    """
    due = Visit.objects.filter(
        arrived_at__isnull=False, left_at__isnull=True, expected_until__lte=at
    ).select_related("visitor", "site")
    if visitor_id is not None:
        due = due.filter(visitor=visitor_id)
    actor = Actor.job("visits over")
    left = 0
    for visit in due.order_by("pk"):
        try:
            with transaction.atomic():
                _end(visit, actor, at, "")
                left += 1
        except VisitorNotHere:
            continue  # somebody was faster
    return left


def _tell(person_id: int) -> None:
    for receiver, outcome in visitor_left.send_robust(sender=None, person_ids=[person_id]):
        if isinstance(outcome, Exception):
            log.error("%r failed for visitor %s; the sweep repeats it", receiver, person_id,
                      exc_info=outcome)  # fmt: skip


def _end(visit: Visit, actor: Actor, at: dt.datetime, reason: str) -> None:
    ended = Visit.objects.filter(
        pk=visit.pk, arrived_at__isnull=False, left_at__isnull=True
    ).update(left_at=at)
    if not ended:
        raise VisitorNotHere
    visit.left_at = at
    if visit.code_id is not None:
        code = Credential.objects.select_related("person").get(pk=visit.code_id)
        credentials.set_status(
            credential=code, status=CredentialStatus.REVOKED, actor=actor, at=at, reason="left"
        )
    for given in Pass.objects.filter(
        person=visit.visitor_id, revoked_at__isnull=True, ends_at__gt=at
    ).select_related("person"):
        passes.revoke(given=given, actor=actor, at=at, reason="left")
    for access in visit.access.filter(revoked_at__isnull=True, ends_at__gt=at).select_related(
        "person"
    ):
        temporary.revoke(access=access, actor=actor, at=at, reason="left")
    visits.record(Action.VISIT_LEFT, visit, actor, at, reason)
