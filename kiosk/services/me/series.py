"""Bookings that repeat, in the few ways that a phone offers; each time stands for itself."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import Person
from audit.errors import Refusal
from audit.services.events import Actor
from kiosk.errors import NoneOfTheTimes, NotFilledIn
from kiosk.models import PhoneSession
from kiosk.services.me import bookings, whys
from kiosk.services.me.bookings import Place
from lockers.models import Bank, Site
from occupancy.allocation import recurring
from occupancy.choices import SkippedWhy
from occupancy.errors.reservations import TooFarAhead
from occupancy.models import Claim, Occurrence, Series
from occupancy.services.bookings import reservations, series
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.bookings.series import Made, Repeats, Time

DAILY, WEEKDAYS, WEEKLY = "daily", "weekdays", "weekly"
HOW = [
    ("", gettext_lazy("Only once")),
    (DAILY, gettext_lazy("Every day")),
    (WEEKDAYS, gettext_lazy("Monday to Friday")),
    (WEEKLY, gettext_lazy("Every week on that day")),
]
_RULES = {
    DAILY: "FREQ=DAILY",
    WEEKDAYS: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    WEEKLY: "FREQ=WEEKLY",
}
# Rules of others are looked through no further than that.
_LOOKS_AHEAD = dt.timedelta(days=366)


@dataclass(frozen=True)
class Repeating:
    """A booking that repeats: how, until when, and its times to come as far as they are booked."""

    series: Series
    how: str
    last: dt.date | None
    times: list[Occurrence]


def rule(how: str, last: dt.date) -> str:
    """Return the rule for a choice and the last day."""
    return f"{_RULES[how]};UNTIL={last:%Y%m%d}"


def make(
    *,
    session: PhoneSession,
    site: Site,
    place: Place,
    size_id: int | None,
    repeats: Repeats,
    at: dt.datetime,
) -> tuple[Made, Bank]:
    """Book again and again, at the nearest bank that has a door for any of the times.

    Raises NotFilledIn when there is no such day, NoneOfTheTimes, and what reserve raises of the
    first time when these doors are not to be booked.
    """
    first: Refusal | None = None
    for bank in bookings.banks_at(place, site):
        try:
            with transaction.atomic():
                return _make(session, bank, size_id, repeats, at), bank
        except Refusal as refusal:
            first = first or refusal
            if isinstance(refusal, NotFilledIn):
                break
    raise first or NoneOfTheTimes(why=str(SkippedWhy.NONE_FREE.label))


def end(*, session: PhoneSession, series_id: int, at: dt.datetime) -> int:
    """End it and cancel its times to come; return how many. Raises SeriesOver."""
    return series.end(
        series_id=series_id,
        person_id=session.person_id,
        actor=Actor.person(session.person_id),
        at=at,
    )


def running(person: Person, at: dt.datetime) -> list[Repeating]:
    """Return what somebody books again and again, and goes on."""
    rows = list(_rows(person))
    times = _times(rows, at)
    told = [_told(row, times.get(row.pk, [])) for row in rows]
    return [one for one in told if one.times or _goes_on(one.series, at)]


def one(person: Person, series_id: int, at: dt.datetime) -> Repeating | None:
    """Return one booking that repeats; None when it is not theirs, or ended."""
    row = _rows(person).filter(pk=series_id).first()
    return _told(row, _times([row], at).get(row.pk, [])) if row is not None else None


def reasons(times: Sequence[Time]) -> str:
    """Return why times could not be had, each reason once."""
    return ", ".join(dict.fromkeys(whys.of(one.skipped_why) for one in times if one.skipped_why))


def _make(
    session: PhoneSession, bank: Bank, size_id: int | None, repeats: Repeats, at: dt.datetime
) -> Made:
    person_id, wanted = session.person_id, Wanted(size_id=size_id)
    made = series.make(
        person_id=person_id, bank_id=bank.pk, wanted=wanted, repeats=repeats,
        actor=Actor.person(person_id), at=at,
    )  # fmt: skip
    if any(one.claim_id is not None for one in made.times):
        return made
    if made.times:
        raise NoneOfTheTimes(why=reasons(made.times))
    # Nothing is within reach yet: that is good, unless it will never be.
    zone = bank.site.zone
    first = dt.datetime.combine(repeats.first_day, repeats.starts_at)
    windows = recurring.windows(
        recurring.parse(repeats.rule, first, zone), repeats.ends_at, zone,
        after=at, until=at + _LOOKS_AHEAD,
    )  # fmt: skip
    window = next(windows, None)
    if window is None:
        raise NotFilledIn(problem=_("There is no such day until the last day. Choose a later one."))
    with contextlib.suppress(TooFarAhead):
        reservations.look(
            person_id=person_id, bank_id=bank.pk, wanted=wanted,
            starts_at=window[0], ends_at=window[1], at=at,
        )  # fmt: skip
    return made


def _rows(person: Person) -> QuerySet[Series]:
    return (
        Series.objects.filter(person=person, ended_at__isnull=True)
        .select_related("bank__site", "size")
        .order_by("pk")
    )


def _times(rows: list[Series], at: dt.datetime) -> dict[int, list[Occurrence]]:
    """Return what is to come of some series: what is booked, and what could not be had."""
    standing = Claim.objects.filter(reservations.stands(at))
    times: dict[int, list[Occurrence]] = {}
    if rows:
        for time in (
            Occurrence.objects.filter(
                Q(claim__in=standing) | Q(claim__isnull=True, starts_at__gt=at), series__in=rows
            )
            .select_related("claim__compartment")
            .order_by("starts_at")
        ):
            times.setdefault(time.series_id, []).append(time)
    return times


def _told(row: Series, times: list[Occurrence]) -> Repeating:
    parts = dict(part.partition("=")[::2] for part in row.rule.split(";"))
    last = None
    if until := parts.get("UNTIL"):
        last = dt.datetime.strptime(until[:8], "%Y%m%d").date()
    return Repeating(row, _how(row, parts), last, times)


def _how(row: Series, parts: dict[str, str]) -> str:
    if set(parts) <= {"FREQ", "UNTIL", "BYDAY"}:
        if parts.get("FREQ") == "DAILY" and "BYDAY" not in parts:
            return _("Every day")
        if parts.get("FREQ") == "WEEKLY" and parts.get("BYDAY") == "MO,TU,WE,TH,FR":
            return _("Monday to Friday")
        if parts.get("FREQ") == "WEEKLY" and "BYDAY" not in parts:
            return _("Every %(day)s") % {"day": date_format(row.first_day, "l")}
    return _("Again and again")


def _goes_on(row: Series, at: dt.datetime) -> bool:
    zone = row.bank.site.zone
    begun = recurring.parse(row.rule, row.first, zone)
    windows = recurring.windows(begun, row.ends_at, zone, after=at, until=at + _LOOKS_AHEAD)
    return next(windows, None) is not None
