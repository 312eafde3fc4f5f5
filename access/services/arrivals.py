"""Visitors who arrive: at reception, or by themselves at a screen."""

from __future__ import annotations

import datetime as dt
import secrets
import zoneinfo
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from access.choices import NoticeKind, PersonStatus, RequestSource
from access.errors.visits import NoWalkIns, VisitorHere, VisitOver
from access.folding import fold
from access.models import Visit, VisitorRules
from access.services import (
    departures,
    hosts,
    notices,
    passes,
    temporary,
    tries,
    visitor_codes,
    visits,
)
from access.services.shown import Where
from audit.actions import Action
from audit.services.events import Actor
from lockers.models import Site


@dataclass(frozen=True)
class Arrived:
    """A visitor who is here now, and the code that is told this once."""

    visit: Visit
    code: str


def arrive(
    *,
    visit: Visit,
    actor: Actor,
    at: dt.datetime,
    secret: str | None = None,
) -> Arrived:
    """Let a visitor in: a code, a pass where passes are set up, access; and tell both.

    The visitor's letter leads to their lockers on their phone; the code is not in it.
    ``secret`` makes the same code again (see ``code_of``). Raises VisitOver and VisitorHere.
    """
    if visits.state_of(visit, at) in {"left", "missed", "cancelled"}:
        raise VisitOver
    # One that nobody ended is over; the job may not have been here yet.
    departures.leave_due(at=at, visitor_id=visit.visitor_id)
    try:
        with transaction.atomic():
            if not Visit.objects.filter(visits.expected(at), pk=visit.pk).update(arrived_at=at):
                visit.refresh_from_db()
                raise VisitOver if visit.cancelled_at is not None else VisitorHere
            # Somebody may have extended it since the caller read it.
            visit.refresh_from_db()
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
            if visit.visitor.email:
                notices.write(
                    kind=NoticeKind.VISITOR_WELCOME, to=visit.visitor.email, visit=visit, at=at
                )
            visits.record(Action.VISIT_ARRIVED, visit, actor, at, host_told=bool(visit.host.email))
    except IntegrityError as error:
        if Visit.objects.filter(visits.here(at), visitor_id=visit.visitor_id).exists():
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

    The host is known by what only their visitor was told: for who is expected their name is
    enough, for anybody else it is not. Guesses are counted. Raises NoWalkIns, NoSuchHost,
    TooManyTries.
    """
    rules = VisitorRules.objects.filter(site=site, visitors_may_register=True).first()
    if rules is None:
        raise NoWalkIns
    tries.check(guess=hosts.guess_of(where, host), at=at)
    visit = _expected(site, f"{given_name} {family_name}", host, at)
    met = hosts.check(where=where, site=site, text=host, at=at) if visit is None else visit.host
    with transaction.atomic():
        if visit is None:
            visit = visits.expect(
                site=site, host=met, given_name=given_name, family_name=family_name,
                company=company, expected_from=at, expected_until=_until(rules, site, at),
                source=RequestSource.KIOSK, actor=actor, at=at, agreed_at=at,
            )  # fmt: skip
        else:
            Visit.objects.filter(pk=visit.pk).update(agreed_at=at)
        return arrive(visit=visit, actor=actor, at=at, secret=secret)


def _expected(site: Site, name: str, host: str, at: dt.datetime) -> Visit | None:
    """Return the visit that somebody names both people of, whatever the accents."""
    wanted = fold(name)
    today = Visit.objects.select_related("visitor", "host", "site").filter(
        visits.expected(at), site=site, expected_from__lt=visits.end_of_day(site, at),
        visitor__status=PersonStatus.ACTIVE, host__status=PersonStatus.ACTIVE,
    ).order_by("expected_from", "pk")  # fmt: skip
    for visit in today:
        if fold(str(visit.visitor)) == wanted and hosts.is_named(visit, host):
            return visit
    return None


def _until(rules: VisitorRules, site: Site, at: dt.datetime) -> dt.datetime:
    """Return when a visit that begins now is over: at the end of the day, or at midnight."""
    zone = zoneinfo.ZoneInfo(site.time_zone)
    today = at.astimezone(zone).date()
    until = dt.datetime.combine(today, rules.day_ends_at, tzinfo=zone).astimezone(dt.UTC)
    return until if until > at else visits.end_of_day(site, at)
