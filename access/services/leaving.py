"""Stopping, reinstating and letting go of people: the one way a status changes."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from access.choices import CredentialStatus, PersonStatus, ProcedureKind
from access.models import AccessRequest, Credential, Grant, Pass, Person, TemporaryAccess, Visit
from access.selectors import is_over
from access.services import credentials, departures, passes, procedures, requests, temporary, visits
from access.signals import person_left, person_stopped, person_suspended
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor

log = logging.getLogger(__name__)


def suspend(*, person: Person, actor: Actor, at: dt.datetime, reason: str = "") -> bool:
    """Stop a person from now on; False when it was so.

    Their credentials open nothing any more, and what they have is emptied by staff (see
    ``person_suspended``).
    """
    with transaction.atomic():
        changed = _turn(
            person, PersonStatus.SUSPENDED, Action.PERSON_SUSPENDED, actor, at, reason,
            only_from=[PersonStatus.ACTIVE],
        )  # fmt: skip
        person_id = person.pk
        person_stopped.send(sender=None, person_id=person_id, site_id=None, at=at)
        transaction.on_commit(lambda: _tell(person_suspended, person_id))
    return changed


def reinstate(*, person: Person, actor: Actor, at: dt.datetime, reason: str = "") -> bool:
    """Let a person use lockers again; False when they could.

    What was revoked when somebody left stays revoked: who comes back gets a new card.
    """
    with transaction.atomic():
        changed = _turn(
            person, PersonStatus.ACTIVE, Action.PERSON_REINSTATED, actor, at, reason,
            only_from=[PersonStatus.SUSPENDED, PersonStatus.LEFT], left_at=None,
        )  # fmt: skip
        if changed and is_over(person, at):
            # A last day that is over would send them away again within the hour.
            Person.objects.filter(pk=person.pk).update(leaves_on=None)
            person.leaves_on = None
        return changed


def leave(*, person: Person, actor: Actor, at: dt.datetime, reason: str = "") -> bool:
    """Let a person go: from this instant on nothing opens for them. False when they had left.

    Revokes every credential, pass, temporary access and grant that no claim holds, ends a visit,
    begins the offboarding checklist, and tells the apps on the right, which end the rest (see
    ``person_left``). Doing it again mends what was added since.
    """
    with transaction.atomic():
        changed = _turn(
            person, PersonStatus.LEFT, Action.PERSON_LEFT, actor, at, reason,
            only_from=[PersonStatus.ACTIVE, PersonStatus.SUSPENDED], left_at=at,
        )  # fmt: skip
        for credential in (
            Credential.objects.filter(person=person)
            .exclude(status=CredentialStatus.REVOKED)
            .select_related("person")
        ):
            credentials.set_status(
                credential=credential,
                status=CredentialStatus.REVOKED,
                actor=actor,
                at=at,
                reason=reason,
            )
        Grant.objects.filter(person=person, claim_id__isnull=True, revoked_at__isnull=True).update(
            revoked_at=at
        )
        _end_what_is_timed(person, actor, at, reason)
        if changed:
            procedures.start(person=person, kind=ProcedureKind.OFFBOARDING, actor=actor, at=at)
        person_id = person.pk
        person_stopped.send(sender=None, person_id=person_id, site_id=None, at=at)
        transaction.on_commit(lambda: _tell(person_left, person_id))
    return changed


def _end_what_is_timed(person: Person, actor: Actor, at: dt.datetime, reason: str) -> None:
    """End what would be over by itself, but not before somebody might come back."""
    for visit in Visit.objects.filter(visits.here(at), visitor=person):
        departures.leave(visit=visit, actor=actor, at=at, reason=reason)
    for visit in Visit.objects.filter(visits.expected(at), visitor=person):
        visits.cancel(visit=visit, actor=actor, at=at, reason=reason)
    for given in Pass.objects.filter(person=person, revoked_at__isnull=True, ends_at__gt=at):
        passes.revoke(given=given, actor=actor, at=at, reason=reason)
    for access in TemporaryAccess.objects.filter(
        person=person, revoked_at__isnull=True, ends_at__gt=at
    ):
        temporary.revoke(access=access, actor=actor, at=at, reason=reason)
    for request in AccessRequest.objects.filter(requests.waiting(at), person=person):
        requests.withdraw(request=request, actor=actor, at=at, reason=reason)


def take_back(
    *,
    person: Person,
    status: str,
    credentials: dict[int, str],
    grants: list[int],
    actor: Actor,
    at: dt.datetime,
    reason: str,
) -> bool:
    """Undo that somebody was let go: status, credentials and grants as they were before.

    Only for who was let go by mistake a moment ago; what was told to other systems, and what was
    withdrawn besides (visits, passes, requests), stays so. False when they are here already.
    """
    with transaction.atomic():
        changed = _turn(
            person, PersonStatus(status), Action.PERSON_REINSTATED, actor, at, reason,
            only_from=[PersonStatus.LEFT], left_at=None,
        )  # fmt: skip
        if changed:
            for was in set(credentials.values()):
                ids = [pk for pk, one in credentials.items() if one == was]
                Credential.objects.filter(person=person, pk__in=ids).update(status=was)
            Grant.objects.filter(person=person, pk__in=grants).update(revoked_at=None)
        return changed


def leave_due(*, at: dt.datetime) -> int:
    """Let go everybody whose last day is over at their home site; return how many."""
    due = (
        Person.objects.filter(~Q(status=PersonStatus.LEFT), leaves_on__isnull=False)
        # West of Greenwich the day ends later, east of it earlier: looked at one by one.
        .filter(leaves_on__lte=at.date() + dt.timedelta(days=1))
        .select_related("home_site")
        .order_by("pk")
    )
    actor = Actor.job("last day")
    gone = 0
    for person in due:
        if is_over(person, at):
            try:
                gone += leave(person=person, actor=actor, at=at)
            except Exception:
                # One of them must not keep the others' cards alive; tried again next time.
                log.exception("person %s could not be let go", person.pk)
                if transaction.get_connection().in_atomic_block:
                    raise
    return gone


def _tell(signal: Signal, person_id: int) -> None:
    for receiver, outcome in signal.send_robust(sender=None, person_id=person_id):
        if isinstance(outcome, Exception):
            log.error("%r failed for person %s; the sweep repeats it", receiver, person_id,
                      exc_info=outcome)  # fmt: skip


def _turn(
    person: Person,
    status: PersonStatus,
    action: Action,
    actor: Actor,
    at: dt.datetime,
    reason: str,
    *,
    only_from: list[PersonStatus],
    **values: dt.datetime | None,
) -> bool:
    with transaction.atomic():
        changed = Person.objects.filter(pk=person.pk, status__in=only_from).update(
            status=status, **values
        )
        if not changed:
            return False
        person.status = status
        for name, value in values.items():
            setattr(person, name, value)
        events.record(
            action=action,
            actor=actor,
            at=at,
            organisation_id=person.organisation_id,
            site_id=person.home_site_id,
            person_id=person.pk,
            reason=reason,
        )
    return True
