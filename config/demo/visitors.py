"""Visitors of today, and the contractors who were let in for a while."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from access.choices import PersonKind, PersonStatus, RequestSource
from access.models import Person, TemporaryAccess, Visit, VisitorRules
from access.services import arrivals, departures, requests
from audit.services.events import Actor
from config.demo import happenings
from config.demo.estate import BuiltSite

HOUR = dt.timedelta(hours=1)
# Access of everybody who is not a visitor of today lasts as long as a demonstration may live.
LASTS = dt.timedelta(days=180)
COMPANIES = ("Halden Audit", "Brightwell Lifts", "", "Kestrel Print", "Orchard Catering", "")
# Of the first visitors so many are here, then so many left again; the others are expected.
HERE, GONE = 2, 1


def add(built: BuiltSite, people: Sequence[Person], *, user_id: int, at: dt.datetime) -> None:
    """Let the office have visitors today, and one request that waits for an answer."""
    site = built.site
    actor = Actor.staff(user_id)
    VisitorRules.objects.create(site=site, visitors_may_register=True)
    active = [one for one in people if one.status == PersonStatus.ACTIVE]
    staff = [one for one in active if one.kind == PersonKind.STAFF]
    visitors = [one for one in active if one.kind == PersonKind.VISITOR]
    contractors = [one for one in active if one.kind == PersonKind.CONTRACTOR]
    asking, *let_in = contractors
    guests = visitors[: len(COMPANIES)]
    TemporaryAccess.objects.bulk_create(
        TemporaryAccess(
            person=person, site=site, starts_at=at - LASTS, ends_at=at + LASTS, given_at=at - LASTS
        )
        for person in [*let_in, *visitors[len(COMPANIES) :]]
    )
    for place, visitor in enumerate(guests):
        visit = Visit.objects.create(
            visitor=visitor,
            host=staff[place],
            site=site,
            company=COMPANIES[place],
            expected_from=at - HOUR if place < HERE + GONE else at + place * HOUR,
            expected_until=at + (6 + place) * HOUR,
            source=RequestSource.STAFF,
            registered_at=at - 2 * HOUR,
            registered_by=user_id,
        )
        if place < HERE + GONE:
            arrivals.arrive(visit=visit, actor=actor, at=at)
        if HERE <= place < HERE + GONE:
            departures.leave(visit=visit, actor=actor, at=at)
    requests.ask(
        person=asking,
        site=site,
        starts_at=at,
        ends_at=at + 9 * HOUR,
        reason="Lift maintenance, third floor",
        source=RequestSource.KIOSK,
        actor=happenings.ACTOR,
        at=at,
    )
