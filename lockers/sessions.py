"""Which academic year, term or half-term a day belongs to."""

from __future__ import annotations

import datetime as dt

from lockers.models import AcademicSession, SessionLevel


def year_on(site_id: int, day: dt.date) -> AcademicSession | None:
    """Return the academic year of a site that a day is in, or none: in the summer there is none."""
    return session_on(site_id, day, SessionLevel.YEAR)


def next_year(site_id: int, day: dt.date) -> AcademicSession | None:
    """Return the academic year of a site that begins next after a day, or none."""
    return (
        AcademicSession.objects.filter(
            site_id=site_id, level=SessionLevel.YEAR, starts_on__gt=day
        )
        .order_by("starts_on")
        .first()
    )  # fmt: skip


def session_on(site_id: int, day: dt.date, level: SessionLevel) -> AcademicSession | None:
    """Return the year, term or half-term of a site that a day is in, or none."""
    return AcademicSession.objects.filter(
        site_id=site_id, level=level, starts_on__lte=day, ends_on__gte=day
    ).first()
