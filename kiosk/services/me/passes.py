"""The pass that somebody shows from their phone instead of a badge."""

from __future__ import annotations

import datetime as dt

from access.models import Pass
from access.services import passes
from audit.services.events import Actor
from kiosk.models import PhoneSession

LASTS = dt.timedelta(hours=24)
# One that is over in a moment is no pass to walk to the lockers with.
_LEFT = dt.timedelta(minutes=10)


def current(session: PhoneSession, at: dt.datetime) -> Pass | None:
    """Return the pass for all of somebody's doors that lasts longest, if one is good now."""
    return (
        Pass.objects.select_related("person__organisation")
        .filter(
            person=session.person_id,
            compartment__isnull=True,
            is_single_use=False,
            revoked_at__isnull=True,
            starts_at__lte=at,
            ends_at__gt=at + _LEFT,
        )
        .order_by("-ends_at")
        .first()
    )


def issue(*, session: PhoneSession, at: dt.datetime) -> Pass:
    """Return the pass that is good now, or a new one for a day; raises NoPassKey and PassOver."""
    found = current(session, at)
    if found is not None:
        return found
    until = at + LASTS
    if session.visit is not None:
        until = min(until, session.visit.expected_until)
    return passes.issue(
        person=session.person,
        compartment=None,
        starts_at=at,
        ends_at=until,
        is_single_use=False,
        actor=Actor.person(session.person_id),
        at=at,
    )
