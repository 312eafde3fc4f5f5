"""What ties a person to a place, so that the staff of that place see the person."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from access.models import AccessRequest, Grant, KeyHolding, TemporaryAccess, Visit
from access.services import keys, requests
from lockers.scoping import tie


def _grants(at: dt.datetime) -> QuerySet[Grant]:
    return Grant.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), revoked_at=None)


def _holdings(at: dt.datetime) -> QuerySet[KeyHolding]:
    return KeyHolding.objects.filter(keys.OPEN)


def _given(at: dt.datetime) -> QuerySet[TemporaryAccess]:
    return TemporaryAccess.objects.filter(revoked_at=None, ends_at__gt=at)


def _asked(at: dt.datetime) -> QuerySet[AccessRequest]:
    return AccessRequest.objects.filter(requests.waiting(at))


def _visits(at: dt.datetime) -> QuerySet[Visit]:
    return Visit.objects.filter(left_at=None, expected_until__gt=at)


def register() -> None:
    """Say what of this app somebody can have at a place."""
    tie(_grants, person="person", bank="compartment__bank")
    tie(_holdings, person="person", bank="key__lock__compartment__bank", site="key__site")
    tie(_given, person="person", bank="bank", site="site")
    tie(_asked, person="person", bank="bank", site="site")
    tie(_visits, person="visitor", site="site")
