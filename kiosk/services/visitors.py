"""A visitor at the screen, without staff: registered, or asking for access."""

from __future__ import annotations

import datetime as dt

from access.choices import RequestSource
from access.models import AccessRequest, Person
from access.services import arrivals, requests, visits
from access.services.arrivals import Arrived
from kiosk.authentication import Here
from kiosk.models import Scan
from kiosk.services import scans
from lockers.models import Site


def register(
    *, here: Here, name: str, company: str, host: str, secret: str, at: dt.datetime
) -> tuple[Arrived, Scan]:
    """Let a visitor in and begin their scan, as if they had typed their new code."""
    given, _space, family = " ".join(name.split()).partition(" ")
    arrived = arrivals.walk_in(
        where=here.where,
        site=Site.objects.get(pk=here.site_id),
        given_name=given,
        family_name=family,
        company=" ".join(company.split()),
        host=host,
        secret=secret,
        actor=here.actor,
        at=at,
    )
    return arrived, scans.by_code(here=here, code=arrived.code, at=at)


def ask(*, here: Here, person_id: int, at: dt.datetime) -> AccessRequest:
    """Ask for access for whoever stands there, here, until the end of the day."""
    site = Site.objects.get(pk=here.site_id)
    return requests.ask(
        person=Person.objects.get(pk=person_id),
        site=site,
        starts_at=at,
        ends_at=visits.end_of_day(site, at),
        reason="",
        source=RequestSource.KIOSK,
        actor=here.actor,
        at=at,
    )
