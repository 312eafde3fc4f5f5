"""Stopping, reinstating and letting go of people: the one way a status changes."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from access.choices import PersonStatus, ProcedureKind
from access.models import AccessRequest, Credential, Grant, Pass, Person, TemporaryAccess, Visit
from access.selectors import is_over
from access.services import credentials, departures, passes, procedures, requests, temporary, visits
from access.signals import person_left, person_stopped, person_suspended
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor, Line

log = logging.getLogger(__name__)


def suspend(*, person: Person, actor: Actor, at: dt.datetime, reason: str = "") -> bool:
    """Stop a person from now on; False when it was so.

    Their credentials open nothing any more, and what they have is emptied by staff (see
    ``person_suspended``).
    """
    with transaction.atomic():
        changed = _turn(
            [person], PersonStatus.SUSPENDED, Action.PERSON_SUSPENDED, actor, at, reason,
            only_from=[PersonStatus.ACTIVE],
        )  # fmt: skip
        _stopped([person], person_suspended, at)
    return bool(changed)


def reinstate(*, person: Person, actor: Actor, at: dt.datetime, reason: str = "") -> bool:
    """Let a person use lockers again; False when they could.

    What was revoked when somebody left stays revoked: who comes back gets a new card.
    """
    with transaction.atomic():
        changed = _turn(
            [person], PersonStatus.ACTIVE, Action.PERSON_REINSTATED, actor, at, reason,
            only_from=[PersonStatus.SUSPENDED, PersonStatus.LEFT], left_at=None,
        )  # fmt: skip
        if changed and is_over(person, at):
            # A last day that is over would send them away again within the hour.
            Person.objects.filter(pk=person.pk).update(leaves_on=None)
            person.leaves_on = None
        return bool(changed)


def leave(*, person: Person, actor: Actor, at: dt.datetime, reason: str = "") -> bool:
    """Let a person go, as ``leave_all`` does; False when they had left."""
    return bool(leave_all(people=[person], actor=actor, at=at, reason=reason))


def leave_all(
    *, people: Sequence[Person], actor: Actor, at: dt.datetime, reason: str = ""
) -> list[Person]:
    """Let people go: from this instant on nothing opens for them. Return who had not left yet.

    Revokes every credential, pass, temporary access and grant that no claim holds, ends a visit,
    begins the offboarding checklist, and tells the apps on the right, which end the rest (see
    ``person_left``). Doing it again mends what was added since. A school's leavers go in as many
    statements as one, but for what only visitors have.
    """
    with transaction.atomic():
        changed = _turn(
            people, PersonStatus.LEFT, Action.PERSON_LEFT, actor, at, reason,
            only_from=[PersonStatus.ACTIVE, PersonStatus.SUSPENDED], left_at=at,
        )  # fmt: skip
        credentials.revoke_of(people=people, actor=actor, at=at, reason=reason)
        Grant.objects.filter(
            person__in=people, claim_id__isnull=True, revoked_at__isnull=True
        ).update(revoked_at=at)
        _end_what_is_timed(people, actor, at, reason)
        procedures.start_all(people=changed, kind=ProcedureKind.OFFBOARDING, actor=actor, at=at)
        _stopped(people, person_left, at)
    return changed


def _end_what_is_timed(
    people: Sequence[Person], actor: Actor, at: dt.datetime, reason: str
) -> None:
    """End what would be over by itself, but not before somebody might come back."""
    for visit in Visit.objects.filter(visits.here(at), visitor__in=people):
        departures.leave(visit=visit, actor=actor, at=at, reason=reason)
    for visit in Visit.objects.filter(visits.expected(at), visitor__in=people):
        visits.cancel(visit=visit, actor=actor, at=at, reason=reason)
    for given in Pass.objects.filter(person__in=people, revoked_at__isnull=True, ends_at__gt=at):
        passes.revoke(given=given, actor=actor, at=at, reason=reason)
    for access in TemporaryAccess.objects.filter(
        person__in=people, revoked_at__isnull=True, ends_at__gt=at
    ):
        temporary.revoke(access=access, actor=actor, at=at, reason=reason)
    for request in AccessRequest.objects.filter(requests.waiting(at), person__in=people):
        requests.withdraw(request=request, actor=actor, at=at, reason=reason)


@dataclass(frozen=True)
class Before:
    """What somebody had before they were let go: their status, credentials by number, grants."""

    person: Person
    status: str
    credentials: dict[int, str]
    grants: list[int]


def take_back_all(
    *, before: Sequence[Before], actor: Actor, at: dt.datetime, reason: str
) -> list[Person]:
    """Undo that people were let go; return who had left until now.

    Only for who was let go by mistake a moment ago; what was told to other systems, and what was
    withdrawn besides (visits, passes, requests), stays so.
    """
    changed: list[Person] = []
    with transaction.atomic():
        for status in sorted({one.status for one in before}):
            changed += _turn(
                [one.person for one in before if one.status == status], PersonStatus(status),
                Action.PERSON_REINSTATED, actor, at, reason,
                only_from=[PersonStatus.LEFT], left_at=None,
            )  # fmt: skip
        here = {person.pk for person in changed}
        theirs = [one for one in before if one.person.pk in here]
        was = [(pk, status) for one in theirs for pk, status in one.credentials.items()]
        for status in sorted({status for _pk, status in was}):
            Credential.objects.filter(
                person__in=here, pk__in=[pk for pk, one in was if one == status]
            ).update(status=status)
        Grant.objects.filter(
            person__in=here, pk__in=[pk for one in theirs for pk in one.grants]
        ).update(revoked_at=None)
        procedures.cancel_of(
            people=changed, kind=ProcedureKind.OFFBOARDING, actor=actor, at=at, reason=reason
        )
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


def _stopped(people: Sequence[Person], told: Signal, at: dt.datetime) -> None:
    ids = [person.pk for person in people]
    person_stopped.send(sender=None, person_ids=ids, site_id=None, at=at)
    transaction.on_commit(lambda: _tell(told, ids))


def _tell(signal: Signal, person_ids: list[int]) -> None:
    for receiver, outcome in signal.send_robust(sender=None, person_ids=person_ids):
        if isinstance(outcome, Exception):
            log.error("%r failed for people %s; the sweep repeats it", receiver, person_ids,
                      exc_info=outcome)  # fmt: skip


def _turn(
    people: Sequence[Person],
    status: PersonStatus,
    action: Action,
    actor: Actor,
    at: dt.datetime,
    reason: str,
    *,
    only_from: list[PersonStatus],
    **values: dt.datetime | None,
) -> list[Person]:
    """Give people a status, and write it down; return whose it was not."""
    with transaction.atomic():
        others = (
            Person.objects.select_for_update(no_key=True)
            .filter(pk__in=[person.pk for person in people], status__in=only_from)
            .order_by("pk")
        )
        found = set(others.values_list("pk", flat=True))
        changed = [person for person in people if person.pk in found]
        Person.objects.filter(pk__in=found).update(status=status, **values)
        for person in changed:
            person.status = status
            for name, value in values.items():
                setattr(person, name, value)
        events.record_many(
            Line(
                action=action, actor=actor, at=at, organisation_id=person.organisation_id,
                site_id=person.home_site_id, person_id=person.pk, reason=reason,
            )
            for person in changed
        )  # fmt: skip
    return changed
