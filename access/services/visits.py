"""Visitors: expected, arrived, gone. What a visit gives ends with the visit."""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import zoneinfo
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from access import hashing
from access.choices import (
    HOST_KINDS,
    CredentialStatus,
    NoticeKind,
    PersonKind,
    PersonStatus,
    RequestSource,
)
from access.errors.visits import (
    NoSuchHost,
    NoWalkIns,
    VisitorHere,
    VisitorNotHere,
    VisitOver,
    WrongSite,
)
from access.models import Credential, Pass, Person, Visit, VisitorRules
from access.services import credentials, notices, passes, temporary, tries, visitor_codes
from access.services.identification import Where
from access.services.throttles import Guess
from access.signals import visitor_left
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arrived:
    """A visitor who is here now, and the code that is told this once."""

    visit: Visit
    code: str


def here(at: dt.datetime) -> Q:
    """Return the condition under which a visitor is here at ``at``."""
    return Q(arrived_at__isnull=False, left_at__isnull=True, expected_until__gt=at)


def expected(at: dt.datetime) -> Q:
    """Return the condition under which a visitor may still come."""
    return Q(arrived_at__isnull=True, expected_until__gt=at)


def find_host(*, site: Site, text: str) -> Person:
    """Return who has visitors by e-mail address or personal number; raises NoSuchHost.

    Never by name: nobody is to be found by trying names.
    """
    wanted = text.strip()
    found = (
        list(
            Person.objects.filter(
                Q(email__iexact=wanted) | Q(personal_number=wanted),
                organisation_id=site.organisation_id,
                status=PersonStatus.ACTIVE,
                kind__in=HOST_KINDS,
            )[:2]
        )
        if wanted
        else []
    )
    # Two with one address: whoever it was meant for, the other must not be told.
    if len(found) != 1:
        raise NoSuchHost
    return found[0]


def expect(
    *,
    site: Site,
    host: Person,
    given_name: str,
    family_name: str,
    company: str,
    expected_from: dt.datetime,
    expected_until: dt.datetime,
    source: RequestSource,
    actor: Actor,
    at: dt.datetime,
    email: str = "",
    user_id: int | None = None,
    agreed_at: dt.datetime | None = None,
) -> Visit:
    """Register a visitor; raises BadPeriod and WrongSite.

    Whoever has been here before under the same e-mail address is the same person again.
    """
    temporary.check_period(expected_from, expected_until, at)
    if host.organisation_id != site.organisation_id:
        raise WrongSite
    with transaction.atomic():
        visitor = _known(site, email) or Person.objects.create(
            organisation_id=site.organisation_id,
            home_site=site,
            kind=PersonKind.VISITOR,
            given_name=given_name,
            family_name=family_name,
            email=email,
        )
        visit = Visit.objects.create(
            visitor=visitor,
            host=host,
            site=site,
            company=company,
            expected_from=expected_from,
            expected_until=expected_until,
            source=source,
            registered_at=at,
            registered_by=user_id,
            agreed_at=agreed_at,
        )
        _record(Action.VISIT_EXPECTED, visit, actor, at)
    return visit


def arrive(
    *,
    visit: Visit,
    actor: Actor,
    at: dt.datetime,
    secret: str | None = None,
    with_pass: bool = True,
) -> Arrived:
    """Let a visitor in: a code, a pass where passes are set up, access; and tell the host.

    ``secret`` makes the same code again (see ``code_of``). Raises VisitOver and VisitorHere.
    """
    if visit.left_at is not None or visit.expected_until <= at:
        raise VisitOver
    # One that nobody ended is over; the job may not have been here yet.
    leave_due(at=at, visitor_id=visit.visitor_id)
    try:
        with transaction.atomic():
            if not Visit.objects.filter(expected(at), pk=visit.pk).update(arrived_at=at):
                raise VisitorHere
            visit.arrived_at = at
            # From the first visitor on, the screens of a site take codes.
            VisitorRules.objects.get_or_create(site=visit.site)
            code = visitor_codes.issue(visit, secret or secrets.token_hex(16), actor, at)
            temporary.give(
                person=visit.visitor, site=visit.site, starts_at=at, ends_at=visit.expected_until,
                actor=actor, at=at, visit=visit,
            )  # fmt: skip
            if settings.PASS_KEYS:
                passes.issue(
                    person=visit.visitor, compartment=None, starts_at=at,
                    ends_at=visit.expected_until, is_single_use=False, actor=actor, at=at,
                )  # fmt: skip
            if visit.host.email:
                notices.write(
                    kind=NoticeKind.VISITOR_ARRIVED, to=visit.host.email, visit=visit, at=at
                )
            _record(Action.VISIT_ARRIVED, visit, actor, at, host_told=bool(visit.host.email))
    except IntegrityError as error:
        if Visit.objects.filter(here(at), visitor_id=visit.visitor_id).exists():
            raise VisitorHere from error
        raise
    return Arrived(visit, code)


