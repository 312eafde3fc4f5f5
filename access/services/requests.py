"""Asking for access, and deciding it: by somebody else, once."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from access.choices import NoticeKind, PersonStatus, RequestSource, RequestStatus
from access.errors.visits import (
    AccessAsked,
    AccessNotNeeded,
    OwnRequest,
    PersonStopped,
    RequestDecided,
)
from access.models import AccessRequest, Person, User
from access.services import notices, temporary
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Bank, Site
from lockers.scoping import MANAGE, holders_of


def waiting(at: dt.datetime) -> Q:
    """Return the condition under which a request can still be decided at ``at``."""
    return Q(status=RequestStatus.REQUESTED, ends_at__gt=at)


def status_of(request: AccessRequest, at: dt.datetime) -> str:
    """Return the status that counts now: what nobody decided in time is over."""
    if request.status == RequestStatus.REQUESTED and request.ends_at <= at:
        return RequestStatus.EXPIRED.value
    return request.status


def ask(
    *,
    person: Person,
    site: Site,
    bank: Bank | None = None,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    reason: str,
    source: RequestSource,
    actor: Actor,
    at: dt.datetime,
    user_id: int | None = None,
) -> AccessRequest:
    """Ask for access for a person, and write to whoever may approve it.

    ``user_id`` is the member of staff who asks on somebody's behalf. Raises AccessNotNeeded,
    BadPeriod, WrongSite and AccessAsked.
    """
    if not temporary.needs_access(person):
        raise AccessNotNeeded(person=str(person))
    temporary.check_period(starts_at, ends_at, at)
    temporary.check_place(person, site, bank)
    # One that is over must not stand in the way until the job has been.
    expire_due(at=at, rows=AccessRequest.objects.filter(person=person, site=site))
    request = AccessRequest(
        person=person,
        site=site,
        bank=bank,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        source=source,
        asked_at=at,
        asked_by=user_id,
    )
    try:
        with transaction.atomic():
            request.save(force_insert=True)
            _record(Action.ACCESS_ASKED, request, actor, at, reason)
            for user in approvers(request):
                notices.write(kind=NoticeKind.ACCESS_ASKED, to=user.email, request=request, at=at)
    except IntegrityError as error:
        if AccessRequest.objects.filter(waiting(at), person=person, site=site).exists():
            raise AccessAsked from error
        raise
    return request


def approvers(request: AccessRequest) -> QuerySet[User]:
    """Return who is written to: those who manage the site and did not ask themselves."""
    people = User.objects.filter(pk__in=holders_of(MANAGE, request.site_id)).exclude(email="")
    if request.asked_by is not None:
        people = people.exclude(pk=request.asked_by)
    if request.person.email:
        people = people.exclude(email__iexact=request.person.email)
    return people.order_by("pk")


def approve(
    *, request: AccessRequest, user: User, at: dt.datetime, reason: str = ""
) -> AccessRequest:
    """Give what is asked for; raises OwnRequest, PersonStopped, RequestDecided: others were faster.

    Who left or was suspended since they asked would have it the day they come back.
    """
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).get(pk=request.person_id)
        if person.status != PersonStatus.ACTIVE:
            raise PersonStopped
        _decide(request, RequestStatus.APPROVED, user, at, reason)
        temporary.give(
            person=request.person,
            site=request.site,
            bank=request.bank,
            starts_at=request.starts_at,
            ends_at=request.ends_at,
            actor=Actor.staff(user.pk),
            at=at,
            request=request,
        )
        _record(Action.ACCESS_APPROVED, request, Actor.staff(user.pk), at, reason)
    return request


def refuse(*, request: AccessRequest, user: User, at: dt.datetime, reason: str) -> AccessRequest:
    """Say no, and why; raises as approve."""
    with transaction.atomic():
        _decide(request, RequestStatus.REFUSED, user, at, reason)
        _record(Action.ACCESS_REFUSED, request, Actor.staff(user.pk), at, reason)
    return request


def withdraw(
    *, request: AccessRequest, actor: Actor, at: dt.datetime, reason: str = ""
) -> AccessRequest:
    """Take a request back before it is decided; raises RequestDecided."""
    with transaction.atomic():
        if not _turn(request, RequestStatus.WITHDRAWN, at, reason):
            raise RequestDecided
        _record(Action.ACCESS_WITHDRAWN, request, actor, at, reason)
    return request


def expire_due(*, at: dt.datetime, rows: QuerySet[AccessRequest] | None = None) -> int:
    """Record that nobody decided in time; return of how many."""
    due = (AccessRequest.objects.all() if rows is None else rows).filter(
        status=RequestStatus.REQUESTED, ends_at__lte=at
    )
    actor = Actor.job("access requests")
    expired = 0
    for request in due.select_related("person").order_by("pk"):
        with transaction.atomic():
            if AccessRequest.objects.filter(pk=request.pk, status=RequestStatus.REQUESTED).update(
                status=RequestStatus.EXPIRED, decided_at=at
            ):
                _record(Action.ACCESS_NOT_DECIDED, request, actor, at, "")
                expired += 1
    return expired


def may_decide(request: AccessRequest, user: User) -> bool:
    """Say whether it is somebody else's request; whether they manage the site is asked before."""
    if request.asked_by == user.pk:
        return False
    return not user.email or user.email.lower() != request.person.email.lower()


def _decide(
    request: AccessRequest, status: RequestStatus, user: User, at: dt.datetime, reason: str
) -> None:
    if not may_decide(request, user):
        raise OwnRequest
    if not _turn(request, status, at, reason, decided_by=user.pk):
        raise RequestDecided
    to = (
        User.objects.filter(pk=request.asked_by).values_list("email", flat=True).first()
        if request.asked_by
        else request.person.email
    )
    if to:
        notices.write(kind=NoticeKind.ACCESS_DECIDED, to=to, request=request, at=at)


def _turn(
    request: AccessRequest,
    status: RequestStatus,
    at: dt.datetime,
    reason: str,
    decided_by: int | None = None,
) -> bool:
    """Change a waiting request and say whether it was: of two at once only one finds it waiting."""
    values = {
        "status": status,
        "decided_at": at,
        "decided_by": decided_by,
        "decision_reason": reason,
    }
    if not AccessRequest.objects.filter(waiting(at), pk=request.pk).update(**values):
        return False
    for name, value in values.items():
        setattr(request, name, value)
    return True


def _record(
    action: Action, request: AccessRequest, actor: Actor, at: dt.datetime, reason: str
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=request.person.organisation_id,
        site_id=request.site_id,
        bank_id=request.bank_id,
        person_id=request.person_id,
        subject=f"access-request:{request.pk}",
        reason=reason,
        data={
            "from": request.starts_at.isoformat(),
            "until": request.ends_at.isoformat(),
            "source": request.source,
        },
    )
