"""Visits: expected, cancelled, extended. What a visit gives ends with the visit."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from django.db import transaction
from django.db.models import Q

from access.choices import NoticeKind, PersonKind, PersonStatus, RequestSource
from access.errors.visits import VisitNotLonger, VisitorHere, VisitOver, WrongSite
from access.models import Pass, Person, Visit
from access.services import notices, passes, temporary, visitor_codes
from access.signals import visit_extended
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site


def here(at: dt.datetime) -> Q:
    """Return the condition under which a visitor is here at ``at``."""
    return Q(arrived_at__isnull=False, left_at__isnull=True, expected_until__gt=at)


def expected(at: dt.datetime) -> Q:
    """Return the condition under which a visitor may still come."""
    return Q(arrived_at__isnull=True, cancelled_at__isnull=True, expected_until__gt=at)


def state_of(visit: Visit, at: dt.datetime) -> str:
    """Return how a visit stands: expected, here, left, missed or cancelled."""
    if visit.cancelled_at is not None:
        return "cancelled"
    is_over = visit.expected_until <= at
    if visit.arrived_at is not None:
        return "left" if is_over or visit.left_at is not None else "here"
    return "missed" if is_over else "expected"


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
        record(Action.VISIT_EXPECTED, visit, actor, at)
    return visit


def cancel(*, visit: Visit, actor: Actor, at: dt.datetime, reason: str = "") -> None:
    """Call off a visit before the visitor arrives, and tell both; raises VisitOver, VisitorHere.

    A visitor has no code before arriving, and cannot arrive after this.
    """
    with transaction.atomic():
        if not Visit.objects.filter(expected(at), pk=visit.pk).update(cancelled_at=at):
            visit.refresh_from_db()
            raise VisitorHere if state_of(visit, at) == "here" else VisitOver
        visit.cancelled_at = at
        _tell_both(NoticeKind.VISIT_CANCELLED, visit, at)
        record(Action.VISIT_CANCELLED, visit, actor, at, reason)


def extend(
    *, visit: Visit, until: dt.datetime, actor: Actor, at: dt.datetime, reason: str = ""
) -> None:
    """Let a visit last longer, with its code, passes and access, and tell both.

    A locker that ends with the visit is lengthened by occupancy, as far as its policy and what
    is planned for the door allow. Raises VisitOver, VisitNotLonger and BadPeriod.
    """
    with transaction.atomic():
        # Leaving, arriving and another extension wait for this row.
        Visit.objects.select_for_update().get(pk=visit.pk)
        visit.refresh_from_db()
        if state_of(visit, at) not in {"expected", "here"}:
            raise VisitOver
        was_until = visit.expected_until
        if until <= was_until:
            raise VisitNotLonger
        temporary.check_period(visit.expected_from, until, at)
        Visit.objects.filter(pk=visit.pk).update(expected_until=until)
        visit.expected_until = until
        visitor_codes.extend(visit=visit, actor=actor, at=at)
        # A pass of another length was given for something else.
        for given in Pass.objects.filter(
            person=visit.visitor_id, revoked_at__isnull=True, ends_at=was_until
        ).select_related("person"):
            passes.extend(given=given, ends_at=until, actor=actor, at=at)
        for access in visit.access.filter(
            revoked_at__isnull=True, ends_at=was_until
        ).select_related("person"):
            temporary.extend(access=access, ends_at=until, actor=actor, at=at)
        visit_extended.send(
            sender=None, person_id=visit.visitor_id, site_id=visit.site_id, was_until=was_until,
            until=until, actor=actor, at=at,
        )  # fmt: skip
        _tell_both(NoticeKind.VISIT_EXTENDED, visit, at)
        record(Action.VISIT_EXTENDED, visit, actor, at, reason, was=was_until.isoformat())


def _tell_both(kind: NoticeKind, visit: Visit, at: dt.datetime) -> None:
    for address in dict.fromkeys((visit.host.email, visit.visitor.email)):
        if address:
            notices.write(kind=kind, to=address, visit=visit, at=at)


def _known(site: Site, email: str) -> Person | None:
    if not email:
        return None
    return Person.objects.filter(
        organisation_id=site.organisation_id,
        kind=PersonKind.VISITOR,
        status=PersonStatus.ACTIVE,
        email__iexact=email,
    ).order_by("pk").first()  # fmt: skip


def end_of_day(site: Site, at: dt.datetime) -> dt.datetime:
    """Return the next midnight where a site is."""
    zone = zoneinfo.ZoneInfo(site.time_zone)
    tomorrow = at.astimezone(zone).date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def record(
    action: Action, visit: Visit, actor: Actor, at: dt.datetime, reason: str = "", **data: object
) -> None:
    """Write down in the trail what happened to a visit."""
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