def walk_in(
    *,
    where: Where,
    site: Site,
    given_name: str,
    family_name: str,
    company: str,
    host: str,
    secret: str,
    actor: Actor,
    at: dt.datetime,
) -> Arrived:
    """Let somebody register at a screen, without staff; who is expected arrives.

    The host is known by what only their visitor was told, and guesses are counted. Raises
    NoWalkIns, NoSuchHost, TooManyTries.
    """
    rules = VisitorRules.objects.filter(site=site, visitors_may_register=True).first()
    if rules is None:
        raise NoWalkIns
    met = check_host(where=where, site=site, text=host, at=at)
    visit = Visit.objects.select_related("visitor", "host", "site").filter(
        expected(at), site=site, host=met, expected_from__lt=end_of_day(site, at),
        visitor__given_name__iexact=given_name, visitor__family_name__iexact=family_name,
        visitor__status=PersonStatus.ACTIVE,
    ).order_by("expected_from").first()  # fmt: skip
    with transaction.atomic():
        if visit is None:
            visit = expect(
                site=site, host=met, given_name=given_name, family_name=family_name,
                company=company, expected_from=at, expected_until=_until(rules, site, at),
                source=RequestSource.KIOSK, actor=actor, at=at, agreed_at=at,
            )  # fmt: skip
        else:
            Visit.objects.filter(pk=visit.pk).update(agreed_at=at)
        return arrive(visit=visit, actor=actor, at=at, secret=secret)


def check_host(*, where: Where, site: Site, text: str, at: dt.datetime) -> Person:
    """Return the host of somebody at a screen, and count who is nobody; raises as find_host."""
    tried = hashing.badge_digest(settings.BADGE_KEY, f"host:{text.strip().lower()}")
    guess = Guess(where.organisation_id, where.site_id, f"{where.throttle_key}:hosts", None, tried)
    tries.check(guess=guess, at=at)
    try:
        return find_host(site=site, text=text)
    except NoSuchHost as refusal:
        told = refusal
        raise refusal.keep(
            lambda: tries.count(refusal=told, guess=guess, actor=where.actor, at=at)
        ) from None


def leave(*, visit: Visit, actor: Actor, at: dt.datetime, reason: str = "") -> None:
    """End a visit: code, passes and access are worth nothing from now on; raises VisitorNotHere.

    What the visitor still has in a locker is ended by occupancy, which is told.
    """
    with transaction.atomic():
        _end(visit, actor, at, reason)
        person_id = visit.visitor_id
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
    for receiver, outcome in visitor_left.send_robust(sender=None, person_id=person_id):
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
    _record(Action.VISIT_LEFT, visit, actor, at, reason)


def _known(site: Site, email: str) -> Person | None:
    if not email:
        return None
    return Person.objects.filter(
        organisation_id=site.organisation_id,
        kind=PersonKind.VISITOR,
        status=PersonStatus.ACTIVE,
        email__iexact=email,
    ).order_by("pk").first()  # fmt: skip


def _until(rules: VisitorRules, site: Site, at: dt.datetime) -> dt.datetime:
    """Return when a visit that begins now is over: at the end of the day, or at midnight."""
    zone = zoneinfo.ZoneInfo(site.time_zone)
    today = at.astimezone(zone).date()
    until = dt.datetime.combine(today, rules.day_ends_at, tzinfo=zone).astimezone(dt.UTC)
    return until if until > at else end_of_day(site, at)


def end_of_day(site: Site, at: dt.datetime) -> dt.datetime:
    """Return the next midnight where a site is."""
    zone = zoneinfo.ZoneInfo(site.time_zone)
    tomorrow = at.astimezone(zone).date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def _record(
    action: Action, visit: Visit, actor: Actor, at: dt.datetime, reason: str = "", **data: object
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=visit.visitor.organisation_id,
        site_id=visit.site_id,
        person_id=visit.visitor_id,
        subject=f"visit:{visit.pk}",
        reason=reason,
        data={"host": visit.host_id, "until": visit.expected_until.isoformat(), **data},
    )
